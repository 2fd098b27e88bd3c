"""What the tests of the rehearsal's process share: ways to ask, and patience with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from components.rehearsal import instance

PATIENCE = 15.0


def wait_for(condition: Callable[[], bool]) -> None:
    """Poll a real process, but not for ever."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def typed(folder: Path, *lines: str) -> str:
    """What the RTX's terminal shows after these lines."""
    text: str = instance.ask(folder, "POST", "/type", {"lines": list(lines)})["text"]
    return text


def api(
    folder: Path, method: str, path: str, body: Any = None, secret: str | None = None
) -> requests.Response:
    """One request to the rehearsed API with the credentials of now (or another secret)."""
    ends = instance.endpoints(folder)
    with requests.Session() as session:
        session.trust_env = False
        return session.request(
            method,
            f"{ends.api_root}/is1b/api/cloud/1.1{path}",
            json=body,
            auth=(ends.api_token, secret or ends.api_secret),
            timeout=PATIENCE,
        )


def make_switch(folder: Path, name: str) -> None:
    assert api(folder, "POST", "/switch", {"Switch": {"Name": name}}).status_code == 201


def switches(folder: Path) -> list[str]:
    return [each["Name"] for each in api(folder, "GET", "/switch").json()["Switches"]]
