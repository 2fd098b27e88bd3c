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
from collections.abc import Callable, Sequence
from ipaddress import IPv4Interface, IPv4Network
from typing import Final, NamedTuple


class Refusal(Exception):
    """The router refuses a line; `code` names the text in `messages.ERRORS`."""

    def __init__(self, code: str, position: int = 0) -> None:
        super().__init__(code)
        self.code, self.position = code, position


class Word(NamedTuple):
    """One word of a line: as it was typed, and with its quotes and escapes taken away."""

    raw: str
    value: str


def split(line: str) -> tuple[Word, ...]:
    r"""Cut a line into words; `\x`, `"..."` and `'...'` protect (command reference 1.5).

    An unprotected `|` is a word of its own; a `#` at the beginning of a word begins a comment
    (unverified for typed lines).
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
        elif char == "|":
            words += [Word(raw, value), Word("|", "|")] if raw else [Word("|", "|")]
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


# --- kinds of values ------------------------------------------------------------------------------


def _address(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", text)) and _network(text)


def _network(text: str) -> bool:
    try:
        IPv4Interface(text)
    except ValueError:
        return False
    return bool(re.fullmatch(r"[\d.]+(/\d{1,2})?", text))


def _masked_address(text: str) -> bool:
    return "/" in text and _network(text)


def _range(text: str) -> bool:
    """`A`, `A/M` or `A-B`."""
    first, dash, last = text.partition("-")
    return _address(first) and _address(last) if dash else _network(text)


def _filter_address(text: str) -> bool:
    return all(part == "*" or _range(part) for part in text.split(","))


def _host_name(text: str) -> bool:
    """A host name has a letter in its last part; what has none is a mistyped address."""
    return bool(re.fullmatch(r"[A-Za-z0-9._:-]{1,255}", text)) and bool(
        re.search(r"[A-Za-z]", text.rpartition(".")[2])
    )


def _shaped(expression: str) -> Callable[[str], bool]:
    compiled = re.compile(expression)
    return lambda text: compiled.fullmatch(text) is not None


_NUMBER_OR_STAR: Final = r"(?:\*|\d{1,2}(?:-\d{1,2})?(?:,\d{1,2}(?:-\d{1,2})?)*)"
_PROTOCOL: Final = (
    r"(?:\d{1,3}|icmp|icmp-error|icmp-info|tcp|udp|esp|ah|gre|established|tcpfin|tcprst|tcpsyn|"
    r"tcpflag=\S+)"
)

_PORT: Final = r"[a-z0-9_]+(?:-[a-z0-9_]*)?"

KINDS: Final[dict[str, tuple[Callable[[str], bool], str]]] = {
    # kind: (test, what the router says when the test fails)
    "IP": (_address, "address"),
    "NET": (_network, "address"),
    "MASKED": (_masked_address, "address"),
    "RANGE": (_range, "address"),
    "FILTERADDR": (_filter_address, "address"),
    "PROTOCOL": (_shaped(rf"\*|{_PROTOCOL}(?:,{_PROTOCOL})*"), "keyword"),
    "PORT": (_shaped(rf"\*|{_PORT}(?:,{_PORT}){{0,9}}"), "keyword"),
    "NATPORT": (_shaped(r"(?:[a-z0-9-]+=)?[a-z0-9-]+(?:,[a-z0-9-]+)*"), "keyword"),
    "LAN": (_shaped(r"(?:lan\d{1,2}|vlan\d+|bridge1|wan1)(?:[/.:]\d+)?"), "command"),
    "INTERFACE": (_shaped(r"(?:lan\d{1,2}|vlan\d+|bridge1|wan1)(?:[/.:]\d+)?"), "keyword"),
    "HEX": (_shaped(r"0x(?:[0-9a-fA-F]{2}){1,128}"), "keyword"),
    "PERCENT": (_shaped(r"(?:[78]\d|90)%"), "range"),
    "RANGES": (_shaped(r"\d{1,4}-\d{1,4}"), "integer"),
    "ADDRESSEE": (lambda text: _address(text) or _host_name(text), "address"),
    "DATE": (_shaped(rf"{_NUMBER_OR_STAR}/(?:{_NUMBER_OR_STAR}|(?:sun|mon|tue|wed|thu|fri|sat)"
                     r"(?:[-,](?:sun|mon|tue|wed|thu|fri|sat))*)"), "keyword"),
    "TIME": (_shaped(r"(?:\*|\d{1,2}):(?:\*|\d{1,2})(?::(?:\*|\d{1,2}))?|startup|usb-attached|"
                     r"sd-attached"), "keyword"),
    "SOON": (_shaped(r"\+(?:[1-9]\d{0,2}|[12]\d{3}|3[0-5]\d\d|3600)"), "range"),
    "USER": (_shaped(r"[A-Za-z0-9_-]{1,32}"), "keyword"),
    "OPTION": (_shaped(r"[a-z-]+=\S+"), "keyword"),
    "SHORT": (_shaped(r".{1,64}"), "range"),
    "PASSWORD": (_shaped(r"[!-~]{1,32}"), "range"),
    "KEY": (_shaped(r"[ -~]{1,128}"), "range"),
    "TEXT": (_shaped(r".*"), "keyword"),
}  # fmt: skip


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

    def written(self, word: Word) -> str:
        """The word as the router prints it: keywords in lower case, values as typed."""
        return word.value.lower() if word.value.lower() in self.keywords else word.raw


class _Maybe(NamedTuple):
    """Parts that may be left out."""

    parts: tuple[_Item, ...]

    def opens(self, word: Word, later: Sequence[_Item]) -> bool:
        """Whether this word begins the group, and not one that follows."""
        first = self.parts[0]
        assert isinstance(first, _Part)
        if not first.problem(word):
            return True
        return not first.literal and not any(
            isinstance(item, _Maybe) and item.opens(word, ()) for item in later
        )


class _Options(NamedTuple):
    """`name=value` words in any order."""

    parts: tuple[_Part, ...]


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

    def begins(self, words: Sequence[Word]) -> bool:
        """Whether the line begins with the command's keywords."""
        return tuple(word.value.lower() for word in words[: len(self.head)]) == self.head

    def may_follow(self, words: Sequence[Word]) -> bool:
        """Whether the line so far may become this command."""
        shorter = min(len(words), len(self.head))
        return tuple(word.value.lower() for word in words[:shorter]) == self.head[:shorter]

    def match(self, words: Sequence[Word]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The identifying and the other words as the router writes them; raises `Refusal`."""
        reader = _Reader(words)
        reader.read(self._identity)
        split_at = len(reader.written)
        reader.read(self._values)
        reader.end()
        return tuple(reader.written[:split_at]), tuple(reader.written[split_at:])

    def match_identity(self, words: Sequence[Word]) -> tuple[str, ...]:
        """The identifying words of a `no` form; what follows is not looked at (1.4)."""
        reader = _Reader(words)
        reader.read(self._identity)
        return tuple(reader.written)


class _Reader:
    """Goes along the words once; remembers whether a keyword could have stood where it stopped."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words, self._at, self._skipped = words, 0, False
        self.written: list[str] = []

    def read(self, items: Sequence[_Item]) -> None:
        for index, item in enumerate(items):
            later = items[index + 1 :]
            if isinstance(item, _Part):
                self._take(item)
                while item.repeated and self._more(later):
                    self._take(item)
            elif isinstance(item, _Options):
                self._options(item)
            elif self._at < len(self._words):
                if item.opens(self._words[self._at], later):
                    self.read(item.parts)
                else:
                    self._skipped = True

    def _more(self, later: Sequence[_Item]) -> bool:
        if self._at >= len(self._words):
            return False
        word = self._words[self._at]
        followers = [i.parts[0] if isinstance(i, _Maybe) else i for i in later]
        return not any(isinstance(f, _Part) and not f.problem(word) for f in followers)

    def _take(self, part: _Part) -> None:
        if self._at >= len(self._words):
            raise Refusal("count", self._at)
        word = self._words[self._at]
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
