"""Pure: who may log in, from where and how, by the configuration in force."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Final

from .configuration import Configuration
from .firmware import Firmware

Own = Collection[tuple[str, IPv4Interface]]

_MOST_KEYS: Final = 33
_LONGEST_KEY: Final = 4094


def attribute(running: Configuration, user: str | None, name: str) -> str | None:
    """One value of `user attribute`, the user's own before everybody's (4.10)."""
    for key in (f"user attribute {user}", "user attribute *"):
        for word in running.value(key) or ():
            if word.startswith(name + "="):
                return word.partition("=")[2]
    return None


def admits(running: Configuration, own: Own, source: IPv4Address) -> bool:
    """Whether `sshd host` lets this address in (4.67); for a LAN keyword, its prefix."""
    return _from(running.value("sshd host") or ("any",), own, source)


def may_connect(
    running: Configuration, own: Own, user: str, source: IPv4Address, *, others: int
) -> bool:
    """Whether a user's attributes let him in by SSH (4.10), with so many sessions of his."""
    ways = attribute(running, user, "connection") or "all"
    hosts = attribute(running, user, "host") or "any"
    alone = attribute(running, user, "multi-session") == "off"
    return (
        (ways == "all" or "ssh" in ways.split(","))
        and _from(hosts.split(","), own, source)
        and not (alone and others)
    )


def methods(running: Configuration, firmware: Firmware) -> set[str]:
    """How one may authenticate (4.74); firmware without the command knows passwords only."""
    if not firmware.has("key login"):
        return {"password"}
    words = set(running.value("sshd auth method") or ("all",))
    return {"password", "publickey"} if "all" in words else words


def public_keys(text: str) -> list[str]:
    """The keys of a file, as the router reads it: 33 of them, no comments, no long lines (4.75)."""
    lines = (line.strip() for line in text.replace("\r", "\n").split("\n"))
    kept = [line for line in lines if line and line[0] != "#" and len(line) <= _LONGEST_KEY]
    return kept[:_MOST_KEYS]


def _from(words: Sequence[str], own: Own, source: IPv4Address) -> bool:
    return any(word == "any" or _holds(word, own, source) for word in words)


def _holds(word: str, own: Own, source: IPv4Address) -> bool:
    """Whether an address, `A-B`, `A/M`, an interface or `lan` holds an address."""
    if word[:1].isdigit():
        first, dash, last = word.partition("-")
        if dash:
            return IPv4Address(first) <= source <= IPv4Address(last)
        return source in IPv4Network(word, strict=False)
    return any(
        source in address.network
        for name, address in own
        if name == word or (word == "lan" and name.startswith("lan"))
    )
