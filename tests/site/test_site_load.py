"""A site that stands alone in a file, as programs of other people keep it."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.commands.lines import site_named
from components.errors import SpecError
from components.site import Site

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize("name", ["probes/site", "two-sites/sites/tokyo", "two-sites/sites/osaka"])
def test_those_of_the_examples_are_sites(name: str) -> None:
    assert Site.load(EXAMPLES / f"{name}.yaml").rehearsal


def test_the_commands_read_it_too() -> None:
    file = EXAMPLES / "probes" / "site.yaml"
    assert site_named(str(file)) == Site.load(file)


@pytest.mark.parametrize("content", ["cloud: [", "- a list", "\udcff", "cloud: {zone: is1b}"])
def test_what_is_no_site_is_named_with_its_file(content: str, tmp_path: Path) -> None:
    file = tmp_path / "osaka.yaml"
    file.write_text(content, "utf-8", errors="surrogateescape")
    with pytest.raises(SpecError, match=r"osaka\.yaml"):
        Site.load(file)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SpecError, match="No such file"):
        Site.load("nowhere/tokyo.yaml")
