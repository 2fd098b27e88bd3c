"""One site from its creation to its end, through `make` and the real engine."""

from __future__ import annotations

import re

import pytest

from . import golden
from .conftest import Clone

pytestmark = pytest.mark.engine

OUTPUTS = {
    "psk",
    "vpc_router_address",
    "vpc_router_addresses",
    "office_address",
    "cloud_prefixes",
    "office_prefixes",
    "rtx_config",
    "agreement",
    "verified",
    "router_id",
}

# Everything that the engine can be made to say; canaries are looked for in it.
LOUD = ("-v=9", "--logtostderr", "--logflow")


def owned(line: str) -> bool:
    """Whether a line of `show config` is of the demo's tunnel, by its numbers and prefixes."""
    return bool(
        re.search(r"\btunnel (select |enable )?2$| 102( |$)|gateway tunnel 2", line)
        or re.match(r"\s*ipsec (ike|auto refresh) .*\b2( |$)", line)
        or line == "nat descriptor masquerade static 1 4 192.168.1.1 esp"
    )


def block(lines: list[str]) -> set[str]:
    """The stripped lines of tunnel 2's block."""
    start = lines.index("tunnel select 2")
    inside = [lines[start]]
    for line in lines[start + 1 :]:
        if not line.startswith(" "):
            break
        inside.append(line.strip())
    return set(inside)


def test_life(clone: Clone) -> None:
    # A preview needs no device and no credential, and shows every line.
    preview = clone.make("preview", "--color=never")
    assert "ipsec ike remote address 2 <VPC router address, known after creation>" in preview
    assert "nat descriptor masquerade static 1 4 192.168.1.1 esp" in preview
    assert "encryption: aes128" in preview
    foreign = clone.configuration()

    created = clone.create()
    assert "error" not in created
    clone.remember_canaries()
    clone.unchanged()
    clone.up("--expect-no-changes")

    masked, plain = clone.outputs(), clone.outputs(secrets=True)
    assert set(masked) == OUTPUTS
    assert masked["psk"] == "[secret]"
    assert re.fullmatch(r"[A-Za-z0-9_]{40}", plain["psk"])
    assert plain["verified"]["roundTripMs"] > 0
    assert len(plain["agreement"]) == 11
    key, vip = plain["psk"], plain["vpc_router_address"]

    # The seed's lines stand, saved too; everybody else's are untouched, byte for byte.
    lines = clone.configuration()
    assert block(lines) == {
        "tunnel select 2",
        "tunnel encapsulation ipsec",
        "ipsec tunnel 102",
        "ipsec sa policy 102 2 esp aes-cbc sha-hmac",
        "ipsec ike always-on 2 on",
        "ipsec ike duration ipsec-sa 2 1800",
        "ipsec ike duration ike-sa 2 28800",
        "ipsec ike encryption 2 aes-cbc",
        "ipsec ike group 2 modp1024",
        "ipsec ike hash 2 sha",
        "ipsec ike keepalive log 2 off",
        "ipsec ike keepalive use 2 on dpd 15 2",
        "ipsec ike local address 2 192.168.1.1",
        "ipsec ike local id 2 192.168.1.0/24",
        "ipsec ike backward-compatibility 2 2",
        "ipsec ike pfs 2 on",
        f"ipsec ike pre-shared-key 2 text {key}",
        f"ipsec ike remote address 2 {vip}",
        "ipsec ike remote id 2 192.168.2.0/24",
        "ip tunnel mtu 1280",
        "ip tunnel tcp mss limit auto",
        "tunnel enable 2",
    }
    assert "ipsec auto refresh 2 off" in lines
    assert "ip route 192.168.2.0/24 gateway tunnel 2" in lines
    ours = block(lines)
    left = [line for line in lines if not owned(line) and line.strip() not in ours]
    assert left == [line for line in foreign if line.strip() not in ours]
    assert saved_is_running(clone)

    # A changed algorithm: shown as lines and value, made at both ends, proved over new SAs.
    clone.edit("ipsec.encryption", "aes256")
    preview = clone.make("preview", "--color=never")
    golden.compare(preview, "changed-site")
    assert "-   ipsec ike encryption 2 aes-cbc" in preview
    assert "+   ipsec ike encryption 2 aes256-cbc" in preview
    assert '~ encryption: "aes128" => "aes256"' in preview
    before = clone.typed("show ipsec sa gateway 2 detail")
    clone.up(*LOUD)
    after = clone.typed("show ipsec sa gateway 2 detail")
    assert "AES256-CBC" in after
    assert not set(spis(before)) & set(spis(after))
    assert clone.passes()
    assert saved_is_running(clone)

    # The router reboots: traffic comes back by itself, within the DPD time.
    clone.typed("restart")
    assert not clone.passes()
    clone.advance(40)
    assert clone.passes()

    # The seed's stall, and how it shows.
    clone.typed("ipsec auto refresh 2 on", "save", "restart")
    clone.advance(600)
    assert "Online" in clone.typed("console character en.ascii", "show status tunnel 2")
    clone.typed("no console character", "save")
    assert not clone.passes()
    drift = clone.make("refresh", "--diff", "--color=never")
    assert "-   ipsec auto refresh 2 off" in drift
    assert "+   ipsec auto refresh 2 on" in drift
    with clone.fast_forward():
        clone.up("--skip-preview")
    assert clone.passes()
    clone.unchanged()

    # Our lines run, and a restart would lose one: said by a refresh, saved by the next `up`.
    clone.typed("no ipsec auto refresh 2", "save", "ipsec auto refresh 2 off")
    drift = clone.make("refresh", "--skip-preview", "--color=never")
    assert "not saved; a restart of the RTX would do:" in drift
    assert "no ipsec auto refresh 2" in drift
    with clone.fast_forward():
        clone.up("--skip-preview")
    assert saved_is_running(clone)
    clone.unchanged()

    # A rotated token and password: nothing that `up` knew is used again.
    clone.remember_canaries()
    clone.rehearsal("rotate")
    clone.remember_canaries()
    clone.make("refresh", "--expect-no-changes", "--skip-preview", *LOUD)
    clone.down()
    assert not any(clone.cloud().values())
    assert clone.configuration() == foreign
    assert saved_is_running(clone)


def saved_is_running(clone: Clone) -> bool:
    shown = clone.typed("show config difference 0").splitlines()
    return not [line for line in shown if line and not line.startswith("#")]


def spis(text: str) -> list[str]:
    return re.findall(r"^SPI: (.+)$", text, re.MULTILINE)
