"""What happens to a line that was typed: find its row, refuse it or do it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from . import messages
from .actions import ACTIONS
from .commands import CONFIGURATION, Found, lookup
from .configuration import Configuration, Statement, statements
from .dialogue import Job
from .grammar import Refusal, Word, split
from .passwords import encrypted
from .shows import SHOWS

if TYPE_CHECKING:
    from .console import Console

_LONGEST: Final = 4095
_HANDLERS: Final = {**ACTIONS, **SHOWS}
_TABLE: Final = (*_HANDLERS, *CONFIGURATION)


def execute(console: Console, text: str) -> Job:
    """Run one line; every refusal ends as one line of text."""
    try:
        yield from _run(console, text)
    except Refusal as refusal:
        yield messages.error(refusal.code, console.language)


def explain(console: Console, text: str) -> list[str]:
    """What `?` shows after these words: the syntax of every command that may follow (2.4)."""
    words = split(text)
    syntaxes = {
        row.pattern.text.replace(" |", ""): None
        for row in _TABLE
        if row.since <= console.router.revision <= row.until and row.pattern.may_follow(words)
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
    if pipe is not None:
        yield from _filtered(console, words[:pipe], words[pipe + 1 :])
        return
    negated = words[0].value.lower() == "no"
    if negated and len(words) == 1:
        raise Refusal("count")
    found = lookup(words[negated:], _TABLE, console.router.revision, negated=negated)
    _check(console, found, negated=negated)
    if found.row in _HANDLERS:
        yield from _HANDLERS[found.row](console, found)
    else:
        console.router.change(_changed(console, found, negated=negated))


def _check(console: Console, found: Found, *, negated: bool) -> None:
    """Level first, then the context, then the words; `no` works on configuration lines only."""
    if found.refusal is not None and found.refusal.code == "command":
        raise found.refusal
    if negated and found.row in _HANDLERS and not found.row.negatable:
        raise Refusal("command")
    if found.row.administrator and not console.administrator:
        raise Refusal("level")
    if found.row.scope and console.context.partition(" ")[0] != found.row.scope:
        raise Refusal("context")
    if found.refusal is not None:
        raise found.refusal


def _changed(console: Console, found: Found, *, negated: bool) -> Configuration:
    running = console.router.running()
    for each in statements(found, console.context):
        if negated or found.row.kind == "disable":
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
    for step in job:
        if not isinstance(step, str) or keep(step):
            yield step


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
