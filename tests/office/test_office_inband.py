from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest
from office_rig import KEY, LOGIN, SCOPE, WANTED, rig

from components.errors import DeviceError
from components.office import inband
from components.office.apply import GuardedChange
from components.office.config import parse

RUNNING = parse("ip lan1 address 192.168.1.1/24\nip lan2 address 198.51.100.20/29\n")
STATUS = """\
  user                             connection  login           idle       IP address
 +other                            ssh         11/25 21:00:00  0:00:05.00  192.168.1.7
*+ops                              ssh         11/25 21:00:00  0:00:00.00  192.168.2.9
"""


def test_the_marked_line_says_where_we_come_from() -> None:
    assert inband.source_of(STATUS) == IPv4Address("192.168.2.9")
    assert inband.source_of("*+ops  ssh  11/25 21:00:00  0:00:00.00  None") is None
    assert inband.source_of(STATUS.replace("192.168.2.9", "192.168.2.999")) is None
    assert inband.source_of("") is None


@pytest.mark.parametrize(
    ("source", "commands", "found"),
    [
        ("192.168.1.7", ["nat descriptor masquerade static 1 4 192.168.1.1 esp"], ()),
        ("198.51.100.17", ["no ip route default"], ()),
        ("192.168.2.9", ["ipsec ike pfs 2 on"], ("ip route 192.168.2.0/24 gateway tunnel 2",)),
        ("203.0.113.9", ["ipsec ike pfs 2 on"], ()),
        ("203.0.113.9", ["no ip route default"], ("no ip route default",)),
        ("203.0.113.9", ["ip filter 9 reject * *"], ("ip filter 9 reject * *",)),
        (
            "203.0.113.9",
            ["ip pp secure filter in 1 2", "no nat descriptor type 1"],
            ("ip pp secure filter in 1 2", "no nat descriptor type 1"),
        ),
    ],
)
def test_what_carries_us(source: str, commands: list[str], found: tuple[str, ...]) -> None:
    ours = "ip route 192.168.2.0/24 gateway tunnel 2\n"
    assert inband.reasons(IPv4Address(source), commands, ours, RUNNING) == found


def test_an_unknown_source_is_no_reason() -> None:
    assert inband.reasons(None, ["no ip route default"], "", RUNNING) == ()


@pytest.mark.parametrize("consent", [False, True])
def test_in_band_is_refused_without_consent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, consent: bool
) -> None:
    office = rig(tmp_path)
    before = office.lines()
    monkeypatch.setattr(inband, "source_of", lambda _status: IPv4Address("192.168.2.9"))
    with GuardedChange(
        LOGIN,
        SCOPE,
        WANTED,
        KEY,
        clock=office.clock,
        progress=office.log.append,
        connect=office.connect,
        in_band=consent,
    ) as made:
        if consent:
            made.start()
            made.keep()
        else:
            with pytest.raises(DeviceError, match=r"come from 192\.168\.2\.9") as refused:
                made.start()
            assert refused.value.said.startswith("ip route 192.168.2.0/24")
    assert (office.lines() != before) is consent
    assert not any(line.startswith("rollback") for line in office.typed) or consent
