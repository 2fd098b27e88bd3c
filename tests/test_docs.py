"""What the documents say of keys, codes and commands is what there is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pydantic
import pytest

from components import cli
from components.provider.access import SECRETS
from components.site import Site

ROOT = Path(__file__).parents[1]
SITE_FILE = (ROOT / "docs" / "site-file.md").read_text("utf-8")
WORDS = set(re.findall(r"[a-zA-Z_]+", " ".join(re.findall(r"`([^`]+)`", SITE_FILE))))


def models(annotation: object) -> Iterator[type[pydantic.BaseModel]]:
    """The sections that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models(part)


def keys(model: type[pydantic.BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name
        for part in models(field.annotation):
            yield from keys(part)


@pytest.mark.parametrize("key", sorted(set(keys(Site))))
def test_every_key_of_the_site_file_is_in_its_document(key: str) -> None:
    assert key in WORDS


@pytest.mark.parametrize("name", [*SECRETS, *SECRETS.values()])
def test_every_secret_is_in_the_document(name: str) -> None:
    assert name in WORDS


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in cli.NAMES if f"sakura-rtx {name}" not in readme] == []


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    assert [name for name in cli.NAMES if f"\n    {name}" not in shown] == []


def test_every_extra_that_is_told_to_install_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    texts = [file.read_text("utf-8") for file in (ROOT / "components").rglob("*.py")]
    named = {name for text in texts for name in re.findall(r"sakura-rtx-vpn\[(\w+)\]", text)}
    assert named
    assert named <= project["optional-dependencies"].keys()
