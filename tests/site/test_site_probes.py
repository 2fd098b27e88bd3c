"""Probes in the site file: what is refused, and how it is said."""

from __future__ import annotations

from typing import Any

import pytest

from components.errors import SpecError
from components.site import Site

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAIQCAgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2enw=="
LOCAL = {"name": "curl", "command": "curl -sf http://192.168.2.10/"}
REMOTE = {
    "name": "ping-office",
    "command": "ping -c 3 192.168.1.10",
    "host": "192.168.2.10",
    "user": "ops",
    "host_key": KEY,
}


def site(*probes: dict[str, Any]) -> Site:
    return Site.parse(
        {
            "rehearsal": True,
            "cloud": {"zone": "is1b", "lan": "192.168.2.0/24"},
            "office": {"lan": "192.168.1.0/24", "wan": {"address": "198.51.100.20"}},
            "probes": list(probes),
        }
    )


def test_both_kinds_are_taken() -> None:
    through = {"via": "ops@bastion.example.jp:2222", "via_host_key": KEY}
    local, remote = site(LOCAL, REMOTE | through).probes
    assert local.host is None
    assert (remote.host, remote.via_host_key) == ("192.168.2.10", KEY)
    assert not remote.show_output


@pytest.mark.parametrize(
    ("probes", "said"),
    [
        ([LOCAL, LOCAL], "probes.1.name: found curl"),
        ([LOCAL | {"user": "ops"}], "without host the command runs where Pulumi runs"),
        ([{k: v for k, v in REMOTE.items() if k != "host_key"}], "an unknown host is never asked"),
        ([{k: v for k, v in REMOTE.items() if k != "user"}], "probes.0.user: found nothing"),
        ([REMOTE | {"host_key": RSA}], "ssh-ed25519 or ecdsa-sha2"),
        ([REMOTE | {"via": "ops@bastion"}], "probes.0.via_host_key: found nothing"),
        ([REMOTE | {"via_host_key": KEY}], "probes.0.via: found nothing"),
        ([LOCAL | {"name": "Ping Office"}], "a letter first"),
        ([LOCAL | {"command": ""}], "probes.0.command"),
        ([{"name": "x"}], "probes.0.command"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(probes: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        site(*probes)
    assert said in str(caught.value)
