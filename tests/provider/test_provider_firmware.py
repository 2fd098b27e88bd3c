"""A box of another model or revision than the site file says: what may be typed, what is said."""

from __future__ import annotations

from typing import Any

import pytest
from tunnel_rig import Rig, rig

from components.errors import DeviceError
from components.office.config import parse
from components.provider import tunnel_firmware
from components.provider.tunnel import Tunnel

__all__ = ["rig"]

LIFETIME = "ipsec ike duration ipsec-sa 2 1800"


def asked(rig: Rig, router: dict[str, Any], old: str = "", new: str = "") -> dict[str, Any]:
    inputs = rig.inputs(router=router)
    assert old in inputs["lines"]
    return inputs | {"lines": inputs["lines"].replace(old, new)}


@pytest.mark.parametrize(
    ("router", "old", "new", "says"),
    [
        (
            {"revision": "15.04.05"},
            LIFETIME,
            f"{LIFETIME} off",
            "the router is an RTX1220 Rev.15.04.03, and the lines are for an RTX1220 Rev.15.04.05",
        ),
        (
            {"model": "RTX1300", "revision": "23.00.17"},
            "ipsec ike hash 2 sha\n",
            "ipsec ike hash 2 sha512\n",
            "algorithm-not-on-model: ipsec ike hash 2 sha512:",
        ),
    ],
)
def test_lines_for_another_router_are_not_typed(
    rig: Rig, router: dict[str, Any], old: str, new: str, says: str
) -> None:
    before = rig.world.both()
    with pytest.raises(DeviceError) as caught:
        rig.create(asked(rig, router, old, new))
    assert says in str(caught.value)
    assert "nothing was changed" in caught.value.state
    assert "sakura-rtx plan --site S --write" in caught.value.remedy
    assert rig.world.both() == before
    assert not [text for text in rig.said if text.startswith("office end: lines to type")]


def test_lines_that_are_as_good_there_are_typed_and_it_is_said(rig: Rig) -> None:
    state = rig.create(asked(rig, {"model": "RTX1210", "revision": "14.01.40"}))
    assert rig.world.passes()
    assert "the router's model is RTX1220, the site file says RTX1210" in rig.told
    assert "the router's revision is 15.04.03, the site file says 14.01.40" in rig.told
    assert "2000000 kB" not in rig.told
    # Nothing is typed any more, and it is said all the same.
    rig.said.clear()
    rig.update(state, asked(rig, {"model": "RTX1210", "revision": "14.01.41"}))
    assert "the site file says 14.01.41" in rig.told


def test_the_router_that_the_site_file_says_is_no_news(rig: Rig) -> None:
    rig.create(asked(rig, {"revision": "15.04.03"}))
    assert "site file says" not in rig.told


def test_a_line_that_means_more_on_a_newer_revision_is_explained(rig: Rig) -> None:
    there = parse("# RTX1220 Rev.15.04.05 (Wed Jan 10 10:00:00 2024)\n")
    tunnel_firmware.fitting(asked(rig, {"revision": "15.04.03"}), rig.context())(there)
    assert "an IPsec SA also ends after 2000000 kB" in rig.told


def test_what_the_user_has_accepted_keeps_nobody_from_typing(rig: Rig) -> None:
    inputs = asked(rig, {"revision": "15.04.05"}, LIFETIME, f"{LIFETIME} off")
    accepted = inputs | {"consent": {"accept": {"option-not-in-revision": "tried by hand"}}}
    there = parse("# RTX1220 Rev.15.04.03 (Wed Jan 10 10:00:00 2024)\n")
    with pytest.raises(DeviceError):
        tunnel_firmware.fitting(inputs, rig.context())(there)
    tunnel_firmware.fitting(accepted, rig.context())(there)


def test_a_removal_asks_nothing_of_the_model(rig: Rig) -> None:
    state = rig.create(rig.inputs())
    Tunnel().delete("id", state | {"router": {"model": "RTX1300"}}, rig.context())
    assert rig.world.look(rig.world.first).nowhere
