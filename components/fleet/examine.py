"""One site seen by the doctor, in a process of its own: its memory is free again afterwards."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from ..provider.access import SECRETS
from .outcome import Outcome
from .processes import Program

_PACKAGE: Final = __name__.split(".", 1)[0]
_DOCTOR: Final = f"import sys; from {_PACKAGE}.cli import main; sys.exit(main())"
_VARIABLES: Final = {
    **SECRETS,
    "apiToken": "SAKURA_ACCESS_TOKEN",
    "apiSecret": "SAKURA_ACCESS_TOKEN_SECRET",
}
_WELL, _BROKEN = 0, 3


class DoctorWork:
    """`doctor` of one site, see `crew.Work`.

    `secrets` are those of its stack configuration by their names, as a function: what is decrypted
    is handed to the doctor's environment and kept nowhere.
    """

    def __init__(
        self,
        site: str,
        file: Path,
        root: Path,
        env: Mapping[str, str],
        secrets: Callable[[Program], Mapping[str, str]],
    ) -> None:
        self.site, self._file, self._root, self._env = site, file, root, env
        self._secrets, self._program = secrets, Program()

    def stop(self) -> None:
        """As Ctrl-C does."""
        self._program.stop()

    def run(self, note: Callable[[str], None]) -> Outcome:
        """Examine it."""
        note("looking at both ends")
        env = {**self._env, **as_environment(self._secrets(self._program))}
        words = [sys.executable, "-c", _DOCTOR, "doctor", "--site", str(self._file), "--json"]
        code, out, err = self._program.run(words, self._root, env)
        if self._program.stopped:
            return Outcome(self.site, "stopped", errors=("stopped on request",))
        found = _parsed(out)
        if code == _WELL:
            return Outcome(self.site, "same", note=_nothing_broken(found))
        told = err.strip().removeprefix("sakura-rtx: ")
        said = (_first_broken(found) or told or f"the doctor ended with code {code}",)
        return Outcome(
            self.site, "broken" if code == _BROKEN else "failed", errors=said, note=said[0]
        )


def as_environment(secrets: Mapping[str, str]) -> dict[str, str]:
    """Secrets of a stack configuration as the variables by which the commands know them."""
    return {_VARIABLES[key]: value for key, value in secrets.items() if key in _VARIABLES}


def _parsed(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _nothing_broken(found: Mapping[str, Any]) -> str:
    layers = found.get("layers", ())
    unseen = [layer["title"] for layer in layers if layer.get("state") == "not looked at"]
    return "nothing is broken" + (f"; not looked at: {', '.join(unseen)}" if unseen else "")


def _first_broken(found: Mapping[str, Any]) -> str:
    for layer in found.get("layers", ()):
        if layer.get("state") == "broken":
            cure = f"; do: {layer['cure']}" if layer.get("cure") else ""
            return f"{layer['title']}: {layer['cause']}{cure}"
    return ""
