"""When traffic is a proof: over which SAs, and how long there was none.

A session that says what the test lets it say: what the two stand-ins never do can be told here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address
from typing import Literal, cast

import pytest

from components.clock import ManualClock
from components.office.answers import Ping, SecurityAssociation
from components.office.session import Session
from components.tunnel.proof import NEW_SAS_WITHIN, Proof, Silence, Verification, Watch

GATEWAY = 2
ASKED = Verification(IPv4Address("192.168.2.1"), IPv4Address("192.168.1.1"), seconds=60)


Sa = SecurityAssociation


def sa(number: int, kind: Literal["ike", "esp"], way: Literal["send", "recv", ""] = "") -> Sa:
    return SecurityAssociation(number, kind, way, 1000, f"{number:08x}", IPv4Address("203.0.113.4"))


OLD = (sa(1, "ike"), sa(2, "esp", "send"), sa(3, "esp", "recv"))
NEW_IKE, NEW_ESP = (sa(4, "ike"),), (sa(5, "esp", "send"), sa(6, "esp", "recv"))


class Office:
    """An RTX whose SAs the test decides; `answers` says whether a ping passes now."""

    def __init__(self, clock: ManualClock, standing: Iterable[Sa]) -> None:
        self.clock, self.standing = clock, list(standing)
        self.deleted: list[int] = []
        self.answers: Callable[[], bool] = lambda: True
        self.renewed: Iterable[Sa] = ()  # what comes when old ones are deleted

    def associations(self, gateway: int) -> list[Sa]:
        assert gateway == GATEWAY
        return list(self.standing)

    def delete_associations(self, ids: list[int], _gateway: int | None = None) -> None:
        self.deleted += ids
        self.standing = [each for each in self.standing if each.id not in ids]
        if not set(self.standing) & set(OLD):
            self.standing = list({*self.standing, *self.renewed})

    def ping(self, *_: object, **__: object) -> Ping:
        received = int(self.answers())
        self.clock.advance(0 if received else 2)
        return Ping(1, received, 2.0 if received else None)


def watch(office: Office, since: float | None = None) -> Proof | Silence:
    made = Watch(
        cast(Session, office),
        GATEWAY,
        ASKED,
        {each.spi for each in OLD},
        clock=office.clock,
        progress=lambda _: None,
        since=since,
    )
    return made.until(office.clock.now() + ASKED.seconds)


def test_new_sas_of_both_kinds_are_the_proof() -> None:
    office = Office(ManualClock(), (*OLD, *NEW_IKE, *NEW_ESP))
    assert isinstance(watch(office), Proof)
    assert office.deleted == []


@pytest.mark.parametrize("alone", [NEW_IKE, NEW_ESP, NEW_ESP[:1]])
def test_a_renewal_of_one_kind_alone_is_none_and_the_old_ones_are_deleted(
    alone: tuple[Sa, ...],
) -> None:
    """A rekeying by time that falls into the change: the old key made these, or nothing did yet."""
    office = Office(ManualClock(), (*OLD, *alone))
    office.renewed = (*NEW_IKE, *NEW_ESP)
    assert isinstance(watch(office), Proof)
    assert sorted(office.deleted) == [1, 2, 3]  # ours of before, and not what is new
    assert office.deleted[-1] == 1  # the notice of the others travels in it
    assert NEW_SAS_WITHIN <= office.clock.now() < 2 * NEW_SAS_WITHIN


def test_without_a_renewal_of_the_other_kind_there_is_no_proof() -> None:
    office = Office(ManualClock(), (*OLD, *NEW_ESP))
    found = watch(office)
    assert isinstance(found, Silence)
    assert (found.new, found.answered) == (0, True)
    assert (sorted(office.deleted[:2]), office.deleted[2]) == ([2, 3], 1)
    assert sorted(office.deleted[3:]) == [5, 6]  # without their IKE SA the new ones are no tunnel


def test_an_outage_begins_when_traffic_was_last_left_alone() -> None:
    """The settings were applied for 7 s before the first ping was sent, and that was lost."""
    clock = ManualClock(100.0)
    office = Office(clock, (*NEW_IKE, *NEW_ESP))
    office.answers = lambda: clock.now() >= 104
    found = watch(office, since=93.0)
    assert isinstance(found, Proof)
    assert found.outage_s == clock.now() - 93.0 == 11.0


def test_what_was_never_lost_is_no_outage() -> None:
    office = Office(ManualClock(100.0), (*NEW_IKE, *NEW_ESP))
    found = watch(office, since=93.0)
    assert isinstance(found, Proof)
    assert found.outage_s == 0
