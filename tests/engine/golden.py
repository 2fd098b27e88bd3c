"""What a reviewer sees, kept as files: a change of it is seen in the review of the change itself.

`UPDATE_GOLDEN=1` writes them anew.  They hold for the pinned version of the CLI: another one
words its previews in its own way.
"""

from __future__ import annotations

import difflib
import itertools
import os
import re
import subprocess
from pathlib import Path

from tools import cli

_FOLDER = Path(__file__).with_name("golden")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_OBJECT = re.compile(r"\b1134\d{8}\b")  # of the rehearsed API, in the order in which they were made
_RESOURCE = re.compile(r"^ {8}[+~-]\S? sakurartx:|^ {4}--outputs:--$", re.MULTILINE)


def compare(shown: str, name: str) -> None:
    """Assert that `shown`, the output of a preview, is what the file says."""
    text, file = _stable(shown), _FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    version = subprocess.run(
        [cli.ready(os.environ), "version"], capture_output=True, text=True, check=True
    )
    if version.stdout.strip() == cli.pinned_version():
        kept = file.read_text("utf-8")
        lines = difflib.unified_diff(kept.splitlines(), text.splitlines(), "kept", "shown")
        assert text == kept, "\n".join(lines)


def _stable(shown: str) -> str:
    """Without what differs in every run: ids of providers, and the order of what is independent."""
    text = _UUID.sub("<id>", shown[shown.index("Previewing update") :])
    text = _OBJECT.sub("<object>", text)
    starts = [found.start() for found in _RESOURCE.finditer(text)]
    edges = [0, *starts, len(text)]
    head, *resources, outputs = (text[start:end] for start, end in itertools.pairwise(edges))
    return "".join([head, *sorted(resources), outputs])
