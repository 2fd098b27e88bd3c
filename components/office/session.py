"""A session on an RTX: logged in, administrator, one line after the other.

Nothing here changes the router's console for good.  `console columns` and `console lines` are
configuration: they are set only while a long text is read, and put back at once, so that neither
a `save` nor the router's own way back (rollback timer) can keep them.  `console character` is
never touched: the encoding is read from the configuration, or found out from the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address
from types import TracebackType
from typing import Final, Self

from ..clock import Clock
from ..errors import DeviceError, Unreachable
from . import answers, config, plan, saved, syntax, typable
from .conversation import NO_PASSWORDS, Conversation, Log, Transport
from .login import Login
from .shell import Answer

__all__ = ["Log", "Login", "Refused", "Session", "Transport"]

_CODECS: Final = {
    "ja.utf8": "utf-8",
    "ja.sjis": "cp932",
    "sjis": "cp932",
    "ja.euc": "euc_jp",
    "euc": "euc_jp",
}
_CHARACTER: Final = "ja.sjis"  # where none is set: the default but on a vRX (4.21)
# How a long text is read; older revisions take 200 columns at most (command reference 4.22).
_READING: Final = {"lines": ("infinity",), "columns": ("4096", "200")}
_PRINTS: Final = re.compile(r"(?:show|less|ping)\b")
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
        self._console: dict[str, str] | None = None
        self._saved: int | None = None

    # --- coming and going ------------------------------------------------------------------------

    @classmethod
    def open(
        cls,
        login: Login,
        *,
        clock: Clock,
        log: Log | None = None,
        say: Log | None = None,
        connect: Callable[[Login], Transport] | None = None,
    ) -> Self:
        """Connect (by SSH unless told otherwise), log in, become administrator.

        `log` is told every line that is typed, `say` (the log unless given) what a user should
        know about the connection.

        Raises `HostKeyRefused` before any password is sent, `LoginRefused` after a single attempt,
        `Unreachable` if nobody answers.
        """
        log = log or _unheard
        transport = (connect or _by_ssh)(login)
        for remark in getattr(transport, "remarks", ()):
            (say or log)(remark)
        session = cls(login, transport, clock=clock, log=log)
        try:
            session.begin()
        except BaseException:
            session.abandon()
            session.drop()
            raise
        return session

    def begin(self) -> None:
        """From the banner to the administrator's prompt; the encoding of a prompt is learnt too."""
        super().begin()
        if self._shell.prefix is None:
            self._learn_console()
            prompt = self._ask("")
            if isinstance(prompt, Answer):
                self._shell.prefix = prompt.prompt.prefix

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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

        Stops at the first refusal with `Refused`, which holds all that the router took.  Raises
        `DeviceError` as `refuse_untypable` does, before the first line.
        """
        lines = [plan.with_key(line, key) if key is not None else line for line in commands]
        self.refuse_untypable(lines)
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

    def refuse_untypable(self, lines: Sequence[str]) -> None:
        """Raise `DeviceError` if the router's console would not take one of these lines as it is.

        What it would do instead (print help, complete a word) leaves a line standing half typed.
        """
        encoding = "utf-8"
        if not all(map(str.isascii, lines)):
            character = self._learn_console().get("character", _CHARACTER)
            encoding = _CODECS.get(character, "ascii")
        for line in lines:
            if found := typable.obstacle(line, encoding):
                raise DeviceError(
                    f"the router's console cannot be typed a line with {found}",
                    said=syntax.masked(line),
                    attempted="see that every line can be typed, and taken back",
                    state="nothing was changed",
                    remedy="write the line otherwise; of a line that stands in the router: take it "
                    "out by hand first",
                )

    # --- reading ---------------------------------------------------------------------------------

    def answer(
        self,
        line: str,
        *,
        timeout: float | None = None,
        shown: str | None = None,
        passwords: Mapping[str, str] = NO_PASSWORDS,
    ) -> Answer:
        """As in a `Conversation`; who reads what the router prints learns the console first."""
        if _PRINTS.match(line) or not line.isascii():
            self._learn_console()
        return super().answer(line, timeout=timeout, shown=shown, passwords=passwords)

    def _learn_console(self) -> dict[str, str]:
        """What the console is set to; asked once, and only by who reads or writes more than ASCII.

        Until then the encoding is found out from the bytes, which tells a refusal for certain.
        """
        if self._console is None:
            text = super().answer("show config | grep console").text
            self._console = dict(_CONSOLE.findall(text))
            if codec := _CODECS.get(self._console.get("character", _CHARACTER)):
                self._transport.use_encoding(codec)
        return self._console

    @contextmanager
    def _wide(self) -> Iterator[list[str]]:
        """A console that neither cuts lines nor stops; yields what undoes it, then does it."""
        console = self._learn_console()
        missing = [name for name, best in _READING.items() if console.get(name) != best[0]]
        undo = [self._console_line(name) for name in missing]
        try:
            self._widen(missing)
            yield undo
        except BaseException:
            try:
                self._narrow(undo)
            except DeviceError:
                self._log("console columns and lines could not be put back; they are not saved")
            raise
        self._narrow(undo)

    def _widen(self, names: Sequence[str]) -> None:
        try:
            self.type([f"console {name} {_READING[name][0]}" for name in names], None)
        except Refused:
            for narrower in _READING["columns"][1:]:
                self.answer(f"console columns {narrower}")

    def _narrow(self, undo: Sequence[str]) -> None:
        try:
            self.type(undo, None)
        except KeyboardInterrupt:
            # Half of it may have gone out.
            self.type(undo, None)
            raise

    def _console_line(self, name: str) -> str:
        before = self._learn_console().get(name)
        return f"console {name} {before}" if before else f"no console {name}"

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

        That is the one which `save` writes and a restart boots; raises `DeviceError` if there is
        no such (`saved.number_of`).  Console settings that a reading of ours left when it was cut
        off are put back on the way.
        """
        if self._saved is None:
            self._saved = saved.number_of(self.environment())
        with self._wide() as undo:
            text = self._difference(self._saved)
        lines = (line.strip() for line in text.splitlines())
        found = [s for s in lines if s and not s.startswith("#") and s not in undo]
        return tuple(line for line in found if not self._put_back(line))

    def _difference(self, number: int) -> str:
        """`show config difference N`; the saved file's passwords may be asked first (57.7)."""
        passwords = {
            "login": self._login.anonymous_password,
            "administrator": self._login.administrator_password,
        }
        try:
            return self.command(
                f"show config difference {number}",
                passwords=passwords,
                timeout=self._flash_timeout,
            )
        except Unreachable:
            raise
        except DeviceError as error:
            error.remedy = (
                "if it asked for the password of the unnamed user (`login password`): secret "
                "rtxAnonymousPassword or SAKURA_RTX_ANONYMOUS_PASSWORD; if it does not know the "
                "command: RTX1210 14.01.26, RTX830 15.02.03 or newer is needed"
            )
            raise

    @property
    def _flash_timeout(self) -> float:
        """Seconds of silence while flash is read or written; given up too early, nobody knows what
        is saved.  How long it takes is unverified."""
        return 3 * self._login.timeout

    def _put_back(self, line: str) -> bool:
        """Whether the line undoes a console setting that a reading of ours left; then type it."""
        known, found = self._learn_console(), _CONSOLE_BACK.fullmatch(line)
        if not found or known.get(found[1]) not in _READING[found[1]]:
            return False
        self.command(line)
        known.pop(found[1])
        if found[2]:
            known[found[1]] = found[2]
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
        found = map(ours.match, self.users().splitlines())
        return sum("*" not in line[1] for line in found if line)

    def users(self) -> str:
        """Who is logged in, as the router shows it, no line cut."""
        with self._wide():
            return self.command("show status user")

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
        self.command("save", timeout=self._flash_timeout)

    def delete_associations(self, ids: Sequence[int], gateway: int | None = None) -> None:
        """Delete SAs by id, with notice to the peer; an SA that is gone already is no error.

        With `gateway` nothing is deleted that the router's list of all SAs has under another one:
        that the numbers of `associations` are those of the list is unverified, and other tunnels
        are not ours to interrupt.  Raises `DeviceError` then.
        """
        if gateway is not None:
            self._refuse_other_gateways(ids, gateway)
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

    def _refuse_other_gateways(self, ids: Sequence[int], gateway: int) -> None:
        owners = answers.gateways_of(self.command("show ipsec sa"))
        theirs = {number: owners.get(number, gateway) for number in ids}
        if wrong := {number: owner for number, owner in theirs.items() if owner != gateway}:
            raise DeviceError(
                f"the SAs of gateway {gateway} cannot be told from those of others",
                said="\n".join(f"SA {n}: gateway {owner}" for n, owner in wrong.items()),
                attempted=f"delete the SAs of gateway {gateway} by their numbers",
                state="none of these SAs was deleted",
                remedy="delete them by hand: `show ipsec sa`, then `ipsec sa delete NUMBER`",
            )

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
