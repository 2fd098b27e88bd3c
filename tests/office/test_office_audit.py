"""The audit says what is to be said about the corpus, and nothing that would be wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from corpus import CASES, CORPUS, body_of, data_of, expected
from hypothesis import given, settings
from hypothesis import strategies as st
from office_rig import AGREEMENT, SITE
from office_rig import KEY as LONG_KEY

from components import cli, ipsec
from components.errors import SpecError
from components.ipsec import Agreement, Proposal
from components.office.audit import audit, far_end
from components.office.plan import with_key
from components.office.reading import read
from components.office.render import render

# Only the settings of the far end show these.
NEEDS_THE_FAR_END = {"remote-id-mismatch", "phase2-id-mismatch", "psk-mismatch"}
HEALTHY = "14-lifetime-options-by-revision"


def codes(case: str, *, cloud: bool) -> dict[str, str]:
    far = far_end(body_of(case)) if cloud else None
    return {found.code: found.severity for found in audit(read(data_of(case)), far=far)}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cloud", [True, False])
def test_what_must_be_found_is_found(case: str, cloud: bool) -> None:
    found = codes(case, cloud=cloud)
    for flag in expected(case)["flags"]:
        if cloud or flag["code"] not in NEEDS_THE_FAR_END:
            assert found.get(flag["code"]) == flag["severity"], flag


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cloud", [True, False])
def test_nothing_is_said_that_would_be_wrong(case: str, cloud: bool) -> None:
    """Beside the flags there is information only: all else in these texts is in order."""
    want = {flag["code"] for flag in expected(case)["flags"]}
    found = codes(case, cloud=cloud)
    assert {code for code, severity in found.items() if severity != "info"} <= want


@pytest.mark.parametrize("case", CASES)
def test_where_names_the_number_of_the_gateway(case: str) -> None:
    for found in audit(read(data_of(case)), far=far_end(body_of(case))):
        if found.code == "stall-after-sa-loss":
            (flag,) = [f for f in expected(case)["flags"] if f["code"] == found.code]
            assert re.findall(r"\d+", found.where) == re.findall(r"\d+", flag["where"])


@pytest.mark.parametrize("case", CASES)
def test_no_key_is_in_any_finding(case: str) -> None:
    config = read(data_of(case))
    keys = [g["psk"].get("value") for g in expected(case)["facts"]["gateways"]]
    for found in audit(config, far=far_end(body_of(case))):
        assert not any(key and key in str(found) for key in keys)


# --- our own lines -----------------------------------------------------------------------

FIXED = "ip lan1 address 192.168.1.1/24\nip lan2 address 198.51.100.20/24\n"
FIXED += "ip route default gateway 198.51.100.1\n"


def rendered(agreement: Agreement) -> str:
    lines = render(agreement, SITE).splitlines()
    return FIXED + "\n".join(with_key(line.strip(), LONG_KEY) for line in lines)


@given(
    st.sampled_from(ipsec.choices(ipsec.ENCRYPTION)),
    st.sampled_from(ipsec.choices(ipsec.HASH)),
    st.sampled_from(ipsec.choices(ipsec.DH_GROUP)),
)
def test_what_we_write_ourselves_is_silent_but_for_strength(
    encryption: str, hash_: str, group: str
) -> None:
    proposal = Proposal(encryption, hash_, group)
    text = rendered(Agreement(**{**AGREEMENT.__dict__, "proposal": proposal}))
    found = {each.code for each in audit(read(text.encode()))}
    assert found == set(ipsec.weaknesses(proposal))


# --- each line that matters -----------------------------------------------------------------------

BROKEN = [
    ("  ipsec ike backward-compatibility 1 2", "", "stall-after-sa-loss"),
    ("on dpd 15 2", "on heartbeat 10 6", "keepalive-not-dpd"),
    ("on dpd 15 2", "off", "keepalive-not-dpd"),
    ("ipsec ike pfs 1 on", "ipsec ike pfs 1 off", "pfs-off"),
    ("isakmp-sa 1 28800", "isakmp-sa 1 3600", "lifetime-mismatch"),
    ("ipsec-sa 1 1800", "ipsec-sa 1 3600", "lifetime-mismatch"),
    ("ipsec ike encryption 1 aes256-cbc", "ipsec ike encryption 1 aes-cbc", "encryption-mismatch"),
    ("ipsec ike encryption 1 aes256-cbc", "", "encryption-mismatch"),
    ("ipsec ike hash 1 sha256", "ipsec ike hash 1 md5", "hash-mismatch"),
    ("ipsec ike group 1 modp2048", "ipsec ike group 1 modp1536", "group-mismatch"),
    ("esp aes256-cbc sha256-hmac", "esp 3des-cbc sha256-hmac", "esp-encryption-mismatch"),
    ("esp aes256-cbc sha256-hmac", "esp aes256-cbc md5-hmac", "esp-hash-mismatch"),
    ("esp aes256-cbc sha256-hmac", "esp aes256-cbc", "esp-without-authentication"),
    (" tunnel enable 1", "", "tunnel-not-enabled"),
    ("ip route 10.14.0.0/24 gateway tunnel 1", "", "route-missing"),
    ("ipsec ike local id 1 192.168.44.0/24", "", "phase2-id-missing"),
    ("local id 1 192.168.44.0/24", "local id 1 192.168.44.0/25", "phase2-id-too-small"),
    ("remote id 1 10.14.0.0/24", "remote id 1 192.168.0.0/16", "subnet-overlap"),
    ("text c14_key", "text c14-key", "key-not-accepted"),
    ("text c14_key", "0x1234", "key-not-accepted"),
    ("  ipsec ike pre-shared-key 1 text c14_key", "", "key-not-accepted"),
    ("mss limit auto", "mss limit off", "mss-limit-missing"),
    ("ip tunnel tcp mss limit auto", "ip tunnel mtu 1480", "tunnel-mtu-too-large"),
    ("ip tunnel tcp mss limit auto", "ipsec tunnel outer df-bit set", "df-bit-set"),
    ("nat descriptor masquerade static 1 2 192.0.2.46 esp", "", "nat-static-missing"),
    ("static 1 1 192.0.2.46 udp 500", "static 1 1 192.168.44.9 udp 500", "nat-static-given-away"),
    ("local address 1 192.0.2.46", "local address 1 192.0.2.99", "local-address-not-own"),
    ("ip lan2 nat", "ip lan2 secure filter in 7\nip filter 7 pass * * esp\nip lan2 nat",
     "filter-blocks-ike"),
    ("ip lan2 nat", "ip lan2 secure filter in 7\nip filter 7 pass * * udp\nip lan2 nat",
     "filter-blocks-esp"),
    ("ip lan2 nat", "ip lan2 secure filter out 7\nip filter 7 pass * * tcp\nip lan2 nat",
     "filter-blocks-ike-out"),
    ("ip lan2 nat", "ip lan2 secure filter in 7 8\nip filter 7 pass * *\nip lan2 nat",
     "filter-undefined"),
    ("ip tunnel tcp", "ip tunnel secure filter in 9\nip filter 9 pass 1.1.1.1 *\n ip tunnel tcp",
     "filter-blocks-tunnel"),
    ("ipsec ike pfs 1 on", "ipsec ike pfs 1 on\n ipsec ike send info 1 off", "delete-notice-off"),
    ("ipsec ike pfs 1 on", "ipsec ike pfs 1 on\n ipsec ike log 1 key-info", "log-shows-keys"),
    ("ipsec ike pfs 1 on", "ipsec ike pfs 1 on\n ipsec ike esp-encapsulation 1 on",
     "esp-encapsulation"),
    ("ipsec ike pfs 1 on", "ipsec ike pfs 1 on\n ipsec ike remote address 7 198.51.100.14",
     "two-gateways-one-peer"),
    ("sshd service on", "schedule at 1 */* 03:00 * ipsec sa delete all", "schedule-touches-tunnel"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code"), BROKEN, ids=[f"{b[2]}-{b[1]}" for b in BROKEN])
@pytest.mark.parametrize("cloud", [True, False])
def test_every_line_that_matters_is_missed(old: str, new: str, code: str, cloud: bool) -> None:
    text = data_of(HEALTHY).decode()
    assert old in text
    far = far_end(body_of(HEALTHY)) if cloud else None
    found = {each.code for each in audit(read(text.replace(old, new, 1).encode()), far=far)}
    # Alone, two phases that differ are seen, and not which of them is wrong.
    assert {code, f"esp-{code}"} & found


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("  ipsec sa policy 1 1 esp aes256-cbc sha256-hmac\n", "no ipsec sa policy"),
        (" ipsec tunnel 1\n", "no ipsec tunnel"),
        ("  ipsec ike remote address 1 198.51.100.14\n", "no ipsec ike remote address 1"),
    ],
)
@pytest.mark.parametrize("cloud", [True, False])
def test_half_a_block_is_an_error(line: str, missing: str, cloud: bool) -> None:
    text = data_of(HEALTHY).decode()
    assert line in text
    far = far_end(body_of(HEALTHY)) if cloud else None
    (found,) = audit(read(text.replace(line, "", 1).encode()), far=far)
    assert (found.code, found.severity) == ("half-configured", "error")
    assert cloud or missing in found.where


BODIES = {
    "01-three-peers": "198.51.100.20",
    "02-many-settings-to-keep": "198.51.100.20",
    "03-version-1-old-fields-only": "198.51.100.201",
    "04-unknown-future-fields": "198.51.100.20",
    "09-changed-in-the-panel": "198.51.100.20",
    "10-standard-plan-shared-segment": "198.51.100.200",
}
NO_BODIES = ["05-still-migrating", "06-creation-failed", "07-error-bodies", "08-status-peers"]


def api_body(name: str) -> Any:
    return json.loads((CORPUS / "api" / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize(("name", "address"), BODIES.items())
def test_every_body_of_a_router_is_read(name: str, address: str) -> None:
    far = far_end(api_body(name))
    assert str(far.address) == address
    assert far.entries
    audit(read(data_of(HEALTHY)), far=far)


@pytest.mark.parametrize("name", NO_BODIES)
def test_what_is_no_body_of_a_router_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match="GET appliance/ID"):
        far_end(api_body(name))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(CASES), st.data())
def test_a_damaged_text_is_judged_without_an_error(case: str, data: st.DataObject) -> None:
    lines = data_of(case).decode().splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    words = lines[at].split(" ")
    words[data.draw(st.integers(0, len(words) - 1))] = data.draw(
        st.sampled_from(["", "0", "999999999999", "any", "*", "on", "192.168.1.1/33", "-", '"'])
    )
    lines[at] = " ".join(words)
    config = read("\n".join(lines).encode())
    audit(config)
    audit(config, far=far_end(body_of(case)))
    for number in range(4):
        audit(config, tunnel=number)


# --- as a command -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "code"), [(HEALTHY, 0), ("01-clean-v1-address-block", 3), ("16-ends-disagree", 1)]
)
def test_the_exit_code_is_the_worst_finding(
    case: str, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = tmp_path / "body.json"
    body.write_text(json.dumps(body_of(case)))
    file = str(CORPUS / f"{case}.txt")
    assert cli.main(["audit", file, "--cloud", str(body), "--json"]) == code
    found = json.loads(capsys.readouterr().out)["findings"]
    keys = {"code", "severity", "where", "why", "remedy", "basis"}
    assert all(each.keys() == keys for each in found)
    assert cli.main(["audit", file, "--cloud", str(body)]) == code
    assert capsys.readouterr().out


def test_a_tunnel_that_is_not_there_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(CORPUS / f"{HEALTHY}.txt")
    assert cli.main(["audit", file, "--tunnel", "9"]) == 1
    assert "half-configured" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{}", '{"Appliance": {"Settings": null}}', "[1]"])
def test_a_body_that_is_none_is_refused(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = tmp_path / "body.json"
    body.write_text(content)
    assert cli.main(["audit", str(CORPUS / f"{HEALTHY}.txt"), "--cloud", str(body)]) == 2
    assert "sakura-rtx:" in capsys.readouterr().err
