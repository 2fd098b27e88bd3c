"""The conversation with an RTX over a transport: one line after the other, each with its answer.

What the router sends is understood in `shell`; here is what we do about it: learn the prompt,
become administrator, turn pages, say no to questions, give up on silence, and say in every error
what is true now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NoReturn, Protocol

from ..clock import Clock
from ..errors import DeviceError, LoginRefused, Unreachable
from . import answers, syntax
from .login import Login
from .shell import Answer, Event, Pager, PasswordWanted, Prompt, Question, Shell

Log = Callable[[str], None]

_QUIET: Final = 0.2
_LEAVING: Final = 5.0
_FIRST_LINE: Final = 2.0
# How much may be on its way.  The size of the router's input buffer is unverified: what it held
# of a human's paste is the measure, a dozen lines and a kilobyte.
_LINES_AHEAD: Final = 12
_BYTES_AHEAD: Final = 1024
# Only what asks no question (the next line would answer it) and lets no packet through or stops
# one (a refusal before it must be known first).  A line that selects would, refused, put the lines
# behind it into another context: it always waits, and so does all that is not in this list.
_AHEAD: Final = re.compile(
    r"(?:no )?(?:"
    r"ipsec (?:ike|tunnel|sa policy|auto refresh)|ip filter|ip tunnel (?:mtu|tcp)|"
    r"tunnel (?:encapsulation|name)|nat descriptor masquerade static|description"
    r")\b"
)


class Transport(Protocol):
    """What carries the conversation; `SshTransport` is one."""

    def use_encoding(self, encoding: str) -> None:
        """The encoding is known from now on (a codec of Python)."""
        ...

    def write(self, text: str) -> None:
        """Send text as it is."""
        ...

    def read(self, timeout: float) -> str:
        """What came, "" after `timeout` seconds of silence; ConnectionError at the end."""
        ...

    def close(self) -> None:
        """Drop the connection."""
        ...


class Conversation:
    """Lines and answers.  `armed`: the router goes back by itself unless it is told otherwise.

    Every method may raise `Unreachable` (the connection ended or fell silent) and `DeviceError`
    (the router refused).  No error and no log line holds a key or a password.
    """

    def __init__(self, login: Login, transport: Transport, *, clock: Clock, log: Log) -> None:
        self._login, self._transport, self._clock, self._log = login, transport, clock, log
        self._shell = Shell()
        self._prompt = Prompt("", "", administrator=False)
        self.armed = False
        self.last_heard = clock.now()

    # --- coming and going ------------------------------------------------------------------------

    def begin(self) -> None:
        """From the banner to the administrator's prompt."""
        self._learn_prompt()
        self._become_administrator()

    def _learn_prompt(self) -> None:
        banner = self._next("wait for the prompt", self._login.timeout)
        if not isinstance(banner, Answer):
            raise self._unexpected(banner, "wait for the prompt")
        self._shell.prefix = banner.prompt.prefix
        # The first line after the banner may be lost (rtx-cli 1.5): make it an empty one.
        for last in (False, True):
            try:
                self._ask("", timeout=self._login.timeout if last else _FIRST_LINE)
                return
            except Unreachable:
                if last or self._shell.received:
                    raise

    def _become_administrator(self) -> None:
        if self._prompt.administrator:
            return
        event = self._ask("administrator")
        if isinstance(event, PasswordWanted):
            self._shell.sent_unseen()
            self._transport.write(self._login.administrator_password + "\r")
            event = self._next("administrator", self._login.timeout)
        if not isinstance(event, Answer) or not event.prompt.administrator:
            raise LoginRefused(
                f"{self._where} does not make {self._login.user} administrator",
                said=event.error or event.text if isinstance(event, Answer) else "",
                attempted="administrator",
                state="nothing was changed; only one attempt was made",
                remedy="check the administrator password and `user attribute` on the router",
            )

    def leave(self) -> None:
        """Log out without saving; the router has one key more to ask for if something changed."""
        self.leave_context()
        for _ in range(4):
            try:
                event = self._ask("exit", timeout=_LEAVING)
                if isinstance(event, Question):
                    event = self._press("n")
            except Unreachable:
                return

    def leave_context(self) -> None:
        """Go back to the router's own lines if a tunnel or pp is selected."""
        kind = re.match(r"tunnel|pp|switch", self._prompt.context)
        if kind:
            self.command(f"{kind[0]} select none")

    def drop(self) -> None:
        """Cut the connection as it is."""
        self._transport.close()

    # --- one line --------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return f"{self._login.host} port {self._login.port}"

    @property
    def _now(self) -> str:
        if self.armed:
            return "the rollback timer runs: the router goes back by itself when it ends"
        return "whether the last line took effect is not known"

    def _ask(self, line: str, *, timeout: float | None = None, shown: str | None = None) -> Event:
        shown = syntax.masked(line) if shown is None else shown
        if line:
            self._log(f"{self._login.host}: {shown}")
        self._shell.sent(line)
        self._transport.write(line + "\r")
        return self._next(shown, timeout or self._login.timeout)

    def _press(self, key: str) -> Event:
        self._shell.sent_unseen()
        self._transport.write(key)
        return self._next(f"answer {key}", self._login.timeout)

    def _next(self, attempted: str, timeout: float) -> Event:
        """The next event; pages are turned on the way."""
        silent = 0.0
        while silent < timeout:
            events, silence = self._receive(attempted)
            silent = silent + _QUIET if silence else 0.0
            for event in events:
                if isinstance(event, Pager):
                    self._transport.write(" ")
                else:
                    self.last_heard = self._clock.now()
                    if isinstance(event, Answer):
                        self._prompt = event.prompt
                    return event
        raise Unreachable(
            f"{self._where} says nothing for {timeout:g} s",
            attempted=attempted,
            state=self._now,
            remedy="see whether the router answers at all, then try again",
        )

    def _receive(self, attempted: str) -> tuple[list[Event], bool]:
        """The events of what comes next, and whether it was only silence."""
        try:
            text = self._transport.read(_QUIET)
        except ConnectionError:
            said = answers.error_in(self._shell.received) or ""
            raise Unreachable(
                f"{self._where} ended the connection",
                said=said,
                attempted=attempted,
                state=self._now,
                remedy="see `show log` on the router; `sshd host` and `login timer` end sessions",
            ) from None
        return (self._shell.receive(text), False) if text else (self._shell.quiet(), True)

    def _unexpected(self, event: Event, attempted: str) -> DeviceError:
        said = event.text if isinstance(event, Question | Answer) else "Password:"
        return DeviceError(
            f"{self._where} asks something that was not expected",
            said=said,
            attempted=attempted,
            state="answered no",
            remedy="type the line by hand to see what the router wants",
        )

    def answer(
        self, line: str, *, timeout: float | None = None, shown: str | None = None
    ) -> Answer:
        """Type one line, refused or not; `shown` is how it is logged, `timeout` of silence in s."""
        event = self._ask(line, timeout=timeout, shown=shown)
        if not isinstance(event, Answer):
            self._refuse_dialogue(event, syntax.masked(line))
        return event

    def _refuse_dialogue(self, event: Event, attempted: str) -> NoReturn:
        refusal = self._unexpected(event, attempted)
        # Ctrl-C leaves a dialogue at a password prompt; nothing is ever entered there.
        with suppress(Unreachable):
            self._press("n" if isinstance(event, Question) else "\x03")
        raise refusal

    def answers(self, lines: Sequence[tuple[str, str]]) -> Iterator[Answer]:
        """Type lines, each with how it is logged, ahead of their answers where that is safe.

        Yields the answers in the order of the lines.  After the first refusal nothing more is
        sent; the answers of what was on its way already still come.  Raises as `answer` does; the
        error of a connection that fails says how many lines were answered and how many sent.
        """
        sent = done = 0
        going_on = True
        while done < sent or (going_on and done < len(lines)):
            upto = self._window(lines, done, sent) if going_on else sent
            for typed, shown in lines[sent:upto]:
                self._log(f"{self._login.host}: {shown}")
                (self._shell.sent_ahead if sent > done else self._shell.sent)(typed)
                self._transport.write(typed + "\r")
                sent += 1
            shown = f"{lines[done][1]} (at least {done} lines answered, {sent} sent)"
            event = self._next(shown, self._login.timeout)
            if not isinstance(event, Answer):
                self._refuse_dialogue(event, shown)
            done += 1
            going_on = going_on and event.error is None
            yield event

    @staticmethod
    def _window(lines: Sequence[tuple[str, str]], done: int, sent: int) -> int:
        """Up to which line may be sent while those from `done` to `sent` are not answered."""
        if sent == done:
            sent += 1
        size = sum(len(typed.encode()) + 1 for typed, _ in lines[done:sent])
        while sent < len(lines) and sent - done < _LINES_AHEAD:
            size += len(lines[sent][0].encode()) + 1
            pair = (lines[sent - 1][0], lines[sent][0])
            if size > _BYTES_AHEAD or not all(_AHEAD.match(typed) for typed in pair):
                break
            sent += 1
        return sent

    def command(self, text: str, *, timeout: float | None = None) -> str:
        """Type one line and return what the router printed.

        Raises `DeviceError` with the router's own words if it refuses.
        """
        answer = self.answer(text, timeout=timeout)
        if answer.error is not None:
            raise DeviceError(
                f"the router refused `{syntax.masked(text)}`",
                said=answer.error,
                attempted=syntax.masked(text),
                state="the refused line changed nothing",
                remedy="see what the router's revision knows: type the line with `?` at its end",
            )
        return answer.text
