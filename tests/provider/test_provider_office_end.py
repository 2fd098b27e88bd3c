"""The office end alone: a VPC router of somebody else, at whose API nobody asks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NoReturn

import pytest
from tunnel_rig import KEY, OTHER_KEY, Incomplete, Rig

from components.errors import Unreachable, VerifyError, VpnError
from components.provider import access
from components.provider.office_end import OfficeEnd
from components.provider.tunnel_removal import KEY as ABANDON
from components.provider.values import UNKNOWN, Secret

HANDLER = OfficeEnd()
ID = "203.0.113.4/2"


class Owner(Rig):
    """The rig, with an owner who writes his end himself; the handler may not."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, monkeypatch)
        monkeypatch.setattr(access, "client", _forbidden)
        name = "components.provider.office_end.SystemClock"
        monkeypatch.setattr(name, lambda _event=None: self.world.user)

    def wanted(self, **changes: Any) -> dict[str, Any]:
        inputs = self.inputs(**changes)
        return {name: inputs[name] for name in inputs.keys() - {"zone", "routerId"}}

    def writes_his_end(self, key: str = KEY) -> None:
        wish = replace(self.world.first, key=key)
        self.world.ends(wish).write_peer(self.world.client, wish, self.world.clock)

    def office(self) -> tuple[list[str], list[str]]:
        """Running and saved lines."""
        router = self.world.router
        return list(router.running().lines()), list(router.saved().lines())


def _forbidden(*_: object, **__: object) -> None:
    raise AssertionError("the API of somebody else was asked")


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Owner]:
    owner = Owner(tmp_path, monkeypatch)
    yield owner
    assert KEY not in owner.told
    assert OTHER_KEY not in owner.told
    owner.world.close()


def test_life(owner: Owner) -> None:
    owner.writes_his_end()
    before, his = owner.office(), owner.world.settings()
    inputs = owner.wanted()
    id, state = HANDLER.create(inputs, owner.context())
    assert id == ID
    assert state["verified"]["roundTripMs"] > 0
    running, saved = owner.office()
    assert "tunnel select 2" in running
    assert running == saved
    assert owner.world.settings() == his

    assert HANDLER.read(id, state, inputs, owner.context()) == (
        id,
        state | {"psk": Secret(KEY)},
        inputs | {"psk": Secret(KEY)},
    )
    assert owner.told.count("office end,") == 0

    # Somebody changes a line; a refresh says it and the next `up` brings it back.
    owner.world.type("tunnel select 2", "ip tunnel mtu 1400", "tunnel select none", "save")
    found = HANDLER.read(id, state, inputs, owner.context())
    assert found is not None
    assert "  + ip tunnel mtu 1400" in owner.told
    assert set(HANDLER.diff(found[2], found[1], inputs, owner.context()).changed) >= {"lines"}
    state = HANDLER.update(id, found[1], inputs, owner.context())
    assert owner.office() == (running, saved)

    # What is saved lacks one of ours, which a restart would lose.
    owner.world.type("no ipsec auto refresh 2", "save", "ipsec auto refresh 2 off")
    with pytest.raises(Incomplete, match="a restart of the RTX would do:\n  no ipsec auto refr"):
        HANDLER.read(id, state, inputs, owner.context())
    state = HANDLER.update(id, state, inputs, owner.context())
    assert owner.office() == (running, saved)

    HANDLER.delete(id, state, owner.context())
    assert owner.office() == before
    assert HANDLER.read(id, state, inputs, owner.context()) is None
    HANDLER.delete(id, state, owner.context())  # gone is gone


def test_before_the_owner_has_done_his_part_the_lines_stay(owner: Owner) -> None:
    with pytest.raises(Incomplete) as caught:
        HANDLER.create(owner.wanted(), owner.context())
    (why,) = caught.value.reasons
    assert "let the owner of the VPC router compare the key and these values" in why
    assert "  remoteId: 192.168.1.1" in why
    assert KEY not in why
    running, saved = owner.office()
    assert running == saved
    assert "tunnel select 2" in running
    state = caught.value.state
    with pytest.raises(Incomplete, match="never been proved"):  # a refresh does not heal it
        HANDLER.read(ID, state, owner.wanted(), owner.context())

    owner.writes_his_end()
    state = HANDLER.update(ID, state, owner.wanted(), owner.context())
    assert state["verified"]["at"]
    assert owner.office() == (running, saved)


def test_lines_that_cannot_be_kept_do_not_hide_that_nothing_passed(owner: Owner) -> None:
    before = owner.office()

    def no_login(*_: object) -> NoReturn:
        raise Unreachable("nobody answers")

    class Said(list[str]):
        def append(self, text: str) -> None:
            super().append(text)
            if "logging in once more" in text:
                owner.world.wire = no_login

    owner.said = Said()
    with pytest.raises(Unreachable) as caught:
        HANDLER.create(owner.wanted(), owner.context())
    said = str(caught.value)
    assert "nobody answers; before that: no traffic from 192.168.1.1 (RTX) to 192.168.2.1" in said
    assert "let the owner of the VPC router compare the key" in caught.value.remedy
    assert "office end as before" in caught.value.state
    assert owner.office() == before


def test_a_refresh_names_another_revision(owner: Owner) -> None:
    owner.writes_his_end()
    wanted = owner.wanted(router={"revision": "15.04.01"})
    id, state = HANDLER.create(wanted, owner.context())
    owner.said.clear()
    assert HANDLER.read(id, state, wanted, owner.context()) is not None
    assert "the router's revision is 15.04.03, the site file says 15.04.01" in owner.told


def test_unless_told_to_go_back(owner: Owner) -> None:
    before = owner.office()
    with pytest.raises(VerifyError) as caught:
        HANDLER.create(owner.wanted(verify={"onFailure": "back"}), owner.context())
    assert "office end as before" in caught.value.state
    assert owner.office() == before


def test_a_change_that_the_owner_does_not_follow_goes_back(owner: Owner) -> None:
    owner.writes_his_end()
    _, state = HANDLER.create(owner.wanted(), owner.context())
    before = owner.office()
    with pytest.raises(VerifyError) as caught:
        HANDLER.update(ID, state, owner.wanted(key=OTHER_KEY), owner.context())
    assert "office end as before" in caught.value.state
    assert "  encryption: aes128" in caught.value.remedy
    assert owner.office() == before
    # He follows: the same change is made.
    owner.writes_his_end(OTHER_KEY)
    changed = HANDLER.update(ID, state, owner.wanted(key=OTHER_KEY), owner.context())
    assert changed["verified"]["at"]


def test_another_way_to_the_router_interrupts_nobody(owner: Owner) -> None:
    owner.writes_his_end()
    _, state = HANDLER.create(owner.wanted(), owner.context())
    before, spis = owner.office(), owner.world.spis()
    wanted = owner.wanted(router={"user": "somebody"})
    after = HANDLER.update(ID, state, wanted, owner.context())
    assert (owner.office(), owner.world.spis()) == (before, spis)
    assert "over the SAs that stood" in after["verified"]["how"]

    # Unless something is amiss: then it is written anew.
    owner.world.type("tunnel select 2", "ip tunnel mtu 1400", "tunnel select none", "save")
    HANDLER.update(ID, after, owner.wanted(), owner.context())
    assert owner.office() == before
    assert "the office end is not as it should be" in owner.told


def test_a_preview_says_what_the_owner_is_to_be_told(owner: Owner) -> None:
    inputs = HANDLER.check(owner.wanted() | {"psk": UNKNOWN}, owner.context())
    assert isinstance(inputs, dict)
    shown = HANDLER.preview({}, inputs, owner.context())
    assert shown["verified"] is UNKNOWN
    assert "ipsec ike remote address 2 203.0.113.4" in owner.told
    assert "for the owner of the VPC router 203.0.113.4, its site-to-site peer:" in owner.told
    assert "  peer: 198.51.100.20" in owner.told


def test_a_preview_of_new_hardware_shows_the_lines(owner: Owner) -> None:
    # Its configuration is empty, and no line of the text differs: what is typed is shown anyway.
    old, new = (owner.wanted(router={"hostKey": f"ssh-rsa {key}"}) for key in ("AAAA", "BBBB"))
    HANDLER.preview(old, old, owner.context())
    assert owner.told == ""
    HANDLER.preview(old, new, owner.context())
    assert "taken for new hardware; would be typed, as far as the new router lacks it" in owner.told
    assert new["lines"] in owner.told


def test_a_preview_warns_of_a_way_in_through_the_tunnel(
    owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = ip_address("192.168.2.50")
    monkeypatch.setattr("components.office.inband.source_towards", lambda _: inside)
    inputs = owner.wanted(router={"host": "192.168.1.1"})
    HANDLER.preview(inputs, inputs, owner.context())
    assert "this machine reaches the RTX through the tunnel itself" in owner.told


def test_what_changes_nothing_that_stands_is_no_difference(owner: Owner) -> None:
    old = owner.wanted()
    for same in (
        owner.wanted(verify={"onFailure": "keep"}),
        owner.wanted(consent={"allowUnsaved": True}),
    ):
        assert HANDLER.diff(old, old, same, owner.context()).changed == []


def test_a_dead_router_is_left_alone(owner: Owner) -> None:
    owner.config[ABANDON] = "true"
    logins = owner.world.logins
    HANDLER.delete(ID, owner.wanted(), owner.context())
    assert owner.world.logins == logins
    assert "To take them away, type there" in owner.told
    assert "no ip route 192.168.2.0/24" in owner.told


def test_an_import_is_refused(owner: Owner) -> None:
    with pytest.raises(VpnError, match="cannot be imported"):
        HANDLER.read(ID, {}, {}, owner.context())
