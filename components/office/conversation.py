"""The conversation with an RTX over a transport: one line after the other, each with its answer.

What the router sends is understood in `shell`; here is what we do about it: learn the prompt,
become administrator, turn pages, say no to questions, give up on silence, and say in every error
what is true now.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final, NoReturn, Protocol

from ..clock import Clock
from ..errors import DeviceError, LoginRefused, Unreachable
from . import answers, syntax
from .login import Login
from .shell import Answer, Event, Pager, PasswordWanted, Prompt, Question, Shell

Log = Callable[[str], None]

_QUIET: Final = 0.2
# How long the answer to an empty line may take before silence counts as an answer too.
_SILENT: Final = 1.0
_LEAVING: Final = 5.0
NO_PASSWORDS: Final[Mapping[str, str]] = {}
# How much may be on its way.  The size of the router's input buffer is unverified: what it held
# of a human's paste is the measure, a dozen lines and a kilobyte.  Every dozen that came back
# whole lets as much more go, up to less than the 4095 characters of one line (1.5).
_LINES_AHEAD: Final = 12
_BYTES_AHEAD: Final = 1024
_MOST_TRUST: Final = 3
# Only what asks no question (the next line would answer it) and lets no packet through or stops
# one (a refusal before it must be known first).  A line that selects would, refused, put the lines
# behind it into another context: it always waits, and so does all that is not in this list.
_AHEAD: Final = re.compile(
    r"(?:no )?(?:"
    r"ipsec (?:ike|tunnel|sa policy|auto refresh)|ip filter|ip tunnel (?:mtu|tcp)|"
    r"tunnel (?:encapsulation|name)|nat descriptor masquerade static|description|"
    r"console (?:columns|lines)"
    r")\b"
)
# Leaving a context may follow on these before they are answered: refused or not, it harms nothing.
# What comes behind it waits.
_BEFORE_LEAVING: Final = re.compile(rf"{_AHEAD.pattern}|tunnel (?:en|dis)able\b")
_LEAVING_CONTEXT: Final = re.compile(r"(?:tunnel|pp|switch) select none")


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
        self._events: deque[Event] = deque()
        self._by_silence = False
        self.armed = False
        self.last_heard = clock.now()

    # --- coming and going ------------------------------------------------------------------------

    def begin(self) -> None:
        """From the banner to the administrator's prompt."""
        self._learn_prompt()
        self._become_administrator()

    def _learn_prompt(self) -> None:
        # The first line may be lost (rtx-cli 1.5): it is an empty one, and settles the prompt.
        self._transport.write("\r")
        banner = self._next("wait for the prompt", self._login.timeout, marked=True)
        if not isinstance(banner, Answer):
            raise self._unexpected(banner, "wait for the prompt")
        if banner.prompt.prefix.isascii():
            self._shell.prefix = banner.prompt.prefix
        # Else its encoding is only guessed so far, and any prompt will do until it is known.
        if self._by_silence:
            self._ask("")

    def _become_administrator(self) -> None:
        if self._prompt.administrator:
            return
        event = self._ask("administrator")
        if isinstance(event, PasswordWanted):
            password = self._login.administrator_password
            event = self._press(f"{password}\r", shown="administrator")
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
        if self._way_out:
            self.answer(self._way_out)
        for _ in range(3):
            if not self._prompt.administrator:
                break
            if isinstance(self._ask("exit", timeout=_LEAVING), Question):
                self._press("n")
        # An ordinary user is asked nothing, so nobody need wait for the end.
        self._log(f"{self._login.host}: exit")
        self._transport.write("exit\r")

    def abandon(self) -> None:
        """Log out from wherever a login stands, without waiting; a dead session keeps its place.

        Ctrl-C leaves a password prompt, and no key of `exit` answers a question.
        """
        self._transport.write("\x03exit\rexit\r")

    def leave_context(self) -> None:
        """Go back to the router's own lines if a tunnel or pp is selected."""
        if self._way_out:
            self.command(self._way_out)

    @property
    def _way_out(self) -> str:
        """The line that leaves the context; empty where none is selected."""
        kind = re.match(r"tunnel|pp|switch", self._prompt.context)
        return f"{kind[0]} select none" if kind else ""

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
        self._events.clear()
        self._shell.sent(line)
        self._transport.write(line + "\r")
        return self._next(shown, timeout or self._login.timeout)

    def _press(self, key: str, *, shown: str | None = None) -> Event:
        """Type what is not echoed; `shown` is what it is called in errors."""
        self._events.clear()
        self._shell.sent_unseen()
        self._transport.write(key)
        return self._next(shown or f"answer {key}", self._login.timeout)

    def _next(self, attempted: str, timeout: float, *, marked: bool = False) -> Event:
        """The next event; pages are turned on the way, and a prompt in doubt is settled.

        `marked`: an empty line is on its way already.
        """
        silent = 0.0
        while self._events or silent < timeout:
            if self._events:
                event = self._events.popleft()
                if not isinstance(event, Pager):
                    return self._heard(event)
                self._transport.write(" ")
                continue
            text = self._receive(attempted)
            silent = 0.0 if text else silent + _QUIET
            self._by_silence = silent >= (_SILENT if marked else _QUIET)
            found = self._shell.quiet() if self._by_silence else self._shell.receive(text)
            self._events.extend(found)
            if text and not (marked or found) and self._shell.doubtful:
                marked = True
                self._transport.write("\r")
        raise Unreachable(
            f"{self._where} says nothing for {timeout:g} s",
            attempted=attempted,
            state=self._now,
            remedy="see whether the router answers at all, then try again",
        )

    def _heard(self, event: Event) -> Event:
        self.last_heard = self._clock.now()
        if isinstance(event, Answer):
            self._prompt = event.prompt
        return event

    def _receive(self, attempted: str) -> str:
        """What comes next, "" after a moment of silence."""
        try:
            return self._transport.read(_QUIET)
        except ConnectionError:
            said = answers.error_in(self._shell.received) or ""
            raise Unreachable(
                f"{self._where} ended the connection",
                said=said,
                attempted=attempted,
                state=self._now,
                remedy="see `show log` on the router; `sshd host` and `login timer` end sessions",
            ) from None

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
        self,
        line: str,
        *,
        timeout: float | None = None,
        shown: str | None = None,
        passwords: Mapping[str, str] = NO_PASSWORDS,
    ) -> Answer:
        """Type one line, refused or not; `shown` is how it is logged, `timeout` of silence in s.

        `passwords`, by the first word of the router's question: each is given once.
        """
        try:
            event, left = self._ask(line, timeout=timeout, shown=shown), dict(passwords)
            while isinstance(event, PasswordWanted):
                password = left.pop(event.prompt.lower().partition(" ")[0], None)
                if password is None:
                    break
                event = self._press(f"{password}\r", shown=syntax.masked(line))
        except KeyboardInterrupt:
            if passwords:
                # What is typed next must not answer a question.
                self._transport.write("\x03")
            raise
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
        self._events.clear()
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
        trust = min(1 + done // _LINES_AHEAD, _MOST_TRUST)
        size = sum(len(typed.encode()) + 1 for typed, _ in lines[done:sent])
        while sent < len(lines) and sent - done < trust * _LINES_AHEAD:
            size += len(lines[sent][0].encode()) + 1
            if size > trust * _BYTES_AHEAD or not _may_follow(lines[sent][0], lines[sent - 1][0]):
                break
            sent += 1
        return sent

    def command(
        self,
        text: str,
        *,
        timeout: float | None = None,
        passwords: Mapping[str, str] = NO_PASSWORDS,
    ) -> str:
        """Type one line and return what the router printed.

        Raises `DeviceError` with the router's own words if it refuses.
        """
        answer = self.answer(text, timeout=timeout, passwords=passwords)
        if answer.error is not None:
            raise DeviceError(
                f"the router refused `{syntax.masked(text)}`",
                said=answer.error,
                attempted=syntax.masked(text),
                state="the refused line changed nothing",
                remedy="see what the router's revision knows: type the line with `?` at its end",
            )
        return answer.text


def _may_follow(line: str, before: str) -> bool:
    """Whether a line may be sent before the one in front of it is answered."""
    if _LEAVING_CONTEXT.fullmatch(line):
        return _BEFORE_LEAVING.match(before) is not None
    return all(_AHEAD.match(each) for each in (before, line))
