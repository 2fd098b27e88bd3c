"""Every row of the table of limits: refused up to its revision, taken after it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rtx_bench import administrator, make_router

from components.rehearsal.rtx.configuration import Configuration
from components.rehearsal.rtx.firmware import LACKS, NEVER, RANGES, Firmware
from components.rehearsal.rtx.gateways import gateways

LINES = {
    # feature: a line that takes it (typed with tunnel 2 selected)
    "soon": "schedule at 1 +600 * restart",
    "load": "load config 0 silent",
    "no-key-generate": "load config 0 silent no-key-generate",
    "rollback": "rollback timer 60",
    "tunnel lists": "tunnel enable 3-5",
    "pp lists": "pp enable 1 2",
    "multipoint": "tunnel type multipoint client",
    "multipoint server": "tunnel type multipoint server",
    "forced-reduction": "ipsec ike duration ipsec-sa 2 1800 forced-reduction=10",
    "main mode nat-traversal": "ipsec ike nat-traversal 2 on type=2",
    "proposal-limitation": "ipsec ike proposal-limitation 2 on",
    "child-exchange": "ipsec ike child-exchange type 2 2",
    "negotiation receive": "ipsec ike negotiation receive 2 off",
    "filter names": "ip filter 9 pass * www.example.jp tcp",
    "hairpin": "nat descriptor type 1 masquerade hairpin=on",
    "lan hosts": "sshd host lan",
    "host key bits": "show sshd public key fingerprint",
    "hide version": "sshd hide openssh version on",
    "key login": "sshd auth method publickey",
}
ABSENT = {
    # feature: a line that only routers without it take
    "strong ciphers only": "sshd encrypt algorithm aes128-ctr arcfour",
}
ELSEWHERE = {"volume", "mss auto", "load scheduled", "select scheduled", "difference", "rsa-sha2"}


def after(revision: str) -> str:
    *first, last = revision.split(".")
    return ".".join([*first, f"{int(last) + 1:02}"])


def answer(folder: Path, model: str, revision: str, line: str) -> str:
    terminal = administrator(make_router(folder, model=model, revision=revision))
    terminal.line("tunnel select 2")
    return terminal.line(line)


def test_every_row_has_a_test() -> None:
    assert {*LINES, *ABSENT, *ELSEWHERE} == {*LACKS}


@pytest.mark.parametrize(
    ("feature", "model", "last"),
    [(feature, model, last) for feature in LINES for model, last in LACKS[feature].items()],
)
def test_a_line_is_refused_up_to_a_revision(
    tmp_path: Path, feature: str, model: str, last: str
) -> None:
    revision = "15.04.07" if last == NEVER else last
    assert answer(tmp_path / "old", model, revision, LINES[feature]).startswith("Error: ")
    if last != NEVER:
        assert answer(tmp_path / "new", model, after(last), LINES[feature]) == ""


@pytest.mark.parametrize("feature", LINES)
def test_a_model_that_is_not_named_takes_it(tmp_path: Path, feature: str) -> None:
    model = next(m for m in ("RTX1300", "RTX5000", "RTX1220") if m not in LACKS[feature])
    assert answer(tmp_path, model, "23.00.05", LINES[feature]) == ""


@pytest.mark.parametrize(
    ("feature", "model", "last"),
    [(feature, model, last) for feature in ABSENT for model, last in LACKS[feature].items()],
)
def test_what_went_away(tmp_path: Path, feature: str, model: str, last: str) -> None:
    assert answer(tmp_path / "old", model, last, ABSENT[feature]) == ""
    assert answer(tmp_path / "new", model, after(last), ABSENT[feature]) == "Error: Illegal keyword"


@pytest.mark.parametrize(
    ("model", "revision", "taken", "refused"),
    [
        ("RTX1220", "15.04.03", "tunnel select 100", "tunnel select 101"),
        ("RTX1210", "14.01.42", "tunnel enable 100", "tunnel enable 101"),
        ("RTX1300", "23.00.17", "pp select 100", "pp select 101"),
        ("RTX830", "15.02.33", "tunnel select 20", "tunnel select 21"),
        ("RTX830", "15.02.33", "ipsec ike pfs 20 on", "ipsec ike pfs 21 on"),
        ("RTX830", "15.02.33", "tunnel enable 19-20", "tunnel enable 19-21"),
        ("RTX830", "15.02.33", "pp select 30", "pp select 31"),
        ("RTX830", "15.02.33", "pp enable 30", "pp enable 100"),
        ("RTX830", "15.02.33", "ip route 10.0.0.0/8 gateway tunnel 20",
         "ip route 10.0.0.0/8 gateway tunnel 21"),
        ("RTX830", "15.02.33", "show status tunnel 20", "show status tunnel 21"),
        ("RTX830", "15.02.33", "ip lan2 mtu 1500", "ip lan3 mtu 1500"),
        ("RTX1220", "15.04.03", "ip lan3 mtu 1500", "ip lan4 mtu 1500"),
        ("RTX1220", "15.04.03", "console columns 4096", "console columns 4097"),
        ("RTX1210", "14.01.34", "console columns 200", "console columns 201"),
        ("RTX1210", "14.01.35", "console columns 4096", "console columns 4097"),
        ("RTX830", "15.02.13", "console columns 200", "console columns 4096"),
        ("RTX830", "15.02.14", "console columns 4096", "console columns 79"),
        ("RTX830", "15.02.20", "ipsec ike queue length 40", "ipsec ike queue length 100"),
        ("RTX830", "15.02.22", "ipsec ike queue length 200", "ipsec ike queue length 40"),
        ("RTX1300", "23.00.09", "ipsec ike queue length 4400", "ipsec ike queue length 200"),
        ("RTX1220", "15.04.04", "ipsec ike duration ipsec-sa 2 1800 100000",
         "ipsec ike duration ipsec-sa 2 1800 100001"),
        ("RTX1220", "15.04.05", "ipsec ike duration ipsec-sa 2 1800 off",
         "ipsec ike duration ipsec-sa 2 1800 99"),
        ("RTX1300", "23.00.04", "ipsec ike duration ipsec-sa 2 1800 off",
         "ipsec ike duration ipsec-sa 2 1800 off forced-reduction=9"),
        ("RTX1210", "14.01.41", "ipsec ike duration ipsec-sa 2 1800 1000",
         "ipsec ike duration ipsec-sa 2 1800 off"),
        ("RTX830", "15.02.33", "ipsec ike hash 2 sha256", "ipsec ike hash 2 sha384"),
        ("RTX1300", "23.00.17", "ipsec ike hash 2 sha512", "ipsec ike hash 2 sha1024"),
        ("RTX1300", "23.00.17", "ipsec sa policy 2 2 esp aes256-cbc sha384-hmac",
         "ipsec sa policy 2 2 esp aes256-cbc sha1024-hmac"),
        ("RTX1210", "14.01.42", "ipsec sa policy 2 2 ah sha256-hmac",
         "ipsec sa policy 2 2 ah sha384-hmac"),
    ],
)  # fmt: skip
def test_ranges(tmp_path: Path, model: str, revision: str, taken: str, refused: str) -> None:
    terminal = administrator(make_router(tmp_path, model=model, revision=revision))
    assert "Error: " not in terminal.line(taken)
    assert terminal.line(refused).startswith("Error: ")


def test_a_range_has_a_row_for_every_model() -> None:
    for name, limits in RANGES.items():
        assert limits[-1][:2] == ("", NEVER), name


@pytest.mark.parametrize(
    ("model", "revision", "kilobytes", "mss"),
    [
        ("RTX1220", "15.04.04", None, "auto"),
        ("RTX1220", "15.04.05", 2000000, "auto"),
        ("RTX1210", "14.01.25", None, "off"),
        ("RTX1210", "14.01.41", None, "auto"),
        ("RTX1210", "14.01.42", 2000000, "auto"),
        ("RTX830", "15.02.02", None, "off"),
        ("RTX830", "15.02.27", 2000000, "auto"),
        ("RTX1300", "23.00.04", 2000000, "auto"),
    ],
)
def test_defaults_without_a_line(
    model: str, revision: str, kilobytes: int | None, mss: str
) -> None:
    firmware = Firmware(model, revision)
    text = "tunnel select 1\n ipsec tunnel 101\n  ipsec sa policy 101 1 esp aes-cbc sha-hmac\n"
    (found,) = gateways(Configuration.parse(text, firmware), firmware)
    assert (found.esp_kilobytes, found.mss) == (kilobytes, mss)


@pytest.mark.parametrize(
    ("line", "kilobytes"),
    [
        ("ipsec ike duration ipsec-sa 1 1800", 2000000),
        ("ipsec ike duration child-sa 1 1800 4000 rekey 80%", 4000),
        ("ipsec ike duration ipsec-sa 1 1800 off", None),
    ],
)
def test_a_byte_lifetime_that_is_written(line: str, kilobytes: int | None) -> None:
    firmware = Firmware("RTX1220", "15.04.05")
    (found,) = gateways(Configuration.parse(line, firmware), firmware)
    assert found.esp_kilobytes == kilobytes
