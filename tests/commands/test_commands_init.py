"""`sakura-rtx init`: a file that the model takes, from flags or from answers."""

from __future__ import annotations

import argparse
import errno
import json
import os
from pathlib import Path

import pytest
import yaml

from components import cli
from components.commands import init
from components.office.render import render
from components.site import site_of
from components.site.edit import Edit, edited
from components.site.first import EXAMPLES, QUESTIONS
from components.site.schema import stack_schema

SCHEMA = stack_schema()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(name: str) -> str:
    return Path(f"stacks/Pulumi.{name}.yaml").read_text("utf-8")


@pytest.mark.parametrize("example", sorted(EXAMPLES))
def test_every_example_is_a_site_that_renders(example: str) -> None:
    assert cli.main(["init", "--site", "tokyo", "--example", example, "--yes"]) == 0
    text = written("tokyo")
    site = site_of(yaml.safe_load(text)["config"])
    kind = "fixed" if example == "shared" else example
    assert site.office.wan.kind == kind
    assert (site.cloud.attach is not None) == (example == "shared")
    assert "ipsec auto refresh" in render(site.agreement, site.office_end)
    # `plan --write` can go on with it: braces where it adds to a section on one line.
    key = ("config", "sakura-rtx-vpn:site")
    more = edited(text, [Edit(("office", "router", "revision"), "15.04.06")], key)
    assert site_of(yaml.safe_load(more)["config"]).office.router.revision == "15.04.06"


def test_every_question_has_its_flag_and_every_example_its_choice() -> None:
    assert [q.flag for q in QUESTIONS if q.flag not in init._FLAGS] == []
    assert set(init._FLAGS) == {q.flag for q in QUESTIONS}
    assert set(init._EXAMPLES) == set(EXAMPLES)


def test_flags_answer_and_the_rest_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--address", "198.51.100.9", "--user", "ops", "--tunnel", "7", "--wan", "pppoe"]
    assert (
        cli.main(["init", "--site", "osaka", *words, "--office-lan", "10.7.0.0/16", "--yes"]) == 0
    )
    site = site_of(yaml.safe_load(written("osaka"))["config"])
    assert site.office.wan.interface == "pp 1"
    assert site.office.tunnel == 7
    assert site.office.router.host == "10.7.0.1"
    shown = capsys.readouterr().out
    assert written("osaka") in shown
    assert shown.count("sakura-rtx plan --site osaka --write") == 2
    assert "pulumi stack select --create osaka && pulumi preview --diff" in shown


def test_in_a_clone_of_this_project_make_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "tools").mkdir()
    (folder / "tools" / "site.py").touch()
    monkeypatch.setattr("sys.argv", [".venv/bin/sakura-rtx"])
    assert cli.main(["init", "--site", "tokyo", "--example", "fixed", "--yes"]) == 0
    shown = capsys.readouterr().out
    for command in (
        ".venv/bin/sakura-rtx plan --site tokyo --write ",
        "make preview SITE=tokyo ",
        "make up SITE=tokyo ",
    ):
        assert f"\n  {command}" in shown


def test_a_file_that_is_there_stays() -> None:
    words = ["init", "--site", "tokyo", "--example", "fixed", "--yes"]
    assert cli.main(words) == 0
    before = written("tokyo")
    assert cli.main([*words, "--tunnel", "9"]) == 2
    assert written("tokyo") == before
    assert cli.main([*words, "--tunnel", "9", "--force"]) == 0
    assert "tunnel: 9" in written("tokyo")


def test_without_a_terminal_each_missing_answer_is_named_by_its_flag(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["init", "--site", "tokyo", "--yes"]) == 2
    said = capsys.readouterr().err
    assert "--address: found nothing" in said
    assert "--user: found nothing" in said
    assert "--zone" not in said  # it has a default
    assert cli.main(["init", "--yes"]) == 2
    assert "--site: found nothing" in capsys.readouterr().err
    assert not Path("stacks").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--zone", "is9z"], "--zone: found 'is9z'; allowed: 'tk1a'"),
        (["--tunnel", "500"], "--tunnel: found 500"),
        (["--wan", "ds-lite"], "--wan: found 'ds-lite'"),
        (["--office-lan", "192.168.2.0/25"], "--office-lan: found 192.168.2.0/25, which overlaps"),
        (["--address", "10.0.0.1"], "--address: found 10.0.0.1, which is private"),
        (["--wan", "block", "--block", "203.0.113.8/29"], "--address: found 198.51.100.20"),
        (["--block", "203.0.113.8/29"], "--block: found 203.0.113.8/29; allowed: nothing"),
        (["--host", "192.168.1.0/24"], "--host: found 192.168.1.0/24"),
        (["--wan", "behind-nat", "--inner-address", "192.168.0.2"], "--forwards: found nothing"),
        (["--attach", "router"], "--attach: found 'router'"),
    ],
)
def test_a_wrong_answer_is_named_by_its_flag(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = ["--user", "ops", *([] if "--address" in words else ["--address", "198.51.100.20"])]
    assert cli.main(["init", "--site", "tokyo", "--yes", *beside, *words]) == 2
    assert said in capsys.readouterr().err
    assert not Path("stacks").exists()


def asked(*answers: str, words: tuple[str, ...] = ()) -> tuple[int, list[str]]:
    """Run it with somebody who types these answers; what was asked."""
    parser = argparse.ArgumentParser()
    init.add_parser(parser.add_subparsers())
    left, questions = list(answers), []

    def ask(text: str) -> str:
        questions.append(text)
        return left.pop(0)

    code = init.run(parser.parse_args(["init", *words]), ask)
    assert not left
    return code, questions


def test_a_bad_answer_is_asked_again_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, questions = asked(
        *("to kyo", "tokyo"),
        *("is9z", "tk1b"),
        *("", "", "192.168.2.0/24", "", "", "behind-nat", ""),
        *("198.51.100.20", "192.168.0.2", "no", "yes", "", "", "ops", "2", "y"),
    )
    assert code == 0
    site = site_of(yaml.safe_load(written("tokyo"))["config"])
    assert site.cloud.zone == "tk1b"
    assert site.office.wan.forwards is True
    assert site.office.tunnel == 2
    said = capsys.readouterr().err
    assert "allowed: 'tk1a'" in said
    assert "which overlaps cloud.lan" in said
    assert len([q for q in questions if q.startswith("Zone")]) == 2
    assert any(q.endswith("[192.168.1.1]: ") for q in questions)


def test_no_at_the_end_writes_nothing() -> None:
    words = ("--site", "tokyo", "--address", "198.51.100.20", "--user", "ops")
    code, questions = asked(*[""] * 9, "n", words=words)
    assert code == 1
    assert "Write stacks/Pulumi.tokyo.yaml?" in questions[-1]
    assert not Path("stacks").exists()


def test_the_editor_is_told_where_the_schema_is(folder: Path) -> None:
    (folder / "schemas").mkdir()
    (folder / "schemas" / "site.schema.json").write_text(json.dumps(SCHEMA))
    assert cli.main(["init", "--site", "tokyo", "--example", "fixed", "--yes"]) == 0
    first = written("tokyo").splitlines()[0]
    path = first.removeprefix("# yaml-language-server: $schema=")
    assert (folder / "stacks" / path).is_file()


def test_json_says_what_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", "--site", "tokyo", "--example", "shared", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert yaml.safe_load(written("tokyo"))["config"]["sakura-rtx-vpn:site"] == said["site"]
    assert len(said["next"]) == 3


def test_a_full_disk_leaves_the_old_file_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "stacks" / "Pulumi.tokyo.yaml"
    words = ["init", "--site", "tokyo", "--example", "fixed", "--yes"]

    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    with monkeypatch.context() as disk:
        disk.setattr(Path, "replace", full)
        assert cli.main(words) == 1
        assert "Pulumi.tokyo.yaml: No space left on device" in capsys.readouterr().err
        assert list(file.parent.iterdir()) == []  # or `init` would refuse to write it next time
    assert cli.main(words) == 0
    before = file.read_text()
    with monkeypatch.context() as disk:
        disk.setattr(Path, "replace", full)
        assert cli.main([*words, "--force", "--tunnel", "9"]) == 1
    assert file.read_text() == before
    assert [each.name for each in file.parent.iterdir()] == ["Pulumi.tokyo.yaml"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_the_machine_lacks_is_a_message_and_no_traceback(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(args: object) -> int:
        raise OSError(number, os.strerror(number), "/somewhere")

    monkeypatch.setattr("components.commands.schema.run", run)
    assert cli.main(["schema"]) == 1
    assert capsys.readouterr().err == f"sakura-rtx: /somewhere: {os.strerror(number)}\n"
