"""A session on an RTX: logged in, administrator, one line after the other.

Nothing here changes the router's console for good.  `console columns` and `console lines` are
configuration: they are set only while a long text is read, and put back at once, so that neither
a `save` nor the router's own way back (rollback timer) can keep them.  `console character` is
never touched: the encoding is read from the configuration, or found out from the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address
from types import TracebackType
from typing import Final, Self

from ..clock import Clock
from ..errors import DeviceError, LoginRefused, Unreachable
from . import answers, config, plan, syntax
from .conversation import Conversation, Log, Transport
from .login import Login

__all__ = ["Log", "Login", "Refused", "Session", "Transport"]

_CODECS: Final = {
    "ja.utf8": "utf-8",
    "ja.sjis": "cp932",
    "sjis": "cp932",
    "ja.euc": "euc_jp",
    "euc": "euc_jp",
}
# Widest first; older revisions take 200 at most (command reference 4.22).
_WIDTHS: Final = ("4096", "200")
_READING: Final = {"columns": _WIDTHS, "lines": ("infinity",)}
_CONSOLE_BACK: Final = re.compile(r"(?:no )?console (columns|lines)(?: (\S+))?")
_CONSOLE: Final = re.compile(r"^console (character|columns|lines) (\S+)[ \t]*$", re.MULTILINE)


class Refused(DeviceError):
    """The router refused `line`, the first of those it refused; `typed` are all that it took.

    Those that were on their way behind the refused one are among `typed` if the router took them.
    """

    def __init__(self, line: str, typed: Sequence[str], *, said: str, state: str) -> None:
        self.line, self.typed = line, tuple(typed)
        count = len(self.typed)
        super().__init__(
            f"the router refused `{line}`",
            said=said,
            attempted=f"type lines, of which it took {count}",
            state=state,
            remedy="see what the router's revision knows: type the line with `?` at its end",
        )


def _unheard(_line: str) -> None:
    """Nobody listens to the log."""


def _by_ssh(login: Login) -> Transport:
    # A preview imports this module and never connects: it need not pay for asyncssh.
    from .transport import SshTransport

    return SshTransport(login)


class Session(Conversation):
    """Somebody at the administrator's prompt.  Open it with `Session.open`, as a context manager.

    Every method may raise `Unreachable` (the connection ended or fell silent) and `DeviceError`
    (the router refused).  No error and no log line holds a key or a password.
    """

    def __init__(self, login: Login, transport: Transport, *, clock: Clock, log: Log) -> None:
        super().__init__(login, transport, clock=clock, log=log)
        self._console: dict[str, str] = {}

    # --- coming and going ------------------------------------------------------------------------

    @classmethod
    def open(
        cls,
        login: Login,
        *,
        clock: Clock,
        log: Log | None = None,
        connect: Callable[[Login], Transport] | None = None,
    ) -> Self:
        """Connect (by SSH unless told otherwise), log in, become administrator.

        Raises `HostKeyRefused` before any password is sent, `LoginRefused` after a single attempt,
        `Unreachable` if nobody answers.
        """
        session = cls(login, (connect or _by_ssh)(login), clock=clock, log=log or _unheard)
        try:
            session.begin()
        except LoginRefused:
            session.close()
            raise
        except BaseException:
            session.drop()
            raise
        return session

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def begin(self) -> None:
        """From the banner to the administrator's prompt; learn what the console is set to."""
        super().begin()
        self._console = dict(_CONSOLE.findall(self.answer("show config | grep console").text))
        if codec := _CODECS.get(self._console.get("character", "")):
            self._transport.use_encoding(codec)

    def close(self) -> None:
        """Leave by `exit` without saving; with the rollback timer armed, drop the connection.

        An `exit` would cancel the timer and keep what was typed (command reference 56.7.31).
        """
        try:
            if not self.armed:
                self.leave()
        except DeviceError:
            self._log("the router did not take the leave; the connection is dropped")
        finally:
            self.drop()

    def type(self, commands: Sequence[str], key: str | None) -> None:
        """Type lines, ahead of their answers where that is safe; the key replaces its placeholder.

        Stops at the first refusal with `Refused`, which holds all that the router took.
        """
        lines = [plan.with_key(line, key) if key is not None else line for line in commands]
        if any(syntax.PSK_PLACEHOLDER in line for line in lines):
            raise ValueError("a line with a key cannot be typed without the key")
        shown = [syntax.masked(line) for line in commands]
        # Not strict: after a refusal there are fewer answers than lines.
        told = list(zip(shown, self.answers(list(zip(lines, shown, strict=True))), strict=False))
        refused = next(((line, said.error) for line, said in told if said.error), None)
        if refused:
            taken = [line for line, said in told if said.error is None]
            raise Refused(
                refused[0],
                taken,
                said=refused[1],
                state=f"{len(taken)} other lines stand in the running configuration",
            )

    # --- reading ---------------------------------------------------------------------------------

    @contextmanager
    def _wide(self) -> Iterator[list[str]]:
        """A console that neither cuts lines nor stops; yields what undoes it, then does it."""
        undo: list[str] = []
        try:
            self._widen(undo)
            yield undo
        except BaseException:
            try:
                self._restore(undo)
            except DeviceError:
                self._log("console columns and lines could not be put back; they are not saved")
            raise
        self._restore(undo)

    def _widen(self, undo: list[str]) -> None:
        if self._console.get("lines") != "infinity":
            self.command("console lines infinity")
            undo.append(self._console_line("lines"))
        for width in _WIDTHS:
            answer = self.answer(f"console columns {width}")
            if answer.error is None:
                undo.append(self._console_line("columns"))
                return

    def _console_line(self, name: str) -> str:
        before = self._console.get(name)
        return f"console {name} {before}" if before else f"no console {name}"

    def _restore(self, undo: list[str]) -> None:
        for line in undo:
            self.command(line)

    def configuration(self) -> config.Config:
        """The running configuration, without the console lines of this reading."""
        with self._wide() as undo:
            text = self.command("show config")
        for line in undo:
            name = line.split()[-1] if line.startswith("no ") else line.split()[1]
            stood = "" if line.startswith("no ") else line
            text = re.sub(rf"(?m)^console {name} .*$", stood, text)
        return config.parse(text)

    def unsaved(self) -> tuple[str, ...]:
        """The commands that would turn the running configuration into the saved one.

        Console settings that a reading of ours left when it was cut off are put back on the way.
        """
        with self._wide() as undo:
            text = self.command("show config difference 0")
        lines = (line.strip() for line in text.splitlines())
        found = [s for s in lines if s and not s.startswith("#") and s not in undo]
        return tuple(line for line in found if not self._put_back(line))

    def _put_back(self, line: str) -> bool:
        """Whether the line undoes a console setting that a reading of ours left; then type it."""
        console = _CONSOLE_BACK.fullmatch(line)
        if not console or self._console.get(console[1]) not in _READING[console[1]]:
            return False
        self.command(line)
        self._console.pop(console[1])
        if console[2]:
            self._console[console[1]] = console[2]
        return True

    def environment(self) -> answers.Environment:
        """Model, revision and clock of the router."""
        return answers.environment(self.command("show environment"))

    def associations(self, gateway: int) -> tuple[answers.SecurityAssociation, ...]:
        """The SAs that stand for a gateway at this end."""
        return answers.associations(self.command(f"show ipsec sa gateway {gateway} detail"))

    def others(self) -> int:
        """How many other sessions of our user there are; a dead one stays until its login timer.

        The shape of `show status user` is unverified but for its marks: `*` is the session itself.
        """
        ours = re.compile(rf"\s*([*+@]*)\s*{re.escape(self._login.user)}\s")
        found = map(ours.match, self.command("show status user").splitlines())
        return sum("*" not in line[1] for line in found if line)

    def ping(
        self, destination: IPv4Address, source: IPv4Address, count: int = 3, size: int = 64
    ) -> answers.Ping:
        """Ping through the router, from one of its addresses; `size` in bytes.

        The router cannot set the DF bit: a large ping may go in fragments.
        """
        line = f"ping -s {size} -c {count} -sa {source} -w 2 {destination}"
        return answers.ping(self.command(line, timeout=self._login.timeout + 3 * count))

    # --- acting ----------------------------------------------------------------------------------

    def save(self) -> None:
        """Make the running configuration the saved one."""
        self.command("save")

    def delete_associations(self, ids: Sequence[int]) -> None:
        """Delete SAs by id, with notice to the peer; an SA that is gone already is no error."""
        refused: dict[int, DeviceError] = {}
        for number in ids:
            try:
                self.command(f"ipsec sa delete {number}")
            except Unreachable:
                raise
            except DeviceError as error:
                refused[number] = error
        if refused:
            listed = self.command("show ipsec sa")
            standing = [n for n in refused if re.search(rf"(?m)^\s*{n}\s", listed)]
            if standing:
                raise refused[standing[0]]

    def rollback_timer(self, seconds: int) -> None:
        """Let the router go back to its present configuration unless confirmed in time."""
        self.command(f"rollback timer {seconds}")
        self.armed = True

    def confirm(self) -> None:
        """Stop the rollback timer: what stands, stays.

        Raises `DeviceError` if no timer runs (any more).
        """
        try:
            self.command("confirm")
        except Unreachable:
            raise
        except DeviceError:
            self.armed = False
            raise
        self.armed = False

    def keep_alive(self) -> None:
        """An empty line, so that the login timer begins anew."""
        self.answer("")
