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
from components.errors import DeviceError, SpecError, VpnError
from components.office import others
from components.office.config import Config, Scope, parse
from components.office.render import ADDRESS_PLACEHOLDER, PSK_PLACEHOLDER, render
from components.office.session import Session
from components.office.standing import scope_standing
from components.provider import access
from components.provider.key import PreSharedKey
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
def rtx() -> list[Config]:
    """What the RTX shows: the last one."""
    return []


@pytest.fixture
def made(
    cloud: Sakura, rtx: list[Config], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, Any]:
    """The program's inputs of a tunnel that stands at both ends; no site file is near."""
    monkeypatch.chdir(tmp_path)
    inputs = router_inputs()
    id, _ = VpcRouter().create(inputs, context("VpcRouter"))
    client = access.client(inputs, context())
    write_peer(client, id, vpn_values(SITE.agreement), KEY, ManualClock())
    rtx.append(parse(shown(inputs["address"])))

    class Rtx:
        def configuration(self) -> Config:
            return rtx[-1]

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


# --- what an import cannot tell to be ours --------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "nat descriptor masquerade static 1 5 192.168.1.1 udp 4500",
        "ip filter 2001 pass 203.0.113.4 192.168.1.1 esp * *",
        "ip keepalive 2 icmp-echo 15 4 192.168.2.1 ipsec-refresh-down=2",
        "ip route 203.0.113.4 gateway 198.51.100.1",
    ],
)
def test_a_line_that_the_site_names_is_a_change_only_if_it_does_not_stand(
    made: dict[str, Any], rtx: list[Config], line: str
) -> None:
    wanted = made | {"lines": f"{line}\n{made['lines']}"}
    _, state, inputs = found(made)
    assert Tunnel().diff(inputs, state, wanted, context()).changed == ["lines"]
    rtx.append(parse(f"{rtx[-1].source}\n{line}\n"))
    _, state, inputs = found(made)
    assert line not in inputs["lines"]
    assert not Tunnel().diff(inputs, state, wanted, context()).changed
    assert line in claimed(state, wanted)["lines"]
    assert line not in claimed(state, made)["lines"]


@pytest.mark.parametrize(
    ("line", "somebodys"),
    [
        (
            "nat descriptor masquerade static 1 5 192.168.1.1 udp 4500",
            "nat descriptor masquerade static 1 5 192.168.1.9 tcp 443",
        ),
        (
            "ip filter 2001 pass 203.0.113.4 192.168.1.1 esp * *",
            "ip filter 2001 reject * 192.168.1.9 tcp * 25",
        ),
    ],
)
def test_somebody_elses_line_of_the_same_number_does_not_become_ours(
    made: dict[str, Any], rtx: list[Config], line: str, somebodys: str
) -> None:
    rtx.append(parse(f"{rtx[-1].source}\n{somebodys}\n"))
    wanted = made | {"lines": f"{line}\n{made['lines']}"}
    _, state, inputs = found(made)
    assert Tunnel().diff(inputs, state, wanted, context()).changed == ["lines"]
    before = claimed(state, wanted)["lines"]
    assert somebodys not in before
    keys = frozenset(s.key for text in (before, wanted["lines"]) for s in parse(text).statements)
    with pytest.raises(DeviceError, match="taken by somebody else") as refused:  # as `up` does
        others.refuse_taken(
            rtx[-1],
            Scope(**NUMBERS, keys=keys),
            expected=before,
            wanted=wanted["lines"],
            unsaved=(),
        )
    assert somebodys in refused.value.said


def test_a_route_to_another_prefix_is_not_the_tunnels(
    made: dict[str, Any], rtx: list[Config]
) -> None:
    rtx.append(parse(f"{rtx[-1].source}\nip route 10.77.0.0/16 gateway tunnel 2\n"))
    _, state, inputs = found(made)
    assert "10.77.0.0" not in inputs["lines"]
    assert not Tunnel().diff(inputs, state, made, context()).changed


# --- the key, and the way to the router -----------------------------------------------------------


def key_of(made: dict[str, Any]) -> Any:
    return PreSharedKey().read(
        f"is1b/{made['routerId']}/198.51.100.20/2", {}, {}, context(rtxPassword="pw")
    )


def hide_at_the_rtx(rtx: list[Config]) -> None:
    rtx.append(parse(rtx[-1].source.replace(f"2 text {KEY}", "2 *")))


def test_the_key_is_found_where_an_end_shows_it(
    made: dict[str, Any], rtx: list[Config], cloud: Sakura, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_at_the_rtx(rtx)
    _, state, inputs = key_of(made)  # the VPC router shows it
    assert state.pop("mark")
    assert (state, inputs) == ({"version": 1, "value": Secret(KEY)}, {"version": 1})
    assert not PreSharedKey().diff(inputs, state, {"version": 1, "value": None}, context()).changed
    assert found(made)[2]["psk"] == Secret(KEY)

    cloud.change_options({"secrets_returned": False})
    with pytest.raises(VpnError, match="neither end shows the pre-shared key") as refused:
        key_of(made)
    assert "SAKURA_RTX_PSK" in refused.value.remedy
    assert "psk" not in found(made)[2]
    monkeypatch.setenv("SAKURA_RTX_PSK", KEY)
    assert key_of(made)[1]["value"] == found(made)[2]["psk"] == Secret(KEY)
    rtx.pop()
    monkeypatch.delenv("SAKURA_RTX_PSK")
    assert key_of(made)[1]["value"] == Secret(KEY)  # the RTX shows it
    rtx.append(parse(rtx[-1].source.replace(f"2 text {KEY}", f"2 0x{KEY.encode().hex()}")))
    with pytest.raises(VpnError, match="neither end shows the pre-shared key"):
        key_of(made)
    monkeypatch.setenv("SAKURA_RTX_PSK", KEY)
    assert key_of(made)[1]["value"] == Secret(KEY)


def test_a_key_of_no_peer_is_not_imported(made: dict[str, Any]) -> None:
    id = f"is1b/{made['routerId']}/192.0.2.1/2"
    assert PreSharedKey().read(id, {}, {}, context()) is None


def site_file(folder: Path, **router: str) -> Path:
    """The stack's own site file, in a project of another layout than ours."""
    (folder / "Pulumi.yaml").write_text("name: sakura-rtx-vpn\nstackConfigDir: sites\n")
    (folder / "sites").mkdir()
    data = yaml.safe_load(DEMO.read_text())["config"]
    data["sakura-rtx-vpn:site"]["office"]["router"] |= router
    file = folder / "sites" / "Pulumi.demo.yaml"
    file.write_text(yaml.safe_dump({"config": data}))
    return file


def test_the_site_file_says_which_router_it_is(
    made: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("HOST", "USER", "HOST_KEY"):
        monkeypatch.delenv(f"SAKURA_RTX_{name}")
    file = site_file(tmp_path, host="192.168.1.1", user="ops", via="me@jump")
    assert found(made)[2]["router"]["via"] == "me@jump"
    for text in ("config: {}", "- no stack file", "config: [", ""):
        file.write_text(text)
        with pytest.raises(SpecError, match="SAKURA_RTX_HOST: found nothing"):
            found(made)


def test_with_the_site_file_the_lines_that_differ_are_all_that_differs(
    made: dict[str, Any], rtx: list[Config], tmp_path: Path
) -> None:
    file = site_file(tmp_path)
    assert found(made)[2]["lines"] == made["lines"]
    rtx.append(parse(rtx[-1].source.replace("2 on dpd 15 2", "2 on dpd 10 6")))
    drifted = made["lines"].replace("2 on dpd 15 2", "2 on dpd 10 6")
    assert found(made)[2]["lines"] == drifted != made["lines"]
    file.write_text(file.read_text().replace("tunnel: 2", "tunnel: 3"))  # of another tunnel
    assert "# what goes" not in found(made)[2]["lines"]
