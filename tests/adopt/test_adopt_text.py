"""What an adoption writes: the stack file and the import file."""

from __future__ import annotations

import json

import pytest
import yaml
from pairs import INSIDE, INTERNET_ID, KEY, ROUTER_ID, pair, smallest

from components.adopt import adopt, imports, text
from components.errors import SpecError

VALUES = {
    "cloud": {"zone": "is1b", "attach": {"router_id": "1134"}},
    "office": {"wan": {"kind": "pppoe", "peer_gateway": "pp 1"}, "extra_lines": "a b\nc d\n"},
}
NOTES = {"office.wan.peer_gateway": "`ip route 192.0.2.1 gateway pp 1`"}


def test_a_stack_file_reads_as_people_write_it() -> None:
    assert text.stack_file(VALUES, NOTES, ["tokyo: adopted"]) == (
        "# tokyo: adopted\n"
        "config:\n"
        "  sakura-rtx-vpn:site:\n"
        "    cloud:\n"
        "      zone: is1b\n"
        "      attach: {router_id: '1134'}\n"
        "    office:\n"
        "      wan:\n"
        "        kind: pppoe\n"
        "        # `ip route 192.0.2.1 gateway pp 1`\n"
        "        peer_gateway: pp 1\n"
        "      extra_lines: |\n"
        "        a b\n"
        "        c d\n"
    )


@pytest.mark.parametrize(
    "before",
    [
        "encryptionsalt: v1:x\nconfig:\n  sakura-rtx-vpn:rtxPassword:\n    secure: v1:y\n",
        "# mine\nconfig:\nencryptionsalt: v1:x\n",
        "config: {}\n",
        "encryptionsalt: v1:x",
        "",
    ],
)
def test_a_stack_file_with_secrets_keeps_all_that_it_had(before: str) -> None:
    text.refuse_a_site(before)
    after = text.added(before, VALUES, NOTES)
    kept = [line for line in before.splitlines() if line.strip() != "config: {}"]
    assert [line for line in after.splitlines() if line in kept] == kept
    data = yaml.safe_load(after)
    assert data["config"]["sakura-rtx-vpn:site"] == VALUES
    assert data.get("encryptionsalt") == (yaml.safe_load(before) or {}).get("encryptionsalt")
    with pytest.raises(SpecError, match="found a site; allowed"):
        text.refuse_a_site(after)


def test_a_layout_that_cannot_be_added_to_is_refused() -> None:
    with pytest.raises(SpecError, match="a layout that cannot be added to"):
        text.added("config: {a: b}\n", VALUES, NOTES)


@pytest.mark.parametrize("before", ["config: [a", "config: [a]\n", "- a\n", "a: !!python/name:b"])
def test_what_is_no_stack_file_is_refused_before_an_end_is_asked(before: str) -> None:
    with pytest.raises(SpecError, match="allowed: "):
        text.refuse_a_site(before)


def test_the_import_plan_names_every_resource_by_its_id() -> None:
    one = pair(smallest())
    found = adopt(one.ends, one.asked)
    plan = imports.plan(one.ends, one.asked, found, "offices")
    both = f"is1b/{ROUTER_ID}/198.51.100.20/2"
    assert [(each["name"], each["id"]) for each in plan["resources"]] == [
        ("tokyo-psk", both),
        ("tokyo-internet", f"is1b/{INTERNET_ID}"),
        ("tokyo-lan", f"is1b/{INSIDE}"),
        ("tokyo-router", f"is1b/{ROUTER_ID}"),
        ("tokyo-tunnel", both),
    ]
    assert plan["nameTable"]["site"].startswith("urn:pulumi:tokyo::offices::sakurartx:")
    assert KEY not in json.dumps(plan)


def test_of_a_router_of_others_only_the_way_to_it_is_imported() -> None:
    values = smallest()
    values["cloud"]["attach"] = {"router_id": ROUTER_ID, "vip": "203.0.113.4"}
    one = pair(values)
    plan = imports.plan(one.ends, one.asked, adopt(one.ends, one.asked), "offices")
    assert [each["type"].rpartition(":")[2] for each in plan["resources"]] == [
        "PreSharedKey",
        "AttachedRouter",
        "Tunnel",
    ]


def test_a_standard_router_has_no_router_switch() -> None:
    values = smallest()
    values["cloud"]["plan"] = "standard"
    one = pair(values)
    plan = imports.plan(one.ends, one.asked, adopt(one.ends, one.asked), "offices")
    assert "tokyo-internet" not in [each["name"] for each in plan["resources"]]
