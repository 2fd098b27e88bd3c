"""What pydantic says about the site file, in this project's words."""

from __future__ import annotations

import functools
from ipaddress import IPv4Network
from typing import Any

from ..errors import Problem
from .base import MEANT, Prefix

_ALLOWED = {
    "missing": "this key is required",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "extra_forbidden": "no such key here (docs/site-file.md lists the keys)",
    "literal_error": "{expected}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "multiple_of": "100, 250, 500, or 1000 to 10000 in steps of {multiple_of}",
    "ip_v4_address": "an IPv4 address such as 192.168.1.1",
    "ip_v4_network": "an IPv4 prefix /0 to /32 with no host bits set, such as 192.168.1.0/24",
    "value_error": "{error}",
    "string_pattern_mismatch": "{meant}",
}


def problem(error: Any) -> Problem:
    """One error of pydantic: the place, what was found, what is allowed."""
    path = ".".join(str(step) for step in error["loc"] if not str(step).startswith("constrained-"))
    template = _ALLOWED.get(error["type"])
    told = error.get("ctx", {})
    meant = MEANT.get(told.get("pattern", ""), "")
    allowed = template.format(**told, meant=meant) if template else error["msg"]
    value = error["input"]
    if error["type"] == "missing":
        found = "nothing"
    elif error["type"].startswith("ip_v4_network") and isinstance(value, list):
        found = f"{len(value)} prefixes"
        allowed = "one prefix" + _supernet(value)
    else:
        found = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."
    return Problem(path or "site", found, allowed)


def _supernet(values: list[Any]) -> str:
    """The smallest prefix that covers them all, as a proposal; nothing if they are unusable."""
    try:
        prefixes = [IPv4Network(v) for v in values]
    except ValueError:
        return ""
    cover = functools.reduce(_cover, prefixes) if prefixes else None
    return f" per tunnel; {cover} would cover them" if cover else ""


def _cover(a: Prefix, b: Prefix) -> Prefix:
    while not b.subnet_of(a):
        a = a.supernet()
    return a
