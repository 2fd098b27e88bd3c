"""The words of a command line, and patterns that say what a command takes.

A pattern is written on one line, its parts separated by blanks:

    word            this keyword (keywords are case-insensitive)
    a/b/c           one of these keywords
    1..100          an integer in this range
    IP, NET, ...    a value of a named kind (`KINDS`); alternatives by `/` here too
    part...         once or several times
    [ part part ]   may be left out
    { a=.. b=.. }   any of these `name=value` options, in any order
    |               what stands before it identifies the line: a second line with the same
                    beginning replaces the first, and `no` wants no more than that
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network
from typing import NamedTuple

from .kinds import KINDS


class Refusal(Exception):
    """The router refuses a line; `code` names the text in `messages.ERRORS`."""

    def __init__(self, code: str, position: int = 0) -> None:
        super().__init__(code)
        self.code, self.position = code, position


class Word(NamedTuple):
    """One word of a line: as it was typed, and with its quotes and escapes taken away."""

    raw: str
    value: str


@lru_cache(maxsize=1 << 14)
def split(line: str) -> tuple[Word, ...]:
    r"""Cut a line into words; `\x`, `"..."` and `'...'` protect (command reference 1.5).

    An unprotected `|` or `>` is a word of its own; a `#` at the beginning of a word begins a
    comment (unverified for typed lines).
    """
    words: list[Word] = []
    raw = value = quote = ""
    escaped = False
    for char in line:
        if escaped:
            raw, value, escaped = raw + char, value + char, False
        elif char == "\\":
            raw, escaped = raw + char, True
        elif quote:
            raw += char
            if char == quote:
                quote = ""
            else:
                value += char
        elif char in "\"'":
            raw, quote = raw + char, char
        elif char.isspace():
            if raw:
                words.append(Word(raw, value))
            raw = value = ""
        elif char in "|>":
            words += [Word(raw, value), Word(char, char)] if raw else [Word(char, char)]
            raw = value = ""
        elif char == "#" and not raw:
            break
        else:
            raw, value = raw + char, value + char
    if raw:
        words.append(Word(raw, value))
    return tuple(words)


def protects(line: str) -> bool:
    """Whether the next character is protected: an open quote or a backslash stands before it."""
    return len(split(f"{line} x")) == len(split(line.rstrip()))


# --- patterns -------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """One word: keywords, kinds and integer ranges of which one must fit; `prefix` is `name=`."""

    keywords: tuple[str, ...]
    kinds: tuple[str, ...]
    ranges: tuple[tuple[int, int], ...]
    identifies: bool
    repeated: bool = False
    prefix: str = ""

    @property
    def literal(self) -> bool:
        return not (self.kinds or self.ranges)

    def problem(self, word: Word) -> str:
        """Empty if the word fits, else the code of the refusal."""
        text = word.value
        if not text.lower().startswith(self.prefix):
            return "keyword"
        text = text[len(self.prefix) :]
        if text.lower() in self.keywords or any(KINDS[kind][0](text) for kind in self.kinds):
            return ""
        if self.ranges and re.fullmatch(r"\d+", text):
            inside = any(low <= int(text) <= high for low, high in self.ranges)
            return "" if inside else "range"
        if self.kinds:
            return KINDS[self.kinds[0]][1]
        if self.ranges:
            return "integer"
        return "command" if self.identifies and len(self.keywords) == 1 else "keyword"

    def completed(self, word: Word) -> Word:
        """The one keyword that begins with the word, if it is none of them itself."""
        begun = [each for each in self.keywords if each.startswith(word.value.lower())]
        return Word(begun[0], begun[0]) if len(begun) == 1 and self.problem(word) else word

    def written(self, word: Word) -> str:
        """The word as the router prints it: keywords in lower case, values as typed."""
        return word.value.lower() if word.value.lower() in self.keywords else word.raw


class _Maybe(NamedTuple):
    """Parts that may be left out."""

    parts: tuple[_Item, ...]

    def opens(self, word: Word, later: Sequence[_Item], *, loose: bool = False) -> bool:
        """Whether this word begins the group, and not one that follows."""
        first = self.parts[0]
        assert isinstance(first, _Part)
        if not first.problem(first.completed(word) if loose else word):
            return True
        return not first.literal and not any(
            isinstance(item, _Maybe | _Options) and item.opens(word, ()) for item in later
        )


class _Options(NamedTuple):
    """`name=value` words in any order."""

    parts: tuple[_Part, ...]

    def opens(self, word: Word, _later: Sequence[_Item]) -> bool:
        """Whether the word is one of them."""
        return any(word.value.lower().startswith(part.prefix) for part in self.parts)


_Item = _Part | _Maybe | _Options


class Pattern:
    """What one command takes; `head` are the keywords it begins with."""

    def __init__(self, text: str) -> None:
        identity, bar, values = text.partition(" | ")
        if not bar and identity.endswith(" |"):
            identity = identity[:-2]
        self.text = text
        self._identity = _parse(identity.split(), identifies=True)
        self._values = _parse(values.split(), identifies=False)
        head: list[str] = []
        for item in self._identity:
            if not (isinstance(item, _Part) and item.literal and len(item.keywords) == 1):
                break
            head.append(item.keywords[0])
        self.head = tuple(head)

    def begins(self, lower: tuple[str, ...]) -> bool:
        """Whether a line (its words in lower case) begins with the command's keywords."""
        return lower[: len(self.head)] == self.head

    def may_follow(self, lower: tuple[str, ...]) -> bool:
        """Whether the line so far (in lower case) may become this command."""
        shorter = min(len(lower), len(self.head))
        return lower[:shorter] == self.head[:shorter]

    def match(
        self, words: Sequence[Word], *, loose: bool = False
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The identifying and the other words as the router writes them; raises `Refusal`.

        `loose`: keywords may be abbreviated, where no other of the same place begins like that.
        """
        reader = _Reader(words, loose=loose)
        reader.read(self._identity)
        split_at = len(reader.written)
        reader.read(self._values)
        reader.end()
        return tuple(reader.written[:split_at]), tuple(reader.written[split_at:])

    def match_identity(self, words: Sequence[Word], *, loose: bool = False) -> tuple[str, ...]:
        """The identifying words of a `no` form; what follows is not looked at (1.4)."""
        reader = _Reader(words, loose=loose)
        reader.read(self._identity)
        return tuple(reader.written)


class _Reader:
    """Goes along the words once; remembers whether a keyword could have stood where it stopped."""

    def __init__(self, words: Sequence[Word], *, loose: bool) -> None:
        self._words, self._at, self._skipped, self._loose = words, 0, False, loose
        self.written: list[str] = []

    def read(self, items: Sequence[_Item], after: Sequence[_Item] = ()) -> None:
        for index, item in enumerate(items):
            later = (*items[index + 1 :], *after)
            if isinstance(item, _Part):
                self._take(item)
                while item.repeated and self._more(later):
                    self._take(item)
            elif isinstance(item, _Options):
                self._options(item)
            elif self._at < len(self._words):
                if item.opens(self._words[self._at], later, loose=self._loose):
                    self.read(item.parts, later)
                else:
                    self._skipped = True

    def _more(self, later: Sequence[_Item]) -> bool:
        if self._at >= len(self._words):
            return False
        return not any(self._begins(item, self._words[self._at]) for item in later)

    def _begins(self, item: _Item, word: Word) -> bool:
        """Whether the word is what comes next, if anything of the item comes."""
        if isinstance(item, _Options):
            return item.opens(word, ())
        first = item.parts[0] if isinstance(item, _Maybe) else item
        return isinstance(first, _Part) and not first.problem(self._word(first, word))

    def _word(self, part: _Part, word: Word) -> Word:
        return part.completed(word) if self._loose else word

    def _take(self, part: _Part) -> None:
        if self._at >= len(self._words):
            raise Refusal("count", self._at)
        word = self._word(part, self._words[self._at])
        if problem := part.problem(word):
            raise Refusal(problem, self._at)
        self.written.append(part.written(word))
        self._at += 1

    def _options(self, options: _Options) -> None:
        while self._at < len(self._words):
            word = self._words[self._at].value.lower()
            part = next((part for part in options.parts if word.startswith(part.prefix)), None)
            if part is None:
                self._skipped = True
                return
            self._take(part)

    def end(self) -> None:
        if self._at < len(self._words):
            raise Refusal("keyword" if self._skipped else "count", self._at)


def _parse(tokens: list[str], *, identifies: bool) -> tuple[_Item, ...]:
    items: list[_Item] = []
    stack: list[list[_Item]] = [items]
    for token in tokens:
        if token in "[{":
            stack.append([])
        elif token == "]":
            group = tuple(stack.pop())
            stack[-1].append(_Maybe(group))
        elif token == "}":
            options = tuple(part for part in stack.pop() if isinstance(part, _Part))
            stack[-1].append(_Options(options))
        else:
            stack[-1].append(_part(token, identifies=identifies))
    return tuple(items)


def _part(token: str, *, identifies: bool) -> _Part:
    repeated = token.endswith("...")
    prefix, equals, body = token.removesuffix("...").rpartition("=")
    choices = body.split("/")
    ranges = [re.fullmatch(r"(\d+)\.\.(\d+)", choice) for choice in choices]
    return _Part(
        tuple(c for c in choices if c not in KINDS and ".." not in c),
        tuple(c for c in choices if c in KINDS),
        tuple((int(found[1]), int(found[2])) for found in ranges if found),
        identifies,
        repeated,
        prefix + equals,
    )


def same_network(text: str) -> str:
    """One spelling for a destination: `default`, or a network with its mask length."""
    return text if text == "default" else str(IPv4Network(text, strict=False))
