"""Importing a tunnel: what is found at both ends, and that the program then changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud_stand_in import Heard, context, reached, router_inputs

from components.clock import ManualClock
from components.cloud.router import vpn_values
from components.cloud.settings import write_peer
from components.errors import SpecError
from components.office.config import Config, parse
from components.office.render import ADDRESS_PLACEHOLDER, PSK_PLACEHOLDER, render
from components.office.session import Session
from components.office.standing import scope_standing
from components.provider import access
from components.provider.router import VpcRouter
from components.provider.tunnel import Tunnel
from components.provider.tunnel_import import IMPORTED, claimed
from components.provider.values import UNKNOWN, Secret
from components.rehearsal.sakura import Sakura
from components.site import site_of

DEMO = Path(__file__).resolve().parents[2] / "stacks" / "Pulumi.demo.yaml"
KEY = "Canary_key_0123456789"
SITE = site_of(yaml.safe_load(DEMO.read_text())["config"])
NUMBERS = {"tunnel": 2, "policy": 102, "gateway": 2}
ESP = "nat descriptor masquerade static 1 4 192.168.1.1 esp"


def lines(vip: str) -> str:
    return render(SITE.agreement, SITE.office_end).replace(ADDRESS_PLACEHOLDER, vip)


def shown(vip: str) -> str:
    """`show config` of an RTX with this tunnel: sorted lines, no comments, other people's too."""
    own = [line for line in lines(vip).splitlines() if not line.startswith("#")]
    outside = [line for line in own if not line.startswith((" ", "tunnel select"))]
    block = [line for line in own if line.startswith(" ")]
    return "\n".join(
        [
            "# RTX1220 Rev.15.04.03 (Fri Jun 10 10:00:00 2022)",
            *sorted(outside),
            "nat descriptor masquerade static 1 2 192.168.1.1 udp 500",
            "tunnel select 2",
            *sorted(block, key=str.strip),
            "tunnel select 3",
            " ipsec tunnel 103",
            "  ipsec sa policy 103 3 esp aes-cbc sha-hmac",
            "  ipsec ike pre-shared-key 3 text another_key",
            "ip route 10.9.0.0/24 gateway tunnel 3",
        ]
    ).replace(PSK_PLACEHOLDER, KEY)


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sakura]:
    with reached(tmp_path, monkeypatch) as sakura:
        yield sakura


@pytest.fixture
def made(cloud: Sakura, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The program's inputs of a tunnel that stands at both ends."""
    inputs = router_inputs()
    id, _ = VpcRouter().create(inputs, context("VpcRouter"))
    client = access.client(inputs, context())
    write_peer(client, id, vpn_values(SITE.agreement), KEY, ManualClock())
    running = parse(shown(inputs["address"]))

    class Rtx:
        def configuration(self) -> Config:
            return running

    @contextmanager
    def open_(login: Any, **_: Any) -> Iterator[Rtx]:
        assert login.host == "192.168.1.1"
        yield Rtx()

    monkeypatch.setattr(Session, "open", open_)
    for name, value in {"HOST": "192.168.1.1", "USER": "ops", "HOST_KEY": "ssh-rsa AA"}.items():
        monkeypatch.setenv(f"SAKURA_RTX_{name}", value)
    return {
        "zone": "is1b",
        "routerId": id,
        "address": inputs["address"],
        "lines": lines(inputs["address"]),
        "cloud": vpn_values(SITE.agreement),
        "psk": Secret(KEY),
        "pskVersion": 1,
        "numbers": NUMBERS,
        "router": {"host": "192.168.1.1", "user": "ops", "model": "RTX1220"},
        "consent": {"inBand": False},
        "verify": {"target": "192.168.2.1"},
    }


def found(made: dict[str, Any], number: int = 2, peer: str = "198.51.100.20") -> Any:
    ctx: Heard = context(rtxPassword="pw")
    return Tunnel().read(f"is1b/{made['routerId']}/{peer}/{number}", {}, {}, ctx)


def test_an_imported_tunnel_is_no_change(made: dict[str, Any]) -> None:
    id, state, inputs = found(made)
    assert id == f"{made['routerId']}/198.51.100.20"
    assert (inputs["numbers"], inputs["psk"], inputs["cloud"]) == (
        NUMBERS,
        Secret(KEY),
        made["cloud"],
    )
    assert (state["verified"], state["otherPeers"]) == (IMPORTED, [])
    assert KEY not in inputs["lines"]
    assert "another_key" not in str(inputs)
    assert not Tunnel().diff(inputs, state, made, context()).changed
    assert not Tunnel().diff(inputs, state, made | {"attached": True}, context()).changed


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lines", lambda text: text.replace("ipsec auto refresh 2 off", "ipsec auto refresh 2 on")),
        ("lines", lambda text: text.replace("ip route 192.168.2.0/24", "ip route 192.168.9.0/24")),
        ("cloud", lambda cloud: cloud | {"hash": "sha256"}),
        ("psk", lambda _: Secret("another_key_of_the_user")),
        ("numbers", lambda numbers: numbers | {"policy": 103}),
    ],
)
def test_what_really_differs_from_the_import_is_a_change(
    made: dict[str, Any], key: str, value: Any
) -> None:
    _, state, inputs = found(made)
    changed = Tunnel().diff(inputs, state, made | {key: value(made[key])}, context()).changed
    assert {path.partition(".")[0] for path in changed} >= {key}


def test_an_unknown_value_is_not_called_the_same(made: dict[str, Any]) -> None:
    _, state, inputs = found(made)
    diff = Tunnel().diff(inputs, state, made | {"routerId": UNKNOWN}, context())
    assert "routerId" in diff.changed


def test_what_the_site_file_claims_is_ours_from_the_first_update_on(made: dict[str, Any]) -> None:
    _, state, _ = found(made)
    assert ESP not in state["lines"]
    before = claimed(state, made)
    assert ESP in before["lines"]
    assert "udp 500" not in before["lines"]  # in the router, and not in the site file
    proved = state | {"verified": {"at": "now"}}
    assert claimed(proved, made) == proved


def test_a_tunnel_that_is_not_there_is_not_imported(made: dict[str, Any]) -> None:
    assert found(made, peer="192.0.2.1") is None
    with pytest.raises(SpecError, match="found 9; allowed: an IPsec tunnel of the router, of 2, 3"):
        found(made, number=9)
    with pytest.raises(SpecError, match="ZONE/ID/PEER/TUNNEL"):
        Tunnel().read("is1b/1134/198.51.100.20/two", {}, {}, context())
    with pytest.raises(SpecError, match="ZONE/ID/PEER/TUNNEL"):
        Tunnel().read("is1b/1134", {}, {}, context())


def test_which_router_it_is_must_be_said(
    made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAKURA_RTX_HOST")
    with pytest.raises(SpecError, match="SAKURA_RTX_HOST"):
        found(made)


def test_a_tunnel_that_stands_is_found_by_its_number() -> None:
    scope = scope_standing(parse(shown("203.0.113.4")), 3)
    assert (scope.tunnel, scope.policy, scope.gateway) == (3, 103, 3)
    owned = [s.text for s in parse(shown("203.0.113.4")).owned(scope)]
    assert "ip route 10.9.0.0/24 gateway tunnel 3" in owned
    assert not [text for text in owned if " 2" in text]
