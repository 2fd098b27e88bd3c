"""What the README tells a newcomer to type, typed word for word."""

from __future__ import annotations

import pytest

from .conftest import PROJECT, Clone

pytestmark = pytest.mark.engine

README = (PROJECT / "README.md").read_text("utf-8")
RESET = ".venv/bin/sakura-rtx rehearsal reset"
# A dead tunnel is what is to be seen there.
BROKEN = 3


def lines_of(heading: str) -> list[str]:
    """The lines to type in a section, without comments; `make test` is this very run."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    typed = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    bare = [line.partition(" #")[0].strip() for line in typed]
    assert len(bare) > 3
    return [line for line in bare if line != "make test"]


def test_the_readme_word_for_word(clone: Clone) -> None:
    *tour, last = lines_of("Try it")
    assert (tour[0], last) == ("make up", RESET)
    for line in tour:
        clone.command("bash", "-c", line)
    *stall, mended = lines_of("The failure it was born from")
    for line in stall:
        clone.command("bash", "-c", line, rc=BROKEN if " doctor " in line else 0)
    assert not clone.passes()
    with clone.fast_forward():
        clone.command("bash", "-c", mended)
    assert clone.passes()
    clone.command("bash", "-c", last)
    assert not (clone.folder / "backend").exists()
