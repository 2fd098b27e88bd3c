"""`save`, `load`, the rollback timer, and how configurations differ (56.3.3, 56.7.30 - 32, 57)."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Final

from . import messages
from .commands import Action, Found
from .configuration import Configuration, Move, Statement, difference, moves
from .dialogue import Ask, Job, Pause, Secret, Step
from .grammar import Refusal
from .passwords import matches
from .shows import head

if TYPE_CHECKING:
    from .console import Console

_RUNNING: Final = "-"
_NUMBERS: Final = ("0", "1", "2", "3", "4")
_KINDS: Final = ("config", "file")
_KEY: Final = "sshd host key generate"
_KEY_SECONDS: Final = 3.0  # seconds to more than ten minutes (4.69)


def save_now(console: Console, number: int | None = None) -> None:
    """Keep the running configuration; the console's own rollback timer ends (56.7.31)."""
    router = console.router
    if router.faults.happens("save fails"):
        raise Refusal("save")
    router.disarm(console)
    if not router.faults.happens("save lies"):
        router.save(number)


def _save(console: Console, found: Found) -> Job:
    """`save [NUMBER [COMMENT]]`: without a number, what the router booted from (56.3.3).

    There is no memory stick in this router.
    """
    number, *comment = found.values or (str(console.router.flash.booted),)
    if not number.isdigit():
        raise Refusal("no storage")
    if len(" ".join(comment)) > 200:
        raise Refusal("range")
    save_now(console, int(number))
    yield messages.text("saving", console.language, number=number)


def _default_config(console: Console, found: Found) -> Job:
    """`set-default-config NUMBER`: what the next boot uses (56.3.8)."""
    number = int(found.values[0])
    if console.router.flash.config(number) is None:
        raise Refusal("no file")
    console.router.flash.choose(number)
    yield from ()


def _opened(
    console: Console, kind: str, name: str, *, asks: bool
) -> Generator[Step, str, Configuration]:
    """The configuration that a command means: `-`, a number, or else a file (57.7).

    A saved one may ask for its passwords first; nobody is asked where nobody could answer.
    """
    flash = console.router.flash
    if name == _RUNNING and not kind:
        return console.router.running()
    saved = flash.config(int(name)) if name in _NUMBERS and kind != "file" else None
    if saved is not None and asks and not console.script:
        yield from _unlock(saved)
    found = saved or (flash.file(name) if kind != "config" else None)
    if found is None:
        raise Refusal("no file")
    return found


def _names(words: tuple[str, ...]) -> list[tuple[str, str]]:
    """(kind, name) of every configuration that is named; the kind may be left out ("")."""
    result, kind = [], ""
    for word in words:
        if word in _KINDS and not kind:
            kind = word
        else:
            result.append((kind, word))
            kind = ""
    return result


def _unlock(saved: Configuration) -> Job:
    """Ask for the two passwords of a saved configuration (57.2)."""
    for key, prompt in (
        ("login password", "Login Password: "),
        ("administrator password", "Administrator Password: "),
    ):
        typed = yield Secret(prompt)
        stored = saved.value(key)
        if stored is not None and not matches(stored, typed):
            raise Refusal("password")


def _config_number(console: Console, found: Found) -> Job:
    saved = yield from _opened(console, "config", found.values[0], asks=True)
    yield from head(console.router)
    yield from saved.lines()


def _config_difference(console: Console, found: Found) -> Job:
    """The commands that turn the first (the running one) into the second."""
    names = [("", _RUNNING), *_names(found.values)][-2:]
    asks = console.router.behaviour.difference_asks
    before = yield from _opened(console, *names[0], asks=asks)
    after = yield from _opened(console, *names[1], asks=asks)
    yield from difference(before, after)


def _load(console: Console, found: Found) -> Job:
    """Put a saved configuration in force; says what it does unless `silent` (56.7.30)."""
    router = console.router
    count = 2 if found.values[0] in _KINDS else 1
    options = dict(word.partition("=")[::2] for word in found.values[count:])
    ((kind, name),) = _names(found.values[:count])
    after = yield from _opened(console, kind, name, asks=router.behaviour.load_asks)
    before = router.running()
    if "no-key-generate" in options:
        after = _with_key_of(before, after)
    if timer := options.get("rollback-timer"):
        router.arm(console, int(timer))
    else:
        router.disarm(console)
    if "interactive" in options:
        yield from _one_by_one(console, moves(before, after))
        return
    typed = after.statements if "difference" not in options else _typed(moves(before, after))
    router.change(after, typed)
    if before.has(_KEY) and after.has(_KEY) and "no-key-generate" not in options:
        router.reload_key()
    if "silent" not in options:
        yield from difference(before, after)


def _typed(made: Iterable[Move]) -> list[Statement]:
    return [move.line for move in made if not move.removes]


def _one_by_one(console: Console, wanted: Iterable[Move]) -> Job:
    """`interactive`: ask about every command (the wording is unverified); no script can answer."""
    if console.script:
        raise Refusal("keyword")
    for move in wanted:
        answer = yield Ask(f"{move.command} (Y/N)")
        if answer == "y":
            router = console.router
            router.change(move.on(router.running()), _typed([move]))


def _with_key_of(before: Configuration, after: Configuration) -> Configuration:
    """The host key that was before stays, if both have one."""
    kept = next((each for each in before.statements if each.key == _KEY), None)
    return after.with_line(kept) if kept and after.has(_KEY) else after


def _rollback_timer(console: Console, found: Found) -> Job:
    console.router.arm(console, int(found.values[0]))
    yield from ()


def _confirm(console: Console, _: Found) -> Job:
    """Stop the rollback timer; the answer when none is running is unverified."""
    if not console.router.disarm(console):
        raise Refusal("no rollback")
    yield from ()


def _host_key(console: Console, found: Found) -> Job:
    """Make a host key; it takes time, and a question if there is one already (4.69)."""
    router = console.router
    if router.running().has(_KEY):
        answer = yield Ask(messages.text("new key?", console.language))
        if answer != "y":
            return
    yield Pause(_KEY_SECONDS)
    router.make_key(int(found.values[0].partition("=")[2]) if found.values else None)
    router.change(router.running().with_line(Statement("", _KEY, f"{_KEY} *")))


_OPTIONS: Final = "[ difference ] [ silent/interactive ] [ no-configure-refresh ]"
_TIMER: Final = "{ rollback-timer=120..21474836 }"

SAVING: Final = (
    Action("save | [ 0..4/STORAGE [ TEXT... ] ]  ; 56.3.3", _save),
    Action("set-default-config | 0..4            ; 56.3.8", _default_config),
    Action(f"load | [ config/file ] TEXT {_OPTIONS} [ no-key-generate ] {_TIMER}"
           " ; 56.7.30 +no-key-generate", _load),
    Action(f"load | [ config/file ] TEXT {_OPTIONS} {_TIMER} ; 56.7.30 +load", _load),
    Action("rollback timer | 1..21474836         ; 56.7.31 +rollback", _rollback_timer),
    Action("confirm |                            ; 56.7.32 +rollback", _confirm),
    Action("sshd host key generate |             ; 4.69", _host_key),
    Action("sshd host key generate | bit=1024/2048  ; 4.69 +host key bits", _host_key),
    Action("show config | 0..4                   ; 57.2", _config_number),
    Action("less config | 0..4                   ; 57.2", _config_number),
    Action("show config difference | [ config/file ] TEXT  ; 57.7 +difference", _config_difference),
    Action("show config difference | [ config/file ] TEXT [ config/file ] TEXT"
           " ; 57.7 +difference", _config_difference),
)  # fmt: skip
