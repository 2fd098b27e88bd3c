"""From what a router printed, as bytes from anywhere, to the lines it meant.

Pure.  A configuration comes as a file in one of three encodings, or as what somebody cut out of a
terminal: with the prompt and the typed command around it, marks of the pager inside, and every long
line cut hard at the width of the console, in the middle of numbers and keys too.

Sources: rtx-cli 1.5 (pager, wrap at console columns, charset), 5.1 (`show config`).
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ..errors import VpnError
from . import config, syntax, written
from .config import Config
from .syntax import Key
from .written import END, line_end, most_usual

_DECLARED: Final = re.compile(rb"^\s*console character (\S+)", re.MULTILINE)
_CODECS: Final = {
    b"ja.utf8": "utf-8",
    b"ja.sjis": "cp932",
    b"sjis": "cp932",
    b"ja.euc": "euc_jp",
    b"euc": "euc_jp",
}
_SIGNED: Final = "utf-8-sig"
_PLAIN: Final = {_SIGNED: "utf-8"}
"""The codec of what follows the byte order mark."""

# A terminal wipes the mark with CR, blanks, CR, or with its own sequences; a copy of the screen may
# have lost the CRs.
_ESCAPE: Final = r"\x1b\[[0-9;?]*[@-~]"
# As many as the mark is wide, or has characters.
_BLANKS: Final = (
    r"(?:(?<=-more---) {10}|(?<= more ---) {12}|(?<=く---) {9,12}|(?<=く ---) {11,14})(?=[\S ])"
)
_PAGER: Final = (
    rf"(?:(?<![ \t])[ \t]+)?---[ \t]*(?:つづく|more)[ \t]*---(?:{_ESCAPE})*"
    rf"(?:[ \t]*\r(?:[ \t]+\r|(?:{_ESCAPE})+)|{_BLANKS}|[ \t]*(?:\r*\n|\Z))?"
)
# What else moves the cursor: colours, and a mark that is overwritten backwards.
_CURSOR: Final = rf"{_ESCAPE}|\x08+(?: +\x08+)?"
_CUT: Final = re.compile(rf"{_PAGER}|{_CURSOR}|(?P<end>{END})")
_TYPED: Final = re.compile(r"(.{0,80}?)([>#]) ?(?:show|less) config\b.*")
_PROMPT: Final = re.compile(r"[>#](?: |\Z)(?!MAC |Memory |main:|Report)")
_STARTS: Final = re.compile(r"(?:no )?(?:tunnel|pp|switch) (?:select|enable|disable) \S")
_WORD: Final = re.compile(r"\s*[a-z][a-z0-9-]*\s", re.IGNORECASE)
_COLUMNS: Final = re.compile(r"console columns (\d{2,4})")
NARROWEST: Final = 80
"""The least width of a console: its lines are cut after one column less."""

# Commands of other chapters that stand in configurations and not in our table: a line that begins
# with one of them is a line of its own, not the rest of the line before.
_OTHERS: Final = """
alarm analog auth bgp bridge clear clock cloud cooperation cu console date description dhcp
diagnosis disconnect dns ethernet external-memory heartbeat heartbeat2 httpd igmp ipv6 isdn l2tp
lan lan-map line lldp login loopback lua mail mobile netvolante-dns ngn ntp ntpdate operation
ospf packetdump pki ppp pppoe pptp provider qac queue radius rip rtfs schedule security sd sftpd
sip snmp snmpv2c snmpv3 sntpd speed sshd statistics switch syslog system telnetd terminate tftp
time timezone upnp url usb user vlan vrrp web wins wol yno set alias administrator
"""
_OTHER_COMMANDS: Final = frozenset(_OTHERS.split())


class Line(NamedTuple):
    """A line as the router meant it, and where it stands in the text that was read.

    `text[start:end]` is all of it: its end, a mark of the pager before it, its pieces if it is cut.
    """

    meant: str
    start: int
    end: int

    def __repr__(self) -> str:
        return f"Line({self.start}, {self.end})"


def read(data: bytes) -> Config:
    """The configuration in a file or a capture; unknown lines are kept, nothing is refused."""
    return config.parse(unwrapped(decode(data)))


def write(data: bytes, after: Config) -> bytes:
    """What was read from `data`, with the changes of `after` in it.

    Every byte of a line that was not changed comes back, and what a terminal left around and
    inside the lines too.  A new line has the encoding of the others, and their line end.
    Raises `VpnError` if that encoding lacks one of its characters, or if what comes out would be
    read as something else: where lines were cut, one that is gone may let its neighbours join.
    """
    whole = _write(data, after)
    if whole != data and _meaning(read(whole)) != _meaning(after):
        raise VpnError(
            "a change cannot be written into this text: its lines are cut, and would be read "
            "together in another way",
            state="nothing was written",
            remedy="read the router anew with `console columns 4096`, and change that text",
        )
    return whole


def _meaning(config: Config) -> dict[Key, str]:
    return {s.key: s.text for s in config.statements}


def _write(data: bytes, after: Config) -> bytes:
    codec = _codec(data)
    text = _decoded(data, codec)
    lines, starts = lines_of(text), _starts(data, codec)
    raws = [data[starts[line.start] : starts[line.end]] for line in lines]
    own = [line_end(text[line.start : line.end]) for line in lines]
    usual = most_usual(own)
    known = len(after.source.splitlines())
    lacking = _ends_lacking(text, lines[-1])
    columns = _columns(text, lines)
    before = text[: lines[0].start]
    out = [data[: starts[len(before)]]]
    missing = usual * (bool(before) and not line_end(before))
    for number, new in written.pieces(after):
        end = own[number - 1] if number else usual
        if new is None:
            out.append(raws[number - 1])
            missing = usual * (lacking if number == len(lines) else not end)
        else:
            out.append(_encoded(missing + usual.join(_cut(new, columns)) + end, codec))
            missing = usual * (not end)
    tail = starts[lines[known - 1].end if known else lines[0].start]
    return b"".join([*out, data[tail:]])


def _ends_lacking(text: str, last: Line) -> int:
    """How many line ends the last line wants before another one can follow it.

    A mark of the pager swallows the line end behind it.
    """
    shown = text[last.start : last.end]
    marked = not shown.rstrip("\r\n").endswith(last.meant)
    return 1 + marked - bool(line_end(shown))


def _columns(text: str, lines: Sequence[Line]) -> int:
    """The columns that a new line may have: as many as the others if those were cut, else 0."""
    first, ends = lines[0].start, {line.end for line in lines}
    cut = (each for each in _physical(text) if first <= each.start and each.end not in ends)
    return max((_width(each.meant) for each in cut if each.end < lines[-1].end), default=0)


def _cut(text: str, columns: int) -> Iterator[str]:
    """A line in pieces of at most so many columns (0: whole), as a console prints it."""
    piece, width = "", 0
    for char in text:
        width += _width(char)
        if columns and width > columns:
            yield piece
            piece, width = "", _width(char)
        piece += char
    yield piece


def decode(data: bytes) -> str:
    """The text: UTF-8 where it is valid, else as `console character` says, else what fits best."""
    return _decoded(data, _codec(data))


def _codec(data: bytes) -> str:
    declared = _DECLARED.search(data)
    wanted = [_SIGNED, *filter(None, [_CODECS.get(declared[1]) if declared else None])]
    for codec in wanted:
        if _fits(data, codec):
            return codec
    # EUC read as Shift_JIS is legal and gives rows of half-width katakana.
    fitting = [codec for codec in ("cp932", "euc_jp") if _fits(data, codec)]
    return min(fitting, key=lambda codec: _half_width(data.decode(codec)), default="utf-8")


def _fits(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(data: bytes, codec: str) -> str:
    return data.decode(codec, "replace")


def _encoded(text: str, codec: str) -> bytes:
    try:
        return text.encode(_PLAIN.get(codec, codec))
    except UnicodeEncodeError:
        raise VpnError(
            f"a new line has a character that {codec} lacks: {syntax.masked(text.strip())}",
            remedy="write it in the characters that the rest of the file has",
        ) from None


def _starts(data: bytes, codec: str) -> list[int]:
    """Where each character begins in the bytes, and where the last one ends.

    Counted in what was read: encoding a character again may give other bytes (cp932 has some
    characters twice), and what was no character at all has none.
    """
    signed = codec == _SIGNED and data.startswith(codecs.BOM_UTF8)
    decoder = codecs.getincrementaldecoder(_PLAIN.get(codec, codec))("replace")
    at = len(codecs.BOM_UTF8) if signed else 0
    starts = [at]
    for line in data[at:].splitlines(keepends=True):
        if line.isascii():
            starts += range(at + 1, at + len(line) + 1)
        else:
            for done in range(1, len(line) + 1):
                starts += [at + done] * len(decoder.decode(line[done - 1 : done]))
        at += len(line)
    return [*starts, *[len(data)] * len(decoder.decode(b"", final=True))]


def _half_width(text: str) -> int:
    return sum("｡" <= char <= "ﾟ" for char in text)


def unwrapped(text: str) -> str:
    """The lines as the router meant them: no pager, no prompt, nothing cut; ends are `\\n`."""
    return "\n".join(line.meant for line in lines_of(text))


def lines_of(text: str) -> list[Line]:
    """The same line by line, each with its place; at least one."""
    return list(_joined(_answer(list(_physical(text)))))


def _physical(text: str) -> Iterator[Line]:
    """The lines as they stand in the text, without the marks of the pager."""
    meant, start, at = "", 0, 0
    for cut in _CUT.finditer(text):
        meant += text[at : cut.start()]
        at = cut.end()
        if cut["end"]:
            yield Line(meant, start, at)
            meant, start = "", at
    yield Line(meant + text[at:], start, len(text))


def _answer(lines: Sequence[Line]) -> Sequence[Line]:
    """The longest answer to a typed `show config`; all lines, if nothing is typed."""
    typed = {
        at: found[1]
        for at, line in enumerate(lines)
        if (found := _TYPED.fullmatch(line.meant.rstrip()))
    }
    if not typed:
        return lines
    first = min(typed)
    if not typed[first].strip():
        # A prompt without a name looks like a comment, so the answer may end anywhere; and a
        # comment it is if commands stand before it.
        before = any(syntax.command_of(line.meant.strip()) for line in lines[:first])
        return lines if before else _some(lines[first + 1 :], lines)
    ends = [*typed, len(lines)][1:]
    answers = [
        _until_prompt(lines[at + 1 : end], name)
        for (at, name), end in zip(typed.items(), ends, strict=True)
    ]
    return _some(max(answers, key=len), lines)


def _some(answer: Sequence[Line], lines: Sequence[Line]) -> Sequence[Line]:
    return answer or [Line("", lines[-1].end, lines[-1].end)]


def _until_prompt(lines: Sequence[Line], name: str) -> Sequence[Line]:
    ends = (
        at
        for at, line in enumerate(lines)
        if line.meant.startswith(name) and _PROMPT.match(line.meant, len(name))
    )
    return lines[: next(ends, len(lines))]


def _width(line: str) -> int:
    """Columns on a terminal: what is Japanese takes two."""
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def _joined(lines: Sequence[Line]) -> Iterator[Line]:
    """Lines that were cut at the width of the console, put together again.

    That width shows in the text itself: no line is wider than one column less, and a cut line has
    just that width (one less where the next character takes two).  A line of that width may simply
    end there, so the next one has to look like no line of its own.
    """
    widths = [_width(line.meant) for line in lines]
    most = max(widths)
    if most < NARROWEST - 1:
        yield from lines
        return
    # One line may be the longest by chance, unless the console is known to be just as wide.
    sure = widths.count(most) > 1 or most + 1 in (NARROWEST, *_declared_columns(lines))
    whole = Line("", lines[0].start, 0)
    for at, line in enumerate(lines):
        whole = Line(whole.meant + line.meant, whole.start, line.end)
        after = lines[at + 1].meant if at + 1 < len(lines) else ""
        full = widths[at] == most or (widths[at] == most - 1 and _width(after[:1]) == 2)
        if not (full and after and _goes_on(line.meant, after, sure=sure)):
            yield whole
            whole = Line("", line.end, 0)


def _declared_columns(lines: Sequence[Line]) -> Iterator[int]:
    for line in lines:
        if found := _COLUMNS.fullmatch(line.meant.strip()):
            yield int(found[1])


def _goes_on(line: str, after: str, *, sure: bool) -> bool:
    """Whether the next line is the rest of one that fills the width; `sure`: others are cut."""
    if line.endswith("\\"):
        # What is escaped belongs to its backslash, be it a `#`.
        return True
    return not _stands_alone(after) and (sure or not _WORD.match(after))


def _stands_alone(line: str) -> bool:
    """Whether this can be the beginning of a line."""
    text = line.strip()
    if text.startswith("#") or _STARTS.match(text) or syntax.match(text.removeprefix("no ")):
        return True
    first = text.split(" ")[0] if text else ""
    return first in _OTHER_COMMANDS and " " in text
