"""The JSON Schema for editors says what the model says."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_validator import errors

from components import cli
from components.errors import SpecError
from components.site import site_of
from components.site.first import EXAMPLES, file_text
from components.site.meanings import MEANINGS
from components.site.schema import SECRETS, stack_schema, text
from components.stack_file import KEYS

ROOT = Path(__file__).resolve().parents[2]
DEMO = yaml.safe_load((ROOT / "stacks" / "Pulumi.demo.yaml").read_text("utf-8"))
SCHEMA = stack_schema()
KEY = "sakura-rtx-vpn:site"


def wrong(data: Any) -> list[str]:
    return errors(data, SCHEMA, SCHEMA)


def places() -> set[str]:
    return {
        f"{name}.{key}"
        for name, part in SCHEMA["definitions"].items()
        for key in part["properties"]
        if name != "Secret"
    }


def with_value(path: str, value: Any) -> Any:
    data = copy.deepcopy(DEMO)
    place = data["config"][KEY]
    *parents, last = path.split(".")
    for step in parents:
        place = place.setdefault(step, {})
    place[last] = value
    return data


def test_the_committed_file_is_what_the_model_says() -> None:
    committed = (ROOT / "schemas" / "site.schema.json").read_text("utf-8")
    assert committed == text(), "write it anew: sakura-rtx schema --output schemas/site.schema.json"


def test_every_key_has_a_meaning_and_every_meaning_a_key() -> None:
    missing, left = places() - set(MEANINGS), set(MEANINGS) - places()
    assert not missing, "say in components/site/meanings.py what it means"
    assert not left


def test_every_secret_of_the_program_stands_beside_the_site() -> None:
    program = (ROOT / "__main__.py").read_text("utf-8")
    assert set(SECRETS) == set(re.findall(r'get_secret\("(\w+)"\)', program))
    assert set(KEYS) == {*re.findall(r'\.get(?:_\w+)?\("(\w+)"\)', program)}


def test_a_description_says_range_form_and_default() -> None:
    parts = SCHEMA["definitions"]
    for place, said in (
        ("Verify.seconds", "(30 to 900; default 120)"),
        ("Ipsec.esp_lifetime", "seconds. (300 to 691200; default 1800)"),
        ("Wan.interface", "lan1 to lan9, or pp and its number"),
        ("Cloud.lan", "no host bits set"),
        ("Site.rehearsal", "(default false)"),
    ):
        name, key = place.split(".")
        assert said in parts[name]["properties"][key]["description"]


def test_the_demo_passes() -> None:
    assert wrong(DEMO) == []


@pytest.mark.parametrize(
    ("path", "good"),
    [
        ("cloud.attach", {"router_id": 113400000101}),
        ("cloud.attach", {"router_id": "113400000101", "vip": "203.0.113.4"}),
        ("cloud.aliases", 2),
        ("cloud.aliases", ["203.0.113.9"]),
        ("cloud.static_nat", [{"alias": 1, "private_address": "192.168.2.9"}]),
        ("cloud.firewall", {"eth0": {"receive": [{"action": "deny", "source_port": 80}]}}),
        ("cloud.real_addresses", ["203.0.113.5", "203.0.113.6"]),
        ("cloud.router_switch", {"bandwidth_mbps": 1500}),
        ("office.secure_filter", {"in": "1010 dynamic 80"}),
        ("verify.on_failure", "keep"),
    ],
)
def test_what_the_model_takes_passes(path: str, good: Any) -> None:
    assert wrong(with_value(path, good)) == []


@pytest.mark.parametrize(
    ("path", "bad", "place"),
    [
        ("cloud.zone", "is9z", ".zone"),
        ("cloud.zones", "is1b", "zones"),
        ("cloud.lan", "192.168.2.1", ".lan"),
        ("cloud.aliases", 20, ".aliases"),
        ("cloud.router_switch", {"bandwidth_mbps": 1234}, ".bandwidth_mbps"),
        ("cloud.firewall", {"eth9": {}}, "eth9"),
        ("cloud.real_addresses", ["203.0.113.5"], ".real_addresses"),
        ("office.tunnel", 0, ".tunnel"),
        ("office.tunnel", "two", ".tunnel"),
        ("office.wan", {"kind": "fixed"}, "address is missing"),
        ("office.wan.interface", "wan1", ".interface"),
        ("office.lan_address", "192.168.1", ".lan_address"),
        ("accept", {"no-such-code": "why"}, "no-such-code"),
        ("verify.seconds", 5, ".seconds"),
        ("rehearsal", "sometimes", ".rehearsal"),
    ],
)
def test_what_the_model_refuses_fails(path: str, bad: Any, place: str) -> None:
    data = with_value(path, bad)
    with pytest.raises(SpecError):
        site_of(data["config"])
    found = wrong(data)
    assert place in " ".join(found)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_every_example_of_a_first_site_passes(name: str) -> None:
    common = {"cloud.zone": "is1b", "cloud.lan": "10.1.0.0/24", "office.lan": "10.2.0.0/24"}
    answers = common | {"office.router.host": "10.2.0.1"} | EXAMPLES[name]
    assert wrong(yaml.safe_load(file_text("tokyo", answers))) == []


def test_a_secret_in_plain_is_wrong() -> None:
    data = copy.deepcopy(DEMO)
    data["config"]["sakura-rtx-vpn:psk"] = "in_plain"
    assert wrong(data)
    data["config"]["sakura-rtx-vpn:psk"] = {"secure": "v1:abc"}
    assert not wrong(data)


def test_the_command_prints_or_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
    assert cli.main(["schema", "--output", str(tmp_path / "schemas" / "s.json")]) == 0
    assert (tmp_path / "schemas" / "s.json").read_text() == text()
