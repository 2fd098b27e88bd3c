"""What happens to a line that was typed: find its row, refuse it or do it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from . import messages
from .actions import ACTIONS
from .commands import Found, Table, actions, configuration
from .configuration import Configuration, Statement, statements
from .dialogue import Job, Step
from .firmware import Firmware
from .grammar import Refusal, Word, split
from .keys import KEYS
from .passwords import encrypted
from .shows import SHOWS
from .statuses import STATUSES

if TYPE_CHECKING:
    from .console import Console

_LONGEST: Final = 4095


@cache
def _table(firmware: Firmware) -> Table:
    return Table((*actions(firmware, ACTIONS + SHOWS + STATUSES + KEYS), *configuration(firmware)))


def execute(console: Console, text: str) -> Job:
    """Run one line; every refusal ends as one line of text."""
    try:
        yield from _run(console, text)
    except Refusal as refusal:
        yield messages.error(refusal.code, console.language)


def explain(console: Console, text: str) -> list[str]:
    """What `?` shows after these words: the syntax of every command that may follow (2.4)."""
    words = tuple(word.value.lower() for word in split(text))
    syntaxes = {
        row.pattern.text.replace(" |", ""): None
        for row in _table(console.router.firmware).rows
        if row.pattern.may_follow(words)
    }
    if not words:
        syntaxes = dict.fromkeys(sorted({syntax.split()[0] for syntax in syntaxes}))
    return [messages.text("help", console.language, syntax=each) for each in syntaxes]


def _run(console: Console, text: str) -> Job:
    if len(text) > _LONGEST:
        raise Refusal("too long")
    words = split(text)
    if not words:
        return
    pipe = next((index for index, word in enumerate(words) if word.raw == "|"), None)
    if any(word.raw == ">" for word in words):
        raise Refusal("no storage")  # 2.5: output goes to a memory stick, which is not there
    if pipe is not None:
        yield from _filtered(console, words[:pipe], words[pipe + 1 :])
        return
    negated = words[0].value.lower() == "no"
    if negated and len(words) == 1:
        raise Refusal("count")
    found = _table(console.router.firmware).lookup(
        words[negated:], negated=negated, abbreviated=console.router.behaviour.abbreviations
    )
    _check(console, found, negated=negated)
    if found.row.handler is not None:
        yield from found.row.handler(console, found)
    else:
        lines = statements(found, console.context, console.router.firmware)
        removed = negated or found.row.kind == "disable"
        console.router.change(_changed(console, lines, removed=removed), () if removed else lines)


def _check(console: Console, found: Found, *, negated: bool) -> None:
    """Level first, then the context, then the words; `no` works on configuration lines only."""
    if found.refusal is not None and found.refusal.code == "command":
        raise found.refusal
    if negated and found.row.handler is not None and not found.row.negatable:
        raise Refusal("command")
    if found.row.administrator and not console.administrator:
        raise Refusal("level")
    if found.row.scope and console.context.partition(" ")[0] != found.row.scope:
        raise Refusal("context")
    if found.refusal is not None:
        raise found.refusal
    if not negated and found.identity[-3:-1] == ("secure", "filter"):
        _check_filters(console, found)


def _check_filters(console: Console, found: Found) -> None:
    """How many filters a list may name, and whether it may name one that does not exist."""
    router = console.router
    numbers = [word for word in found.values if word != "dynamic"]
    if not 0 < len(numbers) <= router.firmware.most("FILTERS"):
        raise Refusal("count")
    if router.behaviour.undefined_filters or found.identity[-1] == "name":
        return
    begin = found.values.index("dynamic") if "dynamic" in found.values else len(numbers)
    keys = ["ip filter {}"] * begin + ["ip filter dynamic {}"] * (len(numbers) - begin)
    for key, number in zip(keys, numbers, strict=True):
        if not router.running().has(key.format(number)):
            raise Refusal("no filter")


def _changed(console: Console, lines: Sequence[Statement], *, removed: bool) -> Configuration:
    running = console.router.running()
    for each in lines:
        if removed:
            running = running.without(each.context, each.key)
        else:
            running = running.with_line(_without_clear_password(each))
    return running


def _without_clear_password(line: Statement) -> Statement:
    words = line.words
    if line.key.startswith("login user ") and words[3] != "encrypted":
        return line._replace(text=f"{line.key} {encrypted(words[3])}")
    return line


def _filtered(console: Console, command: Sequence[Word], words: Sequence[Word]) -> Job:
    """`show ... | grep [-i] [-v] [-w] PATTERN`, and `| less` (command reference 2.5)."""
    shown = command and command[0].value.lower() == "show"
    name, *rest = [word.value for word in words] or [""]
    if not shown or name not in ("grep", "less") or (name == "grep" and not rest):
        raise Refusal("keyword")
    keep = re.compile("").search if name == "less" else _matcher(rest)
    if name == "grep":
        yield messages.text("searching", console.language)
    job = _run(console, " ".join(word.raw for word in command))
    step = next(job, None)
    while step is not None:
        if isinstance(step, str):
            if keep(step):
                yield step
            step = next(job, None)
        else:
            step = _answered(job, (yield step))


def _answered(job: Job, typed: str) -> Step | None:
    """The next step after one that asked for something, if there is one."""
    try:
        return job.send(typed)
    except StopIteration:
        return None


def _matcher(words: Sequence[str]) -> Callable[[str], object]:
    options = "".join(word[1:] for word in words[:-1])
    if any(not word.startswith("-") for word in words[:-1]) or set(options) - set("ivw"):
        raise Refusal("keyword")
    try:
        expression = rf"\b(?:{words[-1]})\b" if "w" in options else words[-1]
        pattern = re.compile(expression, re.IGNORECASE if "i" in options else 0)
    except re.error:
        raise Refusal("keyword") from None
    if "v" in options:
        return lambda text: pattern.search(text) is None
    return pattern.search
