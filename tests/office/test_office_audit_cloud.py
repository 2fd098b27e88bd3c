"""Against a cloud end that differs in one thing."""

from __future__ import annotations

import pytest
from audit_clouds import CLOUDS, Cloud, body
from audit_lines import HEALTHY
from corpus import data_of

from components.office.audit import audit, far_end
from components.office.reading import read

BEFORE = {"short-key", "no-login-user"}


@pytest.mark.parametrize("cloud", CLOUDS, ids=[cloud.name for cloud in CLOUDS])
def test_a_difference_is_said_and_no_more(cloud: Cloud) -> None:
    far = far_end(body(cloud.change))
    found = audit(read(data_of(HEALTHY)), far=far, tunnel=cloud.tunnel)
    assert {f.code: f.severity for f in found if f.code not in BEFORE} == cloud.said


@pytest.mark.parametrize("cloud", CLOUDS, ids=[cloud.name for cloud in CLOUDS])
def test_a_router_that_starts_makes_errors_of_differences(cloud: Cloud) -> None:
    """The same differences under `ipsec auto refresh on`: what was a warning kills, or lasts."""
    text = data_of(HEALTHY).decode().replace("sshd service on", "ipsec auto refresh on", 1)
    found = audit(read(text.encode()), far=far_end(body(cloud.change)), tunnel=cloud.tunnel)
    said = {f.code: f.severity for f in found}
    for code in cloud.said:
        if code.endswith("-mismatch"):
            assert said[code] == "error"


def test_a_peer_without_an_address_is_no_peer_in_main_mode() -> None:
    text = data_of(HEALTHY).decode()
    for called in ("any", "vpc.example.net"):
        found = audit(read(text.replace("1 198.51.100.14", f"1 {called}").encode()), tunnel=1)
        assert [f.where for f in found if f.code == "remote-address-not-fixed"] == [
            f"ipsec ike remote address 1 {called}"
        ]
