"""The kinds of values that a command takes, and what the router says of one that is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from ipaddress import IPv4Interface
from typing import Final


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


def is_range(text: str) -> bool:
    """`A`, `A/M` or `A-B`."""
    first, dash, last = text.partition("-")
    return _address(first) and _address(last) if dash else _network(text)


def _filter_address(text: str) -> bool:
    return all(part == "*" or is_range(part) for part in text.split(","))


def _filter_name(text: str) -> bool:
    """As `_filter_address`, names among them: `www.example.jp`, `*.example.jp`, `map-e`."""
    return all(
        part == "*" or is_range(part) or _host_name(part.removeprefix("*."))
        for part in text.split(",")
    )


def _host_name(text: str) -> bool:
    """A host name has a letter in its last part; what has none is a mistyped address."""
    return bool(re.fullmatch(r"[A-Za-z0-9._:-]{1,255}", text)) and bool(
        re.search(r"[A-Za-z]", text.rpartition(".")[2])
    )


def _short(text: str) -> bool:
    """At most 64 characters, of which a wide one counts twice (4.56)."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return 1 <= len(text) + wide <= 64


def _shaped(expression: str) -> Callable[[str], bool]:
    compiled = re.compile(expression)
    return lambda text: compiled.fullmatch(text) is not None


_SPAN: Final = r"(?:\d{1,2}(?:-\d{0,2})?|-\d{1,2})"
_NUMBERS: Final = rf"(?:\*|{_SPAN}(?:,{_SPAN})*)"
_DAY: Final = r"(?:sun|mon|tue|wed|thu|fri|sat)"
_DAYS: Final = rf"(?:{_DAY}(?:-{_DAY}?)?|-{_DAY})"
_HOUR: Final = r"(?:\*|[01]?\d|2[0-3])"
_MINUTE: Final = r"(?:\*|[0-5]?\d)"
_PROTOCOL: Final = (
    r"(?:\d{1,3}|icmp|icmp-error|icmp-info|tcp|udp|esp|ah|gre|established|tcpfin|tcprst|tcpsyn|"
    r"tcpflag=\S+)"
)

_INTERFACE: Final = r"(?:lan[1-{}]|vlan\d+|bridge1|wan1)(?:[/.:]\d+)?"
_APPLICATION: Final = (  # 8.1.14
    r"tcp|udp|ping6?|echo|discard|daytime|chargen|ftp|ssh|telnet|smtp|time|whois|dns|domain|tftp|"
    r"gopher|finger|http|www|pop3|sunrpc|ident|nntp|ntp|ms-rpc|netbios_(?:ns|dgm|ssn)|imap3?|snmp|"
    r"snmptrap|bgp|ldap|https|ms-ds|ike|rlogin|rwho|rsh|syslog|printer|rip|ripng|ms-sql|radius|"
    r"l2tp|pptp|nfs|msblast|ipsec-nat-t|sip|submission|netmeeting|dhcp(?:v6)?[cs]"
)
_PORT: Final = r"[a-z0-9_]+(?:-[a-z0-9_]*)?"

KINDS: Final[dict[str, tuple[Callable[[str], bool], str]]] = {
    # kind: (test, what the router says when the test fails)
    "IP": (_address, "address"),
    "NET": (_network, "address"),
    "MASKED": (_masked_address, "address"),
    "RANGE": (is_range, "address"),
    "FILTERADDR": (_filter_address, "address"),
    "FILTERNAME": (_filter_name, "address"),
    "PROTOCOL": (_shaped(rf"\*|{_PROTOCOL}(?:,{_PROTOCOL})*"), "keyword"),
    "PORT": (_shaped(rf"\*|{_PORT}(?:,{_PORT}){{0,9}}"), "keyword"),
    "NATPORT": (_shaped(r"(?:[a-z0-9-]+=)?[a-z0-9-]+(?:,[a-z0-9-]+)*"), "keyword"),
    "LAN2": (_shaped(_INTERFACE.format(2)), "command"),
    "LAN3": (_shaped(_INTERFACE.format(3)), "command"),
    "INTERFACE2": (_shaped(_INTERFACE.format(2)), "keyword"),
    "INTERFACE3": (_shaped(_INTERFACE.format(3)), "keyword"),
    "LOOPBACK": (_shaped(r"loopback[1-9]"), "keyword"),
    "HEX": (_shaped(r"0x(?:[0-9a-fA-F]{2}){1,128}"), "keyword"),
    "PERCENT": (_shaped(r"(?:[78]\d|90)%"), "range"),
    "RANGES": (_shaped(r"\d{1,4}-\d{0,4}|-\d{1,4}"), "integer"),
    "ADDRESSEE": (lambda text: _address(text) or _host_name(text), "address"),
    "DATE": (_shaped(rf"{_NUMBERS}/(?:{_NUMBERS}|{_DAYS}(?:,{_DAYS})*)"), "keyword"),
    "TIME": (_shaped(rf"{_HOUR}:{_MINUTE}(?::[0-5]?\d)?|startup|usb-attached|sd-attached"),
             "keyword"),
    "SOON": (_shaped(r"\+(?:[1-9]\d{0,2}|[12]\d{3}|3[0-5]\d\d|3600)"), "range"),
    "STORAGE": (_shaped(r"(?:usb1|sd1):.{1,94}"), "integer"),
    "USER": (_shaped(r"[A-Za-z0-9_-]{1,32}"), "keyword"),
    "OPTION": (_shaped(r"[a-z-]+=\S+"), "keyword"),
    "NAME": (_shaped(r".{1,64}"), "range"),
    "APPLICATION": (_shaped(_APPLICATION), "keyword"),
    "GATEWAYS": (_shaped(r"\d{1,4}(?:,\d{1,4})*"), "integer"),
    "SHORT": (_short, "range"),
    "PASSWORD": (_shaped(r"[!-~]{1,32}"), "range"),
    "KEY": (_shaped(r"[ -~]{1,128}"), "range"),
    "TEXT": (_shaped(r".*"), "keyword"),
}  # fmt: skip
