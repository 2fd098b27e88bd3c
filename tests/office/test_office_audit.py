"""The audit says what is to be said about the corpus, and nothing that would be wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from audit_sites import SITES
from corpus import CASES, CORPUS, body_of, data_of, expected
from hypothesis import given, settings
from hypothesis import strategies as st
from office_rig import AGREEMENT, SITE
from office_rig import KEY as LONG_KEY

from components import cli, ipsec
from components.errors import SpecError
from components.ipsec import Agreement, Proposal
from components.office.audit import audit, far_end
from components.office.filters import Filter
from components.office.plan import with_key
from components.office.reading import read
from components.office.render import OfficeSite, render
from components.office.watchdog import Watchdog

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
def test_where_names_the_lines_and_numbers(case: str) -> None:
    found = {f.code: f for f in audit(read(data_of(case)), far=far_end(body_of(case)))}
    for flag in expected(case)["flags"]:
        assert found[flag["code"]].where == flag["where"]
        assert found[flag["code"]].basis == flag["basis"]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cloud", [True, False])
def test_no_code_is_said_that_must_not_be(case: str, cloud: bool) -> None:
    assert not codes(case, cloud=cloud).keys() & set(expected(case)["must_not_flag"])


@pytest.mark.parametrize("case", CASES)
def test_no_key_is_in_any_finding(case: str) -> None:
    config = read(data_of(case))
    keys = [g["psk"].get("value") for g in expected(case)["facts"]["gateways"]]
    for found in audit(config, far=far_end(body_of(case))):
        assert not any(key and key in str(found) for key in keys)


# --- what the corpus asks of remedies ---------------------------------------------------


def remedies(text: str, case: str) -> dict[str, str]:
    found = audit(read(text.encode()), far=far_end(body_of(case)))
    return {each.code: each.remedy for each in found}


def test_a_small_ping_alone_does_not_count() -> None:
    said = remedies(data_of("04-large-packets-vanish").decode(), "04-large-packets-vanish")
    for code in ("mss-limit-missing", "tunnel-mtu-too-large", "df-bit-set"):
        assert "a large packet and DF, or a TCP transfer" in said[code]
        assert "a small ping alone does not count as a pass" in said[code]


@pytest.mark.parametrize(
    ("model", "older", "newer"),
    [
        ("RTX1220", "15.04.04", "15.04.05"),
        ("RTX1210", "14.01.41", "14.01.42"),
        ("RTX830", "15.02.26", "15.02.27"),
    ],
)
def test_words_of_the_byte_lifetime_go_by_revision(model: str, older: str, newer: str) -> None:
    text = data_of(HEALTHY).decode()

    def at(revision: str, duration: str) -> dict[str, str]:
        head = text.replace("RTX1220 Rev.15.04.06", f"{model} Rev.{revision}")
        return remedies(head.replace("1800 off rekey 80% forced-reduction=10", duration), HEALTHY)

    said = at(older, "1800 off rekey 80% forced-reduction=10")["option-not-in-revision"]
    assert "ipsec ike duration ipsec-sa 1 1800: without off and forced-reduction=10" in said
    assert "no byte lifetime on this revision unless one is given" in said
    assert "this revision refuses them" in at(older, "3600")["lifetime-mismatch"]
    assert "the byte lifetime is 2000000 kB" in at(newer, "3600")["lifetime-mismatch"]
    assert "option-not-in-revision" not in at(newer, "1800 off rekey 80% forced-reduction=10")
    assert "option-not-in-revision" not in at(older, "1800 50000 rekey 80%")


def test_one_of_the_two_identities_is_changed_not_both() -> None:
    said = remedies(data_of("16-ends-disagree").decode(), "16-ends-disagree")
    assert said["remote-id-mismatch"] == (
        "either ipsec ike local address 1 192.0.2.54, or RemoteID 192.168.46.1 at the cloud end: "
        "one of the two, not both"
    )


def test_the_stall_is_cured_by_the_lines_that_are_missing_and_no_other() -> None:
    said = {
        case: {f.code: f.remedy for f in audit(read(data_of(case)))}["stall-after-sa-loss"]
        for case in ("03-heartbeat-towards-cloud", "09-complete-but-asleep")
    }
    assert said["03-heartbeat-towards-cloud"].split("; ") == [
        "ipsec auto refresh 1 off",
        "ipsec ike backward-compatibility 1 2",
        "ipsec ike keepalive use 1 on dpd 15 2",
    ]
    assert said["09-complete-but-asleep"] == "ipsec ike backward-compatibility 4 2"


# --- our own lines -----------------------------------------------------------------------

LAN = "ip lan1 address 192.168.1.1/24\n"
FIXED = f"{LAN}ip lan2 address 198.51.100.20/24\nip route default gateway 198.51.100.1\n"
NAT = "nat descriptor type 1 masquerade\nnat descriptor masquerade static 1 3 192.168.1.1 udp 500\n"
PPP = "pp select 1\n pp always-on on\n pppoe use lan2\n ip pp mtu 1454\n"
PPP += " ip pp nat descriptor 1\n{}pp enable 1\npp select none\n"
ADDRESS, LEASE = " ip pp address 198.51.100.20/32\n", " ppp ipcp ipaddress on\n"
SESSION, CHANGING = (LAN + NAT + PPP.format(each) for each in (ADDRESS, LEASE))
BY_PPP, BY_WIRE = "ip route default gateway pp 1\n", "ip route default gateway tunnel 8\n"
WIRE = f"tunnel select 8\n tunnel encapsulation ipip\n tunnel enable 8\n{BY_WIRE}"
FILTERED = replace(
    SITE,
    wan_interface="pp 1",
    filters=(Filter(1, "in", "udp"), Filter(2, "in", "esp")),
    lists=(("in", "7 1 2 9"),),
    watchdog=Watchdog(3, IPv4Address("192.168.2.1")),
    peer_gateway="pp 1",
)
HEAD = "# RTX1220 Rev.15.04.07 (x)\nadministrator password *\nlogin user ops *\n"
HEAD += "sshd service on\nipsec auto refresh on\n"
OTHERS = "ip filter 7 reject * * udp,tcp 135 *\nip filter 9 reject * *\n"
# Our site, what is round about it in the router, and what is said of that.
AROUND: list[tuple[OfficeSite, str, set[str]]] = [
    (SITE, FIXED, set()),
    (SITE, "ipsec auto refresh on\n" + FIXED, set()),
    (SITE, SESSION + BY_PPP, set()),
    (SITE, CHANGING + BY_PPP, {"wan-address-dynamic"}),
    (FILTERED, SESSION + WIRE + OTHERS, set()),
    (FILTERED, HEAD + SESSION + WIRE + OTHERS, set()),
    # The block alone, as it is printed for those who type it.
    (SITE, "", set()),
    (FILTERED, "", set()),
]  # fmt: skip
WEAK = (("weak-hash", "sha1"), ("weak-dh-group", "modp1024"))


@given(
    st.sampled_from(ipsec.choices(ipsec.ENCRYPTION)),
    st.sampled_from(ipsec.choices(ipsec.HASH)),
    st.sampled_from(ipsec.choices(ipsec.DH_GROUP)),
    st.sampled_from(AROUND),
)
def test_what_we_write_ourselves_is_silent_but_for_strength(
    encryption: str, hash_: str, group: str, site: tuple[OfficeSite, str, set[str]]
) -> None:
    proposal = Proposal(encryption, hash_, group)
    agreement = Agreement(**{**AGREEMENT.__dict__, "proposal": proposal})
    lines = (with_key(line.strip(), LONG_KEY) for line in render(agreement, site[0]).splitlines())
    found = {each.code for each in audit(read((site[1] + "\n".join(lines)).encode()))}
    weak = {code for code, word in WEAK if word in (encryption, hash_, group)}
    assert found == weak | site[2]


# --- bodies of the API ------------------------------------------------------------------

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


TEXTS = [data_of(case) for case in CASES] + [f.read_bytes() for f in sorted(SITES.glob("*.txt"))]
WRONG = ["", "0", "999999999999", "any", "*", "on", "192.168.1.1/33", "-", '"', "1-", "a,b"]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_a_damaged_text_is_judged_without_an_error(text: bytes, data: st.DataObject) -> None:
    lines = text.decode().splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    words = lines[at].split(" ")
    words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from(WRONG))
    lines[at] = " ".join(words)
    config = read("\n".join(lines).encode())
    audit(config)
    for number in (1, 2):
        audit(config, tunnel=number)
        audit(config, far=far_end(body_of(HEALTHY)), tunnel=number)


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


def test_what_a_site_accepts_is_said_with_its_reason_and_does_not_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(CORPUS / "03-heartbeat-towards-cloud.txt")
    found = audit(read(data_of("03-heartbeat-towards-cloud")), tunnel=1)
    loud = {each.code for each in found if each.severity != "info"}
    site = tmp_path / "Pulumi.x.yaml"
    accept = "".join(f"      {code}: rehearsed last week\n" for code in sorted(loud))
    site.write_text(
        "config:\n  sakura-rtx-vpn:site:\n    cloud: {zone: is1b, lan: 192.168.2.0/24}\n"
        "    office:\n      router: {host: 192.168.1.1, user: ops}\n      lan: 192.168.1.0/24\n"
        f"      wan: {{address: 198.51.100.20}}\n    accept:\n{accept}"
    )
    assert cli.main(["audit", file, "--tunnel", "1"]) == 1
    assert "accepted" not in capsys.readouterr().out
    assert cli.main(["audit", file, "--site", str(site)]) == 0
    shown = capsys.readouterr().out
    assert all(f" {code}\n  accepted: rehearsed last week" in shown for code in loud)
    assert cli.main(["audit", file, "--site", str(site), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["findings"]
    assert {each["code"] for each in said if "accepted" in each} == loud
    assert cli.main(["audit", file, "--site", "nowhere"]) == 2


@pytest.mark.parametrize("content", ["", "{}", '{"Appliance": {"Settings": null}}', "[1]"])
def test_a_body_that_is_none_is_refused(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = tmp_path / "body.json"
    body.write_text(content)
    assert cli.main(["audit", str(CORPUS / f"{HEALTHY}.txt"), "--cloud", str(body)]) == 2
    assert "sakura-rtx:" in capsys.readouterr().err
