"""The commands that do something instead of becoming a line of the configuration."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from . import messages
from .commands import Command, Found
from .configuration import Statement, difference
from .dialogue import Ask, Interrupted, Job, Pause, Secret
from .gateways import routes
from .grammar import Pattern, Refusal
from .passwords import encrypted

if TYPE_CHECKING:
    from .console import Console

Handler = Callable[["Console", Found], Job]

_PING_SIZE: Final = 64
_HEADERS: Final = 28  # IPv4 and ICMP
_OWN_MILLISECONDS: Final = 0.2


def _administrator(console: Console, _: Found) -> Job:
    """Ask for the password, if there is one (56.3.1); already there is no error (unverified)."""
    router = console.router
    if console.administrator:
        yield messages.text("already", console.language)
        return
    if router.attribute(console.user, "administrator") == "off":
        raise Refusal("level")
    if router.running().value("administrator password") is not None:
        typed = yield Secret(messages.text("password", console.language))
        if not router.administrator_password_fits(typed):
            router.note(f"'administrator' failed for {console.whence}")
            raise Refusal("password")
    console.administrator = True
    router.note(f"'administrator' succeeded for {console.whence}")


def _administrator_password(console: Console, _: Found) -> Job:
    """Interactive only: the old password, then the new one twice (4.3)."""
    router = console.router
    if router.running().value("administrator password") is not None:
        old = yield Secret("Old_Password: ")
        if not router.administrator_password_fits(old):
            raise Refusal("password")
    first = yield Secret("New_Password: ")
    second = yield Secret("New_Password: ")
    if first != second:
        raise Refusal("password")
    key = "administrator password"
    router.change(router.running().with_line(Statement("", key, f"{key} {encrypted(first)}")))


def _exit(console: Console, found: Found) -> Job:
    """Leave administrator mode, asking about unsaved changes; a second `exit` logs out (56.3.2).

    Logging out cancels the console's rollback timer and keeps what is in force (56.7.31).
    """
    if not console.administrator:
        if found.values:
            raise Refusal("level")
        console.router.end(console)
        return
    if found.values:
        _save_now(console)
    elif console.router.unsaved():
        answer = yield Ask(messages.text("save?", console.language))
        if answer == "y":
            _save_now(console)
    console.administrator, console.context = False, ""


def _save_now(console: Console) -> None:
    console.router.disarm(console)
    console.router.save()


def _save(console: Console, _: Found) -> Job:
    _save_now(console)
    yield messages.text("saving", console.language)


def _restart(console: Console, _: Found) -> Job:
    """Reboot; that unsaved changes are asked about first is unverified."""
    if console.router.unsaved():
        answer = yield Ask(messages.text("save?", console.language))
        if answer == "y":
            console.router.save()
    console.router.reboot()


def _load(console: Console, found: Found) -> Job:
    """Put the saved configuration in force; says what it does unless `silent` (56.7.30)."""
    router = console.router
    router.disarm(console)
    commands = difference(router.running(), router.saved())
    router.change(router.saved())
    if "silent" not in found.values:
        yield from commands


def _rollback_timer(console: Console, found: Found) -> Job:
    console.router.arm(console, int(found.values[0]))
    yield from ()


def _confirm(console: Console, _: Found) -> Job:
    """Stop the rollback timer; the answer when none is running is unverified."""
    if not console.router.disarm(console):
        raise Refusal("no rollback")
    yield from ()


def _select(console: Console, found: Found) -> Job:
    """`tunnel select` and `pp select`: a state of the session, none of the configuration."""
    number = found.values[0] if found.values else "none"
    console.context = "" if number == "none" else f"{found.identity[0]} {number}"
    yield from ()


def _delete_sas(console: Console, found: Found) -> Job:
    link = console.router.office_link
    wanted = found.values[0]
    known = {str(sa.id) for sa in link.sas()} if link else set()
    if wanted != "all" and wanted not in known:
        raise Refusal("no sa")
    if link is not None:
        link.delete_sas(None if wanted == "all" else [int(wanted)])
    yield from ()


def _refresh_sas(console: Console, _: Found) -> Job:
    if console.router.office_link is not None:
        console.router.office_link.refresh_sas()
    yield from ()


# --- ping -----------------------------------------------------------------------------------------

_PING_OPTIONS: Final = {"-s": (1, 65535), "-c": (1, 21474836), "-w": (1, 60)}


class _Ping:
    """`ping [-s LEN] [-c COUNT] [-sa SRC] [-w SEC] HOST`."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.numbers: dict[str, int] = {}
        self.source: IPv4Address | None = None
        rest = list(words)
        while rest and rest[0].startswith("-"):
            option = rest.pop(0)
            value = rest.pop(0) if rest else ""
            if option == "-sa":
                self.source = _address(value)
            elif option in _PING_OPTIONS:
                self.numbers[option] = _number(value, *_PING_OPTIONS[option])
            else:
                raise Refusal("keyword")
        if len(rest) != 1:
            raise Refusal("count")
        self.destination = _address(rest[0])


def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except ValueError:
        raise Refusal("address") from None


def _number(text: str, low: int, high: int) -> int:
    if not text.isdigit():
        raise Refusal("integer")
    if not low <= int(text) <= high:
        raise Refusal("range")
    return int(text)


def _ping(console: Console, found: Found) -> Job:
    """Write answers as they come; a lost one takes its waiting time, and is named only with `-w`.

    Without `-c` it goes on until Ctrl-C.
    """
    wanted = _Ping(found.values)
    count, size = wanted.numbers.get("-c"), wanted.numbers.get("-s", _PING_SIZE)
    times: list[float] = []
    sent = 0
    try:
        while count is None or sent < count:
            time = _echo(console, wanted, size)
            sequence, sent = sent, sent + 1
            values = {"address": wanted.destination, "sequence": sequence}
            if time is not None:
                times.append(time)
                yield messages.text("ping answer", console.language, ttl=254, time=time, **values)
            if time is None or count is None:
                yield Pause(float(wanted.numbers.get("-w", 1)))
            if time is None and "-w" in wanted.numbers:
                yield messages.text("ping lost", console.language, **values)
    except Interrupted:
        pass
    yield ""
    loss = 100 * (sent - len(times)) / sent
    yield messages.text("ping summary", console.language, sent=sent, received=len(times), loss=loss)
    if times:
        low, high, mean = min(times), max(times), sum(times) / len(times)
        yield messages.text("ping times", console.language, low=low, mean=mean, high=high)


def _echo(console: Console, wanted: _Ping, size: int) -> float | None:
    router = console.router
    if wanted.destination in router.addresses():
        return _OWN_MILLISECONDS
    if router.office_link is None:
        return None
    time = router.office_link.ping(wanted.source, wanted.destination, size)
    best = max(
        (entry for entry in routes(router.running()) if wanted.destination in entry[0]),
        key=lambda entry: entry[0].prefixlen,
        default=None,
    )
    if best is not None and best[1][:2] == ("gateway", "tunnel"):
        router.count(int(best[1][2]), size + _HEADERS, answered=time is not None)
    return time


def _action(pattern: str, *, administrator: bool = True, negatable: bool = False) -> Command:
    return Command(
        Pattern(pattern), kind="action", administrator=administrator, negatable=negatable
    )


ACTIONS: Final[dict[Command, Handler]] = {
    _action("administrator |", administrator=False): _administrator,
    _action("administrator password |"): _administrator_password,
    _action("exit | [ save ]", administrator=False): _exit,
    _action("quit | [ save ]", administrator=False): _exit,
    _action("save | [ 0 [ TEXT... ] ]"): _save,
    _action("restart |"): _restart,
    _action("load | [ config ] 0 [ silent ]"): _load,
    _action("rollback timer | 1..21474836"): _rollback_timer,
    _action("confirm |"): _confirm,
    _action("tunnel select | 1..100/none", administrator=False, negatable=True): _select,
    _action("pp select | 1..100/anonymous/none", administrator=False, negatable=True): _select,
    _action("ipsec sa delete | 1..2147483647/all"): _delete_sas,
    _action("ipsec refresh sa |"): _refresh_sas,
    _action("ping | TEXT...", administrator=False): _ping,
}
