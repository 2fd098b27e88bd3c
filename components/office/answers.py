"""What the RTX answers, in English and Japanese, as values.

Labels that were not seen in a published sample are marked unverified; a label that is not
understood makes a value empty, never a wrong one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address
from typing import Final, Literal

ERROR: Final = re.compile(r"^[ \t]*(?:エラー|Error)[ \t]*[:：][ \t]*(.*?)[ \t]*$", re.MULTILINE)
"""A refused line (command reference; the colon is a full-width one on some terminals)."""

_RELEASE: Final = re.compile(r"^\s*((?:RTX|NVR|vRX|FWX)\S*)\s+Rev\.(\d+(?:\.\d+)+)", re.MULTILINE)
# The Japanese label is unverified.
_NOW: Final = re.compile(
    r"^\s*(?:Current time|現在の時刻|現在時刻)\s*[:：]\s*"
    r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)(?: ([+-]\d\d:\d\d))?",
    re.MULTILINE,
)
# The Japanese label of the file in use is unverified, that of the default one was seen.
_FILE: Final = re.compile(
    r"^(.*?)(?:config\. file|設定ファイル)\s*[:：]\s*(\S+)", re.MULTILINE | re.IGNORECASE
)
_N: Final = r"([0-9]{1,10})"
_SENT: Final = re.compile(rf"{_N}個のパケットを送信し|{_N} packets? transmitted")
_RECEIVED: Final = re.compile(rf"{_N}個のパケットを受信|{_N} packets? received")
_ROUND_TRIP: Final = re.compile(
    r"(?:往復遅延[^=]*|round-trip[^=]*)=\s*[\d.]+/(\d{1,9}(?:\.\d{1,9})?)/", re.IGNORECASE
)
_SA: Final = re.compile(rf"^\s*SA\[{_N}\]", re.MULTILINE)
_ROW: Final = re.compile(rf"^[ \t]*{_N}[ \t]+{_N}[ \t]+(?:-|{_N})[ \t]", re.MULTILINE)
# The Japanese labels of `show ipsec sa ... detail` are unverified.
_LIFE: Final = re.compile(rf"(?:Duration|寿命)\s*[:：]\s*{_N}")
_REMOTE: Final = re.compile(r"(?:Remote ID|相手側の識別子)\s*[:：]\s*(\S+)")
_DIRECTION: Final = re.compile(r"(?:Direction|送受信方向|方向)\s*[:：]\s*(\S+)")
_PROTOCOL: Final = re.compile(r"(?:Protocol|プロトコル)\s*[:：]\s*(\w+)")
_SPI: Final = re.compile(r"SPI\s*[:：]\s*((?:[0-9a-fA-F]{2}\s?)+)")
_DIRECTIONS: Final[dict[str, Literal["send", "recv"]]] = {
    "send": "send",
    "送信": "send",
    "recv": "recv",
    "receive": "recv",
    "受信": "recv",
}


def error_in(answer: str) -> str | None:
    """The router's own text if it refused the line, else None."""
    found = ERROR.search(answer)
    return found[0].strip() if found else None


@dataclass(frozen=True)
class Environment:
    """What `show environment` says: model, revision, and the router's clock (None: not found).

    `running_file` is the configuration that the router booted from, `default_file` that of the
    next boot ("config0", "usb1:/config.txt"; "": not found).
    """

    model: str
    revision: str
    now: datetime | None
    running_file: str = ""
    default_file: str = ""


def environment(answer: str) -> Environment:
    """Read `show environment`."""
    release, now = _RELEASE.search(answer), _NOW.search(answer)
    model, revision = (release[1], release[2]) if release else ("", "")
    files = {"default" if _is_default(f[1]) else "running": f[2] for f in _FILE.finditer(answer)}
    return Environment(
        model,
        revision,
        _time(*now.groups()) if now else None,
        files.get("running", ""),
        files.get("default", ""),
    )


def _is_default(label: str) -> bool:
    """Whether a line about a file is about the next boot, from what stands before the word."""
    return re.search(r"default|デフォルト", label, re.IGNORECASE) is not None


def _time(text: str, offset: str | None) -> datetime | None:
    form, value = "%Y/%m/%d %H:%M:%S", text
    if offset:
        form, value = f"{form} %z", f"{text} {offset}"
    try:
        return datetime.strptime(value, form)
    except ValueError:
        return None


@dataclass(frozen=True)
class SecurityAssociation:
    """One SA of the office end.

    `life` in seconds that remain; `direction` is empty for an IKE SA; `spi` in hexadecimal
    without blanks, `remote` None if the router names it otherwise than by address.
    """

    id: int
    kind: Literal["ike", "esp"]
    direction: Literal["send", "recv", ""]
    life: int
    spi: str
    remote: IPv4Address | None


def associations(answer: str) -> tuple[SecurityAssociation, ...]:
    """Read `show ipsec sa gateway N detail`."""
    starts = list(_SA.finditer(answer))
    ends = [*(start.start() for start in starts), len(answer)][1:]
    return tuple(
        _association(int(start[1]), answer[start.end() : end])
        for start, end in zip(starts, ends, strict=True)
    )


def gateways_of(answer: str) -> dict[int, int]:
    """Read `show ipsec sa`: the gateway of each SA, by the SA's id."""
    return {int(row[1]): int(row[2]) for row in _ROW.finditer(answer)}


def _association(number: int, text: str) -> SecurityAssociation:
    life, remote = _LIFE.search(text), _REMOTE.search(text)
    protocol, spi, direction = _PROTOCOL.search(text), _SPI.search(text), _DIRECTION.search(text)
    return SecurityAssociation(
        id=number,
        kind="esp" if protocol and protocol[1].upper() == "ESP" else "ike",
        direction=_DIRECTIONS.get(direction[1].lower(), "") if direction else "",
        life=int(life[1]) if life else 0,
        spi=re.sub(r"\s", "", spi[1]).lower() if spi else "",
        remote=_address(remote[1]) if remote else None,
    )


def _address(text: str) -> IPv4Address | None:
    try:
        return IPv4Address(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Ping:
    """What a ping brought: `average_ms` is the round trip, None if nothing came back."""

    sent: int
    received: int
    average_ms: float | None


def ping(answer: str) -> Ping:
    """Read the summary of `ping`."""
    time = _ROUND_TRIP.search(answer)
    return Ping(_count(_SENT, answer), _count(_RECEIVED, answer), float(time[1]) if time else None)


def _count(pattern: re.Pattern[str], answer: str) -> int:
    found = pattern.search(answer)
    return int(found[1] or found[2]) if found else 0
