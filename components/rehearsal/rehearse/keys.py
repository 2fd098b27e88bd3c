"""Keys that a copy lacks: `show config` or the API may show none.

Pure.  A hidden key is taken to be the one of the other end; where both hide it, one is made.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from ...ipsec import generate_key
from .sources import Source

# `ipsec ike pre-shared-key GW text KEY` (command reference 15.3); hidden as a star.
_OFFICE_KEY: Final = re.compile(
    r"^([ \t]*ipsec ike pre-shared-key (\d+) )(?:text )?(\S+)[ \t]*$", re.MULTILINE
)
_REMOTE: Final = re.compile(r"^[ \t]*ipsec ike remote address (\d+) (\S+)", re.MULTILINE)
_WORD: Final = re.compile(r"[\w.]+")
_HIDDEN: Final = re.compile(r"\*+")


def completed(source: Source) -> Source:
    """The same ends with every key there, and a note on those that were taken for granted."""
    if source.body is None:
        return source
    body, text = deepcopy(source.body), source.configuration
    entries = _entries(body)
    office = {number: key for _, number, key in _OFFICE_KEY.findall(text)}
    hiding = {
        "the API body": not all(entry.get("PreSharedSecret") for entry in entries),
        "`show config`": any(map(_HIDDEN.fullmatch, office.values())),
    }
    where = " and ".join(name for name, hides in hiding.items() if hides)
    if not where:
        return source
    key = _cloud_key(entries, text) or _office_key(office, body, text) or generate_key()
    for entry in entries:
        entry["PreSharedSecret"] = entry.get("PreSharedSecret") or key

    def fill(found: re.Match[str]) -> str:
        return f"{found[1]}text {key}" if _HIDDEN.fullmatch(found[3]) else found[0]

    return replace(
        source,
        body=body,
        configuration=_OFFICE_KEY.sub(fill, text),
        notes=(*source.notes, f"{where} hides keys: they are taken to be those of the other end"),
    )


def _cloud_key(entries: list[dict[str, Any]], configuration: str) -> str | None:
    """The key of the peer that the RTX is: the one whose address or identity it has."""
    words = set(_WORD.findall(configuration))
    ours = [e for e in entries if {e.get("Peer"), e.get("RemoteID")} & words]
    return next((entry.get("PreSharedSecret") for entry in [*ours, *entries]), None)


def _office_key(office: dict[str, str], body: dict[str, Any], configuration: str) -> str | None:
    """The key of the gateway that calls the VPC router."""
    addresses = set(_WORD.findall(json.dumps(body)))
    calling = [number for number, to in _REMOTE.findall(configuration) if to in addresses]
    known = (office.get(number, "*") for number in [*calling, *office])
    return next((key for key in known if not _HIDDEN.fullmatch(key)), None)


def _entries(body: dict[str, Any]) -> list[dict[str, Any]]:
    vpn = body["Settings"]["Router"].get("SiteToSiteIPsecVPN") or {}
    return list(vpn.get("Config") or [])
