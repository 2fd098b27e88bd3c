"""JSON Schema of the stack file, for editors: completion, and what a key means, on hover.

Written from the model.  What no schema can say (that two prefixes must not overlap) only a preview
checks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ..office.codes import ACCEPTABLE
from .base import MEANT
from .meanings import MEANINGS
from .sections import MOST_ALIASES

Json = dict[str, Any]

SECRETS: Final = {
    "psk": "The pre-shared key, 1 to 40 of A-Z a-z 0-9 _; left out: generated.",
    "apiToken": "API key of SAKURA Cloud.",
    "apiSecret": "Secret of the API key.",
    "rtxPassword": "Login password of the user on the RTX.",
    "rtxAdministratorPassword": "Administrator's password of the RTX, if it has one.",
    "rtxAnonymousPassword": "`login password` of the RTX, if it is set.",
    "rtxKey": "Private key to log in to the RTX with.",
    "rtxKeyPassphrase": "Passphrase of that key.",
    "rtxViaKey": "Private key for the bastion.",
    "probeKey": "Private key to log in to the hosts of the probes with.",
    "probeKeyPassphrase": "Passphrase of that key.",
    "probePassword": "Password for the hosts of the probes, where no key is given.",
}
_NAME: Final = (
    "Name of the site among the resources; left out: the stack's. Set it to the old name after "
    "`pulumi stack rename`, or everything is made anew."
)
# Draft 7 is what editors know; they show a description beside a reference.
_REF: Final = "#/definitions/{model}"
_ADDRESS: Final = {"type": "string", "format": "ipv4"}
# Keys whose check is code, which a schema cannot hold, or whose number may stand for a text.
_PATCHES: Final[dict[str, Json]] = {
    "Cloud.aliases": {
        "anyOf": [
            {"type": "integer", "minimum": 0, "maximum": MOST_ALIASES},
            {"type": "array", "items": _ADDRESS, "maxItems": MOST_ALIASES},
        ]
    },
    "StaticNat.alias": {
        "anyOf": [{"type": "integer", "minimum": 1, "maximum": MOST_ALIASES}, _ADDRESS]
    },
}
# Patterns of texts that may be written as a bare number in YAML.
_NUMBERS_TOO: Final = (r"^[0-9]{1,20}$", r"^[0-9]{1,5}(-[0-9]{1,5})?$")
_PREFIX: Final = r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$"


def stack_schema(project: str = "sakura-rtx-vpn") -> Json:
    """The schema of `Pulumi.<stack>.yaml`: the site, and the secrets beside it."""
    from . import Site

    whole = Site.model_json_schema(by_alias=True, ref_template=_REF)
    parts = {name: _part(name, part) for name, part in whole.pop("$defs").items()}
    site = _part("Site", whole)
    secret = {
        "type": "object",
        "properties": {"secure": {"type": "string"}},
        "required": ["secure"],
        "additionalProperties": False,
    }
    site_ref, secret_ref = ({"$ref": _REF.format(model=name)} for name in ("Site", "Secret"))
    keys: Json = {f"{project}:site": site_ref | {"description": "The site."}}
    for name, meaning in SECRETS.items():
        text = f"{meaning} Set it with `pulumi config set --secret {name}`."
        keys[f"{project}:{name}"] = secret_ref | {"description": text}
    keys[f"{project}:name"] = {"type": "string", "minLength": 1, "description": _NAME}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A site of sakura-rtx-vpn",
        "type": "object",
        "properties": {
            "config": {"type": "object", "properties": keys, "required": [f"{project}:site"]},
        },
        "required": ["config"],
        "definitions": {"Secret": secret, "Site": site, **dict(sorted(parts.items()))},
    }


def text() -> str:
    """The schema as the committed file holds it."""
    return json.dumps(stack_schema(), indent=2, ensure_ascii=False) + "\n"


def _part(name: str, part: Json) -> Json:
    properties = {
        key: _key(f"{name}.{key}", value) for key, value in part.get("properties", {}).items()
    }
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": part["required"]} if part.get("required") else {})


def _key(place: str, value: Json) -> Json:
    default = value.get("default")
    lean = _lean(_PATCHES.get(place, value))
    if place == "Site.accept":
        lean["propertyNames"] = {"enum": sorted(ACCEPTABLE)}
    said = " ".join(filter(None, [MEANINGS.get(place, ""), _allowed(lean, default)]))
    return lean | ({"description": said} if said else {})


def _lean(value: Json) -> Json:
    """Without `null` (what is left out is left out), titles and defaults of whole sections."""
    given = [each for each in value.get("anyOf", ()) if each != {"type": "null"}]
    if len(given) == 1:
        return _lean({**value, **given[0], "anyOf": []})
    found: Json = {}
    for key, each in value.items():
        if key == "title" or (key == "default" and (each is None or isinstance(each, dict | list))):
            continue
        if key == "anyOf":
            found |= {key: [_lean(one) for one in given]} if given else {}
        elif key in ("items", "additionalProperties") and isinstance(each, dict):
            found[key] = _lean(each)
        elif key == "prefixItems":  # not in draft 7; the members are alike, and counted
            found["items"] = _lean(each[0])
        elif key == "patternProperties":
            found[key] = {name: _lean(one) for name, one in each.items()}
            found["additionalProperties"] = False
        elif (key, each) == ("format", "ipv4network"):
            found["pattern"] = _PREFIX
        else:
            found[key] = each
    if found.get("pattern") in _NUMBERS_TOO:
        found["type"] = ["string", "integer"]
    return found


def _allowed(value: Mapping[str, Any], default: object) -> str:
    """Range, form and default in words: an editor shows only the description on hover."""
    parts = []
    low, high = value.get("minimum"), value.get("maximum")
    if low is not None or high is not None:
        parts.append(f"{low} to {high}" if high is not None else f"{low} or more")
    if meant := MEANT.get(str(value.get("pattern", ""))):
        parts.append(meant)
    if "pattern" in value and value["pattern"] == _PREFIX:
        parts.append("such as 192.168.2.0/24, no host bits set")
    if "enum" in value:
        parts.append(", ".join(map(str, value["enum"])))
    if default is not None and default not in ("", [], ()) and not isinstance(default, dict):
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        parts.append(f"default {shown}")
    return f"({'; '.join(parts)})" if parts else ""
