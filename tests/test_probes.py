"""Probes: what pulumi-command is asked for, when again, and what stays secret."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pulumi
import pytest
from mocked_program import MADE, MARK, demo, program

from components.errors import SpecError
from components.probes import LocalProbe, RemoteProbe, SshHost
from components.provider.values import SECRET, SIGNATURE
from components.vpn import SiteToSiteVpn

ROOT = Path(__file__).resolve().parents[1]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
CANARY = "canary_private_key"
FAR = {"name": "far", "command": "true", "host": "h", "user": "ops", "host_key": KEY}
BEHIND = {"via": "ops@bastion:2222", "via_host_key": KEY}
PROBES = [FAR | BEHIND, {"name": "near", "command": "true"}]
HOST = SshHost(host="192.168.2.10", user="ops", host_key=KEY, private_key=CANARY)


@pytest.fixture(autouse=True)
def _program() -> Iterator[None]:
    with program():
        yield


def inside_secret(value: dict[str, Any]) -> dict[str, Any]:
    """What a secret holds; fails for what is none."""
    assert value[SIGNATURE] == SECRET
    inside: dict[str, Any] = value["value"]
    return inside


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_a_remote_probe_asks_a_pinned_host_once_more_at_most() -> pulumi.Output[None]:
    probe = RemoteProbe(
        name="ping", command="ping -c 3 192.168.1.10", host="192.168.2.11", user="ops",
        host_key=KEY, password=CANARY, via=HOST,
    )  # fmt: skip
    vpn = SiteToSiteVpn("a", demo(), probes=[probe])

    def check(printed: str) -> None:
        made = MADE["a-probe-ping"]
        assert printed == "printed by a-probe-ping"
        assert made["type"] == "command:remote:Command"
        for host in (connection := inside_secret(made["connection"]), connection["proxy"]):
            assert host["hostKey"] == KEY
            assert host["dialErrorLimit"] == 1
        assert (connection["password"], connection["proxy"]["privateKey"]) == (CANARY, CANARY)
        assert made["create"] == "ping -c 3 192.168.1.10"
        assert made["update"].startswith("ping -c 3 192.168.1.10 # agreement ")
        assert made["logging"] == "none"
        assert made["addPreviousOutputInEnv"] is False
        assert not made.keys() & {"triggers", "environment", "stdin", "delete"}

    return vpn.probe_outputs["ping"].apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_what_is_printed_is_shown_only_if_it_holds_no_secret() -> pulumi.Output[None]:
    quiet = LocalProbe(name="quiet", command="cat key")
    said = LocalProbe(name="said", command="date", show_output=True)
    vpn = SiteToSiteVpn("b", demo(), probes=[quiet, said])

    def check(_: object) -> None:
        assert MADE["b-probe-quiet"]["logging"] == "none"
        assert "logging" not in MADE["b-probe-said"]
        assert CANARY not in repr(RemoteProbe(name="x", command="y", **vars(HOST)))

    return pulumi.Output.all(*vpn.probe_outputs.values()).apply(check)


def agreements(*sites: Any) -> pulumi.Output[list[str]]:
    """What marks the agreement in each site's probe, and its command in two forms."""
    probes = [LocalProbe(name="p", command="true"), LocalProbe(name="lines", command="a\nb\n")]
    made = [SiteToSiteVpn(f"s{n}", each, probes=probes) for n, each in enumerate(sites)]
    printed = [one.probe_outputs[name] for one in made for name in ("p", "lines")]

    def marks(_: object) -> list[str]:
        for n in range(len(made)):
            line, block = MADE[f"s{n}-probe-p"]["update"], MADE[f"s{n}-probe-lines"]["update"]
            assert block == f"a\nb\n# {line.partition('# ')[2]}"
        return [MADE[f"s{n}-probe-p"]["update"] for n in range(len(made))]

    return pulumi.Output.all(*printed).apply(marks)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_it_runs_again_when_anything_of_the_agreement_changes() -> pulumi.Output[None]:
    base = demo()
    changes: list[dict[str, Any]] = [
        {"psk_version": 2},
        {"ipsec": base.ipsec.model_copy(update={"encryption": "aes256"})},
        {"ipsec": base.ipsec.model_copy(update={"esp_lifetime": 3600})},
        {"verify": base.verify.model_copy(update={"target": IPv4Address("192.168.2.2")})},
        {"office": base.office.model_copy(update={"extra_lines": "description tunnel x"})},
        {"office": base.office.model_copy(update={"mtu": 1200})},
    ]
    others = [base.model_copy(update=change) for change in changes]
    silent = [
        base.model_copy(update={"office": base.office.model_copy(update={"allow_unsaved": True})}),
        base.model_copy(
            update={"verify": base.verify.model_copy(update={"on_failure": "keep", "seconds": 60})}
        ),
    ]

    def check(marks: list[str]) -> None:
        first, *other = marks
        for same in range(len(silent)):
            assert first == other.pop(0), same
        assert len({first, *other}) == 1 + len(changes)

    return agreements(base, *silent, *others).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_another_router_and_a_change_of_the_key_are_another_agreement() -> pulumi.Output[None]:
    probes = [LocalProbe(name="p", command="true")]
    moved = demo(attach={"router_id": "113400000101"})
    MADE.clear()
    MARK["k3-psk"] = "of the next key"
    sites = [
        SiteToSiteVpn("k0", demo(), probes=probes, psk="a_given_key_of_some_length"),
        SiteToSiteVpn("k1", demo(), probes=probes, psk="another_key_of_some_length"),
        SiteToSiteVpn("k2", moved, probes=probes),
        SiteToSiteVpn("k3", demo(), probes=probes, psk="another_key_of_some_length"),
    ]

    def check(_: object) -> None:
        given, other, elsewhere, changed = (MADE[f"k{n}-probe-p"]["update"] for n in range(4))
        assert given == other  # a key leaves no trace, not even a hash
        assert len({given, elsewhere, changed}) == 3

    return pulumi.Output.all(*(one.probe_outputs["p"] for one in sites)).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_those_of_the_site_file_log_in_with_the_stacks_secrets() -> pulumi.Output[None]:
    site = demo().model_copy(update={"probes": _of_a_site_file()})
    login = pulumi.Output.secret(CANARY)
    vpn = SiteToSiteVpn("f", site, probe_login={"key": login, "password": None})

    def check(_: object) -> None:
        connection = inside_secret(MADE["f-probe-far"]["connection"])
        assert connection["privateKey"] == connection["proxy"]["privateKey"] == CANARY
        assert "password" not in connection
        assert (connection["proxy"]["host"], connection["proxy"]["port"]) == ("bastion", 2222)
        assert connection["user"] == "ops"
        assert MADE["f-probe-near"]["type"] == "command:local:Command"

    return pulumi.Output.all(*vpn.probe_outputs.values()).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_the_projects_own_program_hands_the_login_over() -> pulumi.Output[None]:
    site = demo().model_dump(mode="json", exclude_unset=True) | {"probes": PROBES}
    secret = {"probePassword": "canary_password", "probeKey": CANARY, "probeKeyPassphrase": "p"}
    config = {"site": json.dumps(site), **secret}
    names = {f"sakura-rtx-vpn:{name}": value for name, value in config.items()}
    pulumi.runtime.set_all_config(names, [f"sakura-rtx-vpn:{name}" for name in secret])
    ran = runpy.run_path(str(ROOT / "__main__.py"))

    def check(_: object) -> None:
        connection = inside_secret(MADE["demo-probe-far"]["connection"])
        for host in (connection, connection["proxy"]):
            assert host["password"] == "canary_password"
            assert (host["privateKey"], host["privateKeyPassword"]) == (CANARY, "p")

    return pulumi.Output.all(*ran["vpn"].probe_outputs.values()).apply(check)


def _of_a_site_file() -> Any:
    data = demo().model_dump(mode="json", exclude_unset=True)
    return type(demo()).parse(data | {"probes": PROBES}).probes


def test_what_is_wrong_is_refused_before_anything_is_made() -> None:
    with pytest.raises(SpecError, match="ssh-ed25519 or ecdsa-sha2"):
        SshHost(host="h", user="ops", host_key="ssh-rsa AAAAB3NzaC1yc2E")
    with pytest.raises(SpecError, match="a letter first"):
        LocalProbe(name="Not So", command="true")
    twice = [LocalProbe(name="p", command="true")] * 2
    with pytest.raises(SpecError, match="each name once"):
        SiteToSiteVpn("t", demo(), probes=twice)


def test_a_program_without_probes_does_not_pay_for_pulumi_command() -> None:
    program = "import sys, components.vpn; print('pulumi_command' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize("name", ["", "Ping", "1st", "a b", "ping\n", "a" * 32])
def test_a_name_that_no_resource_should_have_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match="1 to 31 of a-z"):
        LocalProbe(name=name, command="true")
