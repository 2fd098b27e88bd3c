"""Real output of `pulumi preview --json` (CLI 3.274, stack traces taken out), and changes of it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from components.review import SiteChange, changes_of, previews_in

FOLDER = Path(__file__).parent / "previews"
TUNNEL = "sakurartx:index:Tunnel"


def captured(name: str) -> dict[str, Any]:
    """`change` (hash), `replace` (zone), `new` (first preview) or `stop` (a NIC more)."""
    data: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return data


def renamed(data: dict[str, Any], stack: str) -> dict[str, Any]:
    """The same preview of another stack."""
    old = data["steps"][0]["urn"].split(":")[2]
    text = json.dumps(data).replace(f":{old}::", f":{stack}::").replace(f"{old}-", f"{stack}-")
    found: dict[str, Any] = json.loads(text)
    return found


def tunnel_of(data: dict[str, Any]) -> dict[str, Any]:
    """The step of the tunnel."""
    found: dict[str, Any] = next(
        step for step in data["steps"] if step["urn"].split("::")[-2].endswith(TUNNEL)
    )
    return found


def with_lines(data: dict[str, Any], *extra: str) -> dict[str, Any]:
    """The same preview with further lines in the tunnel's new text."""
    data = copy.deepcopy(data)
    inputs = tunnel_of(data)["newState"]["inputs"]
    inputs["lines"] += "".join(f"{line}\n" for line in extra)
    return data


def unchanged(stack: str) -> dict[str, Any]:
    urn = f"urn:pulumi:{stack}::sakura-rtx-vpn::pulumi:pulumi:Stack::sakura-rtx-vpn-{stack}"
    return {"steps": [{"op": "same", "urn": urn}], "changeSummary": {"same": 8}}


def failing(stack: str, message: str) -> dict[str, Any]:
    said = [{"message": f"error: {message}\n", "severity": "error"}]
    return unchanged(stack) | {"diagnostics": said}


def sites(*data: dict[str, Any]) -> list[SiteChange]:
    return changes_of([p for each in data for p in previews_in(json.dumps(each), "f")])
