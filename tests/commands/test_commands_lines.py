"""`sakura-rtx lines`: what a person would type is what the product types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from components import cli
from components.office.config import parse
from components.office.plan import apply_to
from components.office.render import render
from components.site import site_of

DEMO = Path(__file__).resolve().parents[2] / "stacks" / "Pulumi.demo.yaml"


def test_the_commands_make_the_lines_and_the_undo_takes_them_away(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["lines", "--site", str(DEMO), "--json", "--address", "192.0.2.4"]) == 0
    shown = json.loads(capsys.readouterr().out)
    site = site_of(yaml.safe_load(DEMO.read_text())["config"])
    text = render(site.agreement, site.office_end)
    assert shown["lines"].splitlines()[1:] == [
        line if "<VPC" not in line else line.split("<VPC")[0] + "192.0.2.4"
        for line in text.splitlines()[1:]
    ]
    made = apply_to(parse(""), shown["commands"])
    want = {statement.key for statement in parse(shown["lines"]).statements}
    assert {statement.key for statement in made.statements} == want
    assert not apply_to(made, shown["undo"]).statements


def test_undoing_leaves_the_list_to_those_who_share_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = yaml.safe_load(DEMO.read_text())
    data["config"]["sakura-rtx-vpn:site"]["office"] |= {
        "filters": [{"number": 2001, "protocol": "udp"}],
        "secure_filter": {"in": "1010 2001 1099"},
    }
    file = tmp_path / "Pulumi.tokyo.yaml"
    file.write_text(yaml.safe_dump(data))
    assert cli.main(["lines", "--site", str(file), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert "ip lan2 secure filter in 1010 2001 1099" in shown["commands"]
    assert shown["undo"][-3:-1] == ["ip lan2 secure filter in 1010 1099", "no ip filter 2001"]


def test_for_people_with_the_placeholders_explained(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(DEMO.parents[1])
    assert cli.main(["lines", "--site", "demo"]) == 0
    said = capsys.readouterr().out
    assert "stack output `psk`" in said
    assert "stack output `vpc_router_address`" in said
    assert said.index("tunnel select 2") < said.index("# to undo them")


def test_what_a_preview_would_say_is_said_to_who_types_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = yaml.safe_load(DEMO.read_text())
    data["config"]["sakura-rtx-vpn:site"]["office"]["extra_lines"] = "ipsec ike version 2 2"
    file = tmp_path / "Pulumi.tokyo.yaml"
    file.write_text(yaml.safe_dump(data))
    assert cli.main(["lines", "--site", str(file)]) == 0
    said = capsys.readouterr().err
    assert "sakura-rtx: ike-version-2: ipsec ike version 2 2: the VPC router speaks IKEv1" in said
    assert "sakura-rtx: weak-hash: ipsec ike hash 2 sha: SHA-1 is weak" in said
    assert "; accepted: the pair as it was published" in said
    assert cli.main(["lines", "--site", str(file), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["findings"]
    assert [each["code"] for each in shown] == ["ike-version-2", "weak-dh-group", "weak-hash"]


@pytest.mark.parametrize("content", [None, "{", "[]", "config: {}", "config: {a: 1}"])
def test_a_file_that_is_no_site_is_refused(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Pulumi.tokyo.yaml"
    if content is not None:
        file.write_text(content)
    assert cli.main(["lines", "--site", str(file)]) == 2
    assert "sakura-rtx:" in capsys.readouterr().err


def test_a_name_that_is_none_names_those_there_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(DEMO.parents[1])
    assert cli.main(["lines", "--site", "nowhere"]) == 2
    assert "one of: demo" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["192.0.2.400", "192.0.2.4\nsave", "vpc.example"])
def test_an_address_that_is_none_is_never_shown_as_a_line(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["lines", "--site", str(DEMO), "--address", address])
    said = capsys.readouterr()
    assert not said.out
    assert "--address" in said.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("config:\n\ta: 1\n", "line 2, column 1: "),
        ("config:\n\ta: 1\n", "indent with spaces"),
        ("config:\n  secret: [CANARY\n  b: 2\n", "line 3, column 4: "),
        ("config: \x96CANARY\n", "special characters are not allowed"),
        ("config: {}\n", "sakura-rtx-vpn:site: found nothing"),
        ("# 東京\n", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_site_is_named_with_the_place_and_not_quoted(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "Pulumi.x.yaml"
    file.write_bytes(text.encode("shift_jis" if said == "not UTF-8" else "utf-8"))
    assert cli.main(["lines", "--site", str(file)]) == 2
    err = capsys.readouterr().err
    assert str(file) in err
    assert said in err
    assert "CANARY" not in err
    assert "unicode string" not in err
