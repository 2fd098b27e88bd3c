"""A line of a configuration in the words of the table of commands.

Which command it is, what identifies it, what takes it away, whether it says what its absence would
say, and where its secret is.  Commands that are not in the table are kept as they are: their whole
text is their key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

from .command_table import COMMANDS, NUMBER, PSK_PLACEHOLDER, Command, Step

__all__ = [
    "COMMANDS",
    "NUMBER",
    "PSK_PLACEHOLDER",
    "Command",
    "Key",
    "Match",
    "command_of",
    "default_of",
    "equal",
    "is_default",
    "key_of",
    "masked",
    "match",
    "no_form",
    "plain",
    "tokens",
]

# A token ends at a blank that is neither quoted nor escaped (command reference 1.5).
_TOKEN: Final = re.compile(r"""(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\]|["'\\])+""")


class Key(NamedTuple):
    """What identifies a line: two lines with one key cannot stand beside each other."""

    context: str
    words: str


class Match(NamedTuple):
    """A line with the command that it is of.

    The words are taken from the text again when they are asked for: of most lines nobody does, and
    a configuration held word by word is several times as large as the caches of a processor.
    """

    command: Command
    text: str

    def __repr__(self) -> str:
        return f"Match({self.command.pattern!r}, {masked(self.text)!r})"

    @property
    def words(self) -> tuple[str, ...]:
        """All words of the line."""
        return tokens(self.text)

    @property
    def key(self) -> tuple[str, ...]:
        """The words that say which line it is, in our spelling."""
        steps = self.command.steps
        return tuple(
            word if step.form else step.spellings[0]
            for step, word in zip(steps, self.words, strict=False)
        )

    @property
    def spelled(self) -> tuple[str, ...]:
        """The same words as they are written."""
        return self.words[: len(self.command.steps)]

    @property
    def value(self) -> tuple[str, ...]:
        """The words after them."""
        return self.words[len(self.command.steps) :]

    @property
    def named(self) -> dict[str, str]:
        """What stands where the pattern has `<gateway>` and the like, under that name."""
        words = self.words
        return {name: words[at] for name, at in self.command.places.items()}


class _Node:
    """Where the words read so far have led: what may come next, and which command that is now."""

    def __init__(self) -> None:
        self.words: dict[str, _Node] = {}
        self.forms: dict[str, tuple[re.Pattern[str], _Node]] = {}
        self.command: Command | None = None
        self.leaf = True

    def grow(self, command: Command, steps: Sequence[Step]) -> None:
        """Add a command, all more specific ones being here already.

        What may stand for any word may stand for those too that have a way of their own, so that
        reading never has to come back; but where a command ends, its value begins.
        """
        if not steps:
            self.command = self.command or command
            return
        (spellings, name, form), rest = steps[0], steps[1:]
        for word in spellings:
            self.words.setdefault(word, _Node()).grow(command, rest)
        if form:
            self.forms.setdefault(name, (form, _Node()))[1].grow(command, rest)
            for word, node in self.words.items():
                if form.fullmatch(word) and node.command is None:
                    node.grow(command, rest)

    def settle(self, so_far: Command | None = None) -> None:
        """Let a line that stops making sense be one of the last command that it did belong to."""
        self.command = self.command or so_far
        # A number is a word too: what takes any word is asked last.
        self.forms = dict(sorted(self.forms.items(), key=lambda form: form[0] == "word"))
        nodes = [*self.words.values(), *(node for _, node in self.forms.values())]
        self.leaf = not nodes
        for node in nodes:
            node.settle(self.command)

    def other(self, word: str) -> _Node | None:
        """Where a word leads that is not spelled as in the table."""
        if node := self.words.get(word.lower()):
            return node
        for form, node in self.forms.values():
            if form.fullmatch(word):
                return node
        return None


def _specific(command: Command) -> tuple[int, int]:
    literals = sum(step.form is None for step in command.steps)
    return literals, len(command.steps)


def _grown() -> _Node:
    root = _Node()
    for command in sorted(COMMANDS, key=_specific, reverse=True):
        root.grow(command, command.steps)
    root.settle()
    return root


_ROOT: Final = _grown()


def tokens(text: str) -> tuple[str, ...]:
    """The words of a command; quotes and escapes stay as they are written."""
    if '"' in text or "'" in text or "\\" in text:
        return tuple(_TOKEN.findall(text))
    return tuple(text.split())


def plain(token: str) -> str:
    """A token without its quotes and escapes."""
    return re.sub(r"\\(.)|[\"']", lambda found: found.group(1) or "", token)


@lru_cache(maxsize=1 << 15)
def command_of(text: str) -> Command | None:
    """The command in the table that `text` is a line of, or None."""
    node = _ROOT
    for word in tokens(text):
        if node.leaf or not (after := node.words.get(word) or node.other(word)):
            break
        node = after
    return node.command


def match(text: str) -> Match | None:
    """The same with the words of the line in their parts."""
    command = command_of(text)
    return Match(command, text) if command else None


@lru_cache(maxsize=1 << 12)
def key_of(text: str, context: str = "") -> Key:
    """What identifies this line where it stands; `context` is "", "tunnel 2", "pp 1" and so on."""
    found = match(text)
    if not found:
        return Key(context, " ".join(text.split()))
    return Key("" if found.command.scope == "global" else context, " ".join(found.key))


def no_form(text: str) -> str:
    """The command that takes this line away (command reference 1.4)."""
    found = match(text)
    if not found:
        return f"no {text}"
    if found.command.off:
        return re.sub(r"<(\w+)>", lambda name: found.named[name.group(1)], found.command.off)
    return "no " + " ".join(found.spelled)


def equal(a: str, b: str, model: str = "", revision: str = "") -> bool:
    """Whether two lines of one context say the same on that router, whatever their spelling."""
    one, other = match(a), match(b)
    if not one or not other:
        return a.split() == b.split()
    if one.key != other.key:
        return False
    defaults = one.command.defaults(model, revision)
    return _value(one) == _value(other) or all(" ".join(m.value) in defaults for m in (one, other))


def _value(found: Match) -> list[str]:
    return [plain(token) for token in found.value]


def default_of(command: Command, model: str = "", revision: str = "") -> str | None:
    """The value that a missing line of this command means on that router; None: none, or unknown.

    `model` and `revision` as the head of a configuration has them ("RTX1220", "15.04.03"); without
    them only what every router has in common is known.
    """
    return next(iter(command.defaults(model, revision)), None)


def is_default(text: str, model: str = "", revision: str = "") -> bool:
    """Whether that router would do the same without this line."""
    found = match(text)
    return bool(found and " ".join(found.value) in found.command.defaults(model, revision))


def _secret_pattern(command: Command) -> str:
    def word(want: str) -> str:
        return r"\S+" if want.startswith("<") else f"(?:{want})"

    # Blanks only, never a line end: a secret ends with its line.
    keep = command.secret.keep if command.secret else ""
    start = "[ \t]+".join(word(want) for want in command.words)
    return rf"(\b{start}[ \t]+{keep})\S[^\r\n]*"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compiled when the first text needs it: most processes show no secret, and all import this."""
    return re.compile(pattern, re.IGNORECASE)


_SECRETS: Final = tuple(
    # With the longest word that the command cannot be without: few texts have it at all.
    (
        max((step.spellings[0] for step in command.steps if len(step.spellings) == 1), key=len),
        _secret_pattern(command),
        command.secret.shown,
    )
    for command in COMMANDS
    if command.secret
)


def masked(text: str) -> str:
    """`text` (any number of lines) with every secret replaced: fit for logs and errors."""
    lowered = text.lower()
    for word, pattern, shown in _SECRETS:
        if word in lowered:
            text = _compiled(pattern).sub(rf"\g<1>{shown}", text)
    return text
