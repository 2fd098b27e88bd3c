"""What both ends were rendered from one agreement carries traffic between real daemons."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

import pytest
import yaml
from tunnel_world import DEMO, World, demo

from components import ipsec
from components.rehearsal.ike.lab import Lab
from components.site import Site
from ike.pair import rendered

PROPOSALS = list(
    product(ipsec.choices(ipsec.ENCRYPTION), ipsec.choices(ipsec.HASH), ["modp1024", "modp2048"])
)


def test_the_seeds_pair_carries_traffic_and_shows_nothing_in_clear(world: World) -> None:
    pair = rendered(world)
    assert pair.cloud.starts
    assert not pair.office.starts
    with Lab(*pair) as lab, lab.internet.capture() as seen:
        assert lab.wait_for_traffic(10) is not None
        assert lab.ping(size=1200) is not None
        assert lab.office.established()
        assert lab.cloud.established()
        assert lab.cause() is None
    text = "\n".join(seen)
    assert "ESP" in text
    assert "192.168." not in text


def test_without_a_tunnel_nothing_leaves(world: World) -> None:
    pair = rendered(world, "ipsec ike pre-shared-key 2 text another_key_1")
    with Lab(*pair) as lab, lab.internet.capture() as seen:
        assert lab.ping(wait=0.5) is None
    assert "192.168." not in "\n".join(seen)


@pytest.mark.parametrize(("encryption", "hash_", "group"), PROPOSALS)
def test_every_proposal_that_both_ends_have(
    world: World, encryption: str, hash_: str, group: str
) -> None:
    site = demo(encryption=encryption, hash=hash_, dh_group=group)
    with Lab(*rendered(world, site=site)) as lab:
        assert lab.wait_for_traffic(10) is not None
        (sa,) = lab.cloud.associations()
        assert sa["encr-keysize"] == encryption.removeprefix("aes")
        assert sa["dh-group"] == f"MODP_{group.removeprefix('modp')}"
        (child,) = sa["children"]
        assert child["dh-group"] == sa["dh-group"]  # PFS


def generated(seed: int) -> Site:
    """A site with prefixes, identity, lifetimes and algorithms by chance."""
    chance = random.Random(seed)
    data: dict[str, Any] = yaml.safe_load(DEMO.read_text())["config"]["sakura-rtx-vpn:site"]
    length = chance.randint(22, 29)
    office, cloud = (f"10.{net}.0.0/{length}" for net in chance.sample(range(1, 250), 2))
    data["office"] |= {"lan": office, "nat_static": []}
    data["office"].pop("lan_address", None)
    data["office"].pop("local_address", None)
    data["office"]["local_address"] = f"10.250.{chance.randint(0, 255)}.{chance.randint(1, 254)}"
    data["cloud"]["lan"] = cloud
    data["cloud"].pop("lan_address", None)
    data["verify"] = {}
    encryption, hash_, group = chance.choice(PROPOSALS)
    data["ipsec"] = {
        "encryption": encryption,
        "hash": hash_,
        "dh_group": group,
        "ike_lifetime": chance.randint(600, 86400),
        "esp_lifetime": chance.randint(600, 3600),
        "dpd": {"interval": 10, "timeout": chance.choice([20, 30, 60])},
    }
    return Site.parse(data)


@pytest.mark.parametrize("decade", range(5))
def test_agreements_by_chance_carry_traffic(world: World, decade: int) -> None:
    for seed in range(decade * 10, decade * 10 + 10):
        with Lab(*rendered(world, site=generated(seed))) as lab:
            assert lab.wait_for_traffic(10) is not None, f"seed {seed}: {lab.cause()}"
