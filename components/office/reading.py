"""From what a router printed, as bytes from anywhere, to the lines it meant.

Pure.  A configuration comes as a file in one of three encodings, or as what somebody cut out of a
terminal: with the prompt and the typed command around it, marks of the pager inside, and every long
line cut hard at the width of the console, in the middle of numbers and keys too.

Sources: rtx-cli 1.5 (pager, wrap at console columns, charset), 5.1 (`show config`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from . import config, syntax
from .config import Config

_DECLARED: Final = re.compile(rb"^\s*console character (\S+)", re.MULTILINE)
_CODECS: Final = {
    b"ja.utf8": "utf-8",
    b"ja.sjis": "cp932",
    b"sjis": "cp932",
    b"ja.euc": "euc_jp",
    b"euc": "euc_jp",
}
# A terminal wipes the mark with CR, blanks, CR; a copy of the screen may have lost the CRs.
_PAGER: Final = re.compile(
    r"[ \t]*---[ \t]*(?:つづく|more)[ \t]*---"
    r"(?:[ \t]*\r[ \t]+\r| {10,12}(?=\S| )|[ \t]*(?:\r\n|\n|\Z))?"
)
_TYPED: Final = re.compile(r"(.{0,80}?)([>#]) ?(?:show|less) config\b.*")
_STARTS: Final = re.compile(r"(?:no )?(?:tunnel|pp|switch) (?:select|enable|disable) \S")
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


def read(data: bytes) -> Config:
    """The configuration in a file or a capture; unknown lines are kept, nothing is refused."""
    return config.parse(unwrapped(decode(data)))


def decode(data: bytes) -> str:
    """The text: UTF-8 where it is valid, else as `console character` says, else what fits best."""
    declared = _DECLARED.search(data)
    wanted = ["utf-8-sig", *filter(None, [_CODECS.get(declared[1]) if declared else None])]
    for codec in wanted:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    # EUC read as Shift_JIS is legal and gives rows of half-width katakana.
    texts = [text for codec in ("cp932", "euc_jp") if (text := _decoded(data, codec)) is not None]
    return min(texts, key=_half_width, default=data.decode("utf-8", "replace"))


def _decoded(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return None


def _half_width(text: str) -> int:
    return sum("｡" <= char <= "ﾟ" for char in text)


def unwrapped(text: str) -> str:
    """The lines as the router meant them: no pager, no prompt, nothing cut; ends are `\\n`."""
    text = _PAGER.sub("", text).replace("\r\r\n", "\n").replace("\r\n", "\n")
    lines = _answer(text.replace("\r", "\n").split("\n"))
    return "\n".join(_joined(lines))


def _answer(lines: Sequence[str]) -> Sequence[str]:
    """What stands between the typed `show config` and the next prompt; all, if nothing is typed."""
    for at, line in enumerate(lines):
        typed = _TYPED.fullmatch(line.rstrip())
        if typed:
            prompt = re.compile(rf"{re.escape(typed[1])}[>#](?: |\Z)(?!MAC |Memory |main:|Report)")
            rest = lines[at + 1 :]
            named = bool(typed[1].strip())
            ends = (n for n, each in enumerate(rest) if named and prompt.match(each))
            return rest[: next(ends, len(rest))]
    return lines


def _width(line: str) -> int:
    """Columns on a terminal: what is Japanese takes two."""
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def _joined(lines: Sequence[str]) -> Iterator[str]:
    """Lines that were cut at the width of the console, put together again.

    That width shows in the text itself: no line is wider than one column less, and a cut line has
    just that width (one less where the next character takes two).  A line of that width may simply
    end there, so the next one has to look like no line of its own.
    """
    widths = [_width(line) for line in lines]
    most = max(widths, default=0)
    if most < NARROWEST - 1:
        yield from lines
        return
    whole = ""
    for at, line in enumerate(lines):
        whole += line
        after = lines[at + 1] if at + 1 < len(lines) else ""
        full = widths[at] == most or (widths[at] == most - 1 and _width(after[:1]) == 2)
        if not (full and after and not _stands_alone(after)):
            yield whole
            whole = ""
    if whole:
        yield whole


def _stands_alone(line: str) -> bool:
    """Whether this can be the beginning of a line."""
    text = line.strip()
    if text.startswith("#") or _STARTS.match(text) or syntax.match(text.removeprefix("no ")):
        return True
    first = text.split(" ")[0] if text else ""
    return first in _OTHER_COMMANDS and " " in text
