"""What pydantic says about the site file, in this project's words."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any, get_args

import pydantic

from ..errors import Problem
from .base import MEANT, Prefix

_ALLOWED = {
    "missing": "this key is required",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "string_type": "a text",
    "dict_type": "keys and their values",
    "extra_forbidden": "no such key here (docs/site-file.md lists the keys)",
    "literal_error": "{expected}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "multiple_of": "100, 250, 500, or 1000 to 10000 in steps of {multiple_of}",
    "ip_v4_address": "an IPv4 address such as 192.168.1.1",
    "ip_v4_network": "an IPv4 prefix with its length /0 to /32 and no host bits set, such as "
    "192.168.1.0/24",
    "model_type": "keys and their values",
    "value_error": "{error}",
    "string_pattern_mismatch": "{meant}",
}
# A key of this kind holds a secret, and where that belongs.  The first that fits counts.
_SECRETS = (
    (re.compile(r"psk|pre.?shared", re.IGNORECASE), "psk"),
    (re.compile(r"administrator", re.IGNORECASE), "rtxAdministratorPassword"),
    (re.compile(r"passphrase", re.IGNORECASE), "rtxKeyPassphrase"),
    (re.compile(r"password", re.IGNORECASE), "rtxPassword"),
    (re.compile(r"token", re.IGNORECASE), "apiToken"),
    (re.compile(r"secret", re.IGNORECASE), "apiSecret"),
)
# Steps of pydantic's own in the path of a value.
_INTERNAL = re.compile(r"constrained-|\[key\]$")


def problem(error: Any, model: type[pydantic.BaseModel]) -> Problem:
    """One error of pydantic about `model`: the place, what was found, what is allowed."""
    path = ".".join(step for step in map(str, error["loc"]) if not _INTERNAL.match(step))
    template = _ALLOWED.get(error["type"])
    told = error.get("ctx", {})
    meant = MEANT.get(told.get("pattern", ""), "")
    allowed = template.format(**told, meant=meant) if template else error["msg"]
    value = error["input"]
    if error["type"] == "extra_forbidden":
        # Nothing depends on the value, and it may be a secret in the wrong place.
        return Problem(path, "a value", _instead(error["loc"], model) or allowed)
    if error["type"] == "missing":
        found = "nothing"
    elif "PRIVATE KEY" in repr(value):
        found = "a private key"
    elif error["type"].startswith("ip_v4_network") and isinstance(value, list):
        found = f"{len(value)} prefixes"
        allowed = "one prefix" + _supernet(value)
    else:
        found = _in_yaml(value)
    if error["type"] == "model_type" and (known := _keys_at(error["loc"], model)):
        allowed += f": {', '.join(known)}"
    return Problem(path or "site", found, allowed)


def _instead(place: tuple[int | str, ...], model: type[pydantic.BaseModel]) -> str:
    """What to write instead of a key that there is not, if that can be guessed."""
    key = str(place[-1])
    if meant := _meant_by(place, model):
        return f"no such key here; is `{meant}` meant?"
    if belongs := next((where for kind, where in _SECRETS if kind.search(key)), ""):
        return f"a secret stands outside of the site: pulumi config set --secret {belongs}"
    return ""


def _in_yaml(value: object) -> str:
    """A value as the site file may have it, cut where it is long."""
    if value is None:
        return "nothing"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _meant_by(place: tuple[int | str, ...], model: type[pydantic.BaseModel]) -> str:
    """The key beside `place`'s last step that is spelt nearly like it, or nothing."""
    known = _keys_at(place[:-1], model)
    return next(iter(difflib.get_close_matches(str(place[-1]), known, 1)), "")


def _keys_at(place: tuple[int | str, ...], model: type[pydantic.BaseModel]) -> list[str]:
    """The keys that there are at a place, in the order of the alphabet."""
    parts = [model]
    for step in place:
        if (fields := [part.model_fields.get(str(step)) for part in parts]) and any(fields):
            parts = [part for field in fields if field for part in _parts(field.annotation)]
    return sorted({key for part in parts for key in part.model_fields})


def _parts(annotation: Any) -> Iterator[type[pydantic.BaseModel]]:
    """The models in an annotation, however it wraps them."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _parts(each)


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
