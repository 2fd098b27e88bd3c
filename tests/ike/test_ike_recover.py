"""What brings a tunnel back, between real daemons: the seed's lesson at protocol level."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from tunnel_world import OTHER_KEY, World

from components.rehearsal.ike.lab import Lab
from components.rehearsal.ike.traffic import Pinger, gaps
from ike.pair import INITIATES, Pair, rendered

DPD = (1, 3)


def quick(world: World, *typed: str) -> Pair:
    return rendered(world, *typed).changed(dpd=DPD)


def test_an_initiator_that_deletes_its_own_sas_is_not_called_back(world: World) -> None:
    """As published: the RTX starts, and nobody else does."""
    pair = quick(world, *INITIATES)
    far = replace(pair.cloud, starts=False, persists=False)
    near = replace(pair.office, persists=False)
    with Lab(far, near) as lab:
        assert lab.wait_for_traffic(10) is not None
        lab.office.delete()
        assert lab.wait_for_traffic(3 * DPD[1]) is None


@pytest.mark.parametrize("event", ["delete", "delete esp", "reboot"])
def test_with_the_cure_the_cloud_end_brings_it_back(world: World, event: str) -> None:
    """Deleted with notice: at once.  A reboot tells nobody: within the DPD time and an interval."""
    with Lab(*quick(world)) as lab:
        assert lab.wait_for_traffic(10) is not None
        if event == "reboot":
            lab.office.stop(power_cut=True)
            lab.office.start()
        else:
            lab.office.delete(esp_only=event == "delete esp")
        allowed = sum(DPD) + 5 if event == "reboot" else 3
        assert lab.wait_for_traffic(allowed) is not None


def test_a_reboot_of_the_cloud_end(world: World) -> None:
    with Lab(*quick(world)) as lab:
        assert lab.wait_for_traffic(10) is not None
        lab.cloud.stop(power_cut=True)
        lab.cloud.start()
        assert lab.wait_for_traffic(5) is not None


def test_a_cut_longer_than_the_dpd_time(world: World) -> None:
    with Lab(*quick(world)) as lab:
        assert lab.wait_for_traffic(10) is not None
        lab.cut()
        end = time.monotonic() + 15
        while lab.office.established() and time.monotonic() < end:
            time.sleep(0.1)
        assert not lab.office.established()  # DPD has noticed
        lab.mend()
        assert lab.wait_for_traffic(10) is not None


def spis(lab: Lab) -> set[str]:
    """The office end's inbound IPsec SAs."""
    return {child["spi-in"] for sa in lab.office.associations() for child in sa["children"]}


def lost(pinger: Pinger, begin: float) -> int:
    """How many of the pings since `begin` did not come back."""
    return sum(gap.lost for gap in gaps(pinger.answers(), begin, time.time()))


def test_a_wrong_key_does_no_harm_while_the_old_sas_stand(world: World) -> None:
    """So traffic proves a new key only over new SAs; the right key brings it back."""
    pair = quick(world)
    with Lab(*pair) as lab, Pinger(lab.way) as pinger:
        assert lab.wait_for_traffic(10) is not None
        time.sleep(0.5)
        begin = time.time()
        lab.office.load(replace(pair.office, key=OTHER_KEY))
        time.sleep(2)
        assert lost(pinger, begin) == 0
        deleted = time.time()
        lab.office.delete()
        assert lab.wait_for_traffic(4) is None
        found = lab.cause()
        assert found is not None
        assert found.code == "psk-mismatch"
        assert lost(pinger, deleted) > 30
        lab.office.load(pair.office)
        lab.cloud.delete()  # the attempt that hangs: nobody waits for its end
        assert lab.wait_for_traffic(10) is not None


def test_a_rotated_key_comes_through_with_new_sas(world: World) -> None:
    """Both ends get it one after the other, then the old SAs go: under a second is lost."""
    pair = quick(world)
    rotated = rendered(world, key=OTHER_KEY).changed(dpd=DPD)
    with Lab(*pair) as lab, Pinger(lab.way) as pinger:
        assert lab.wait_for_traffic(10) is not None
        time.sleep(0.5)
        before, begin = spis(lab), time.time()
        lab.office.load(rotated.office)
        lab.cloud.load(rotated.cloud)
        lab.office.delete()
        assert lab.wait_for_traffic(10) is not None
        time.sleep(0.5)
        assert spis(lab)
        assert not before & spis(lab)
        assert lost(pinger, begin) < 20


def test_rekeying_loses_next_to_nothing(world: World) -> None:
    """The initiator may use the new SA before the third message of quick mode has brought it to
    the other end: a packet of just then is lost, a second one never."""
    pair = quick(world).changed(esp_lifetime=10)
    with Lab(*pair) as lab, Pinger(lab.way) as pinger:
        assert lab.wait_for_traffic(10) is not None
        time.sleep(0.5)
        first, begin = spis(lab), time.time()
        time.sleep(12)
        assert not first & spis(lab)
        assert all(gap.lost == 1 for gap in gaps(pinger.answers(), begin, time.time()))
        assert lost(pinger, begin) <= 2
        assert len(pinger.answers()) > 100
