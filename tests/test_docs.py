"""What the documents say of keys, codes and commands is what there is."""

from __future__ import annotations

import contextlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pydantic
import pytest

from components import cli
from components.clock import ManualClock
from components.office.audit import CODES
from components.provider.access import SECRETS
from components.rehearsal.rtx import Router, run_lines
from components.site import Site
from components.vpn import SiteToSiteVpn

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md")])
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


# --- every document


def indented(text: str) -> Iterator[str]:
    """The lines of the code blocks."""
    for line in text.splitlines():
        if re.match(r" {4,}\S", line):
            yield line.strip()


def commands_in(text: str) -> Iterator[str]:
    """Every `sakura-rtx` command that a document tells to type, without comments."""
    for line in (*indented(text), *re.findall(r"`(sakura-rtx [^`]+)`", text)):
        found = re.search(r"(?:^|/|sudo )sakura-rtx ([a-z-]+.*)", line.partition(" #")[0])
        if found and not re.search(r"[…\[|]", found[1]):
            yield found[1].strip()


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_every_link_leads_somewhere(file: Path) -> None:
    text = file.read_text("utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        if path.startswith("http"):
            continue
        place = file.parent / path if path else file
        assert place.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", place.read_text("utf-8"), re.MULTILINE)
            assert anchor in [re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in heads]


@pytest.mark.parametrize(
    "command",
    sorted({c for file in DOCUMENTS for c in commands_in(file.read_text("utf-8"))}),
)
def test_every_command_that_is_told_to_type_is_understood(command: str) -> None:
    name, *words = shlex.split(command)
    parser = cli.parser([name])  # a mere mention of a command has no arguments
    if words:
        with contextlib.suppress(SystemExit) if "--codes" in words else contextlib.nullcontext():
            parser.parse_args([name, *words])


def test_every_finding_stands_in_its_document() -> None:
    text = (ROOT / "docs" / "findings.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| (\w+) \| (.*?) \| (.+?) \|$", text, re.MULTILINE)
    assert {code: (severity, meaning) for code, severity, meaning, _ in rows} == {
        code: (row.severity, row.meaning) for code, row in CODES.items()
    }
    assert len(rows) == len(CODES)


def test_every_output_stands_in_its_document() -> None:
    text = (ROOT / "docs" / "outputs.md").read_text("utf-8")
    named = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", text, re.MULTILINE)))
    assert set(named) == set(SiteToSiteVpn.OUTPUTS)


def test_the_exit_codes_of_every_command_stand_in_their_document() -> None:
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    named = re.findall(r"^\| `([a-z-]+)", text, re.MULTILINE)
    assert sorted(named) == sorted(cli.NAMES)


@pytest.mark.parametrize("name", ["README", "docs/night"])
def test_both_languages_say_the_same(name: str) -> None:
    english, japanese = ((ROOT / f"{name}{end}").read_text("utf-8") for end in (".md", ".ja.md"))
    bare = [line.partition(" #")[0].strip() for line in indented(english)]
    assert [line.partition(" #")[0].strip() for line in indented(japanese)] == bare
    for mark in (r"^#+ ", r"^\|", r"^\d+\. ", r"^- "):  # headings, table rows, steps, points
        count = [len(re.findall(mark, text, re.MULTILINE)) for text in (english, japanese)]
        assert count[0] == count[1], mark


@pytest.mark.parametrize("name", ["night.md", "night.ja.md"])
def test_the_router_knows_what_is_told_to_type_at_night(name: str, tmp_path: Path) -> None:
    text = (ROOT / "docs" / name).read_text("utf-8")
    typed = [line.replace("ID", "1") for line in indented(text) if "sakura-rtx" not in line]
    assert len(typed) > 5
    router = Router(tmp_path, clock=ManualClock())
    said = run_lines(router, ["console character en.ascii", "console columns 200", *typed])
    # No SA stands in this router, so that none can be deleted is the only complaint.
    assert [line for line in said.splitlines() if line.startswith("Error")] == [
        "Error: Specified SA does not exist"
    ]
    # Ids of SAs stand in this list alone: that of one gateway begins with the gateway's number.
    assert typed[typed.index("ipsec sa delete 1") - 1] == "show ipsec sa"
    assert re.search(r"^sa +sgw ", said, re.MULTILINE)
