"""The VPC router's other settings, named by the site if the user asks for it."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from pairs import furnished, pair, smallest

sys.path.append(str(Path(__file__).parents[1] / "cloud"))

from components.adopt import adopt, text
from components.cloud.objects import router_state
from components.cloud.sections import SECTIONS, same, sections_of
from components.site import Site

API = Path(__file__).parents[1] / "corpus" / "api"
FILES = ["01-three-peers", "02-many-settings-to-keep", "09-changed-in-the-panel"]


def test_every_section_that_stands_is_named_and_means_the_same() -> None:
    one = pair(smallest())
    ends = furnished(one.ends)
    router = ends.appliance["Settings"]["Router"]

    assert adopt(ends, one.asked).site == one.site  # without being asked: none of it
    found = adopt(ends, replace(one.asked, sections=True))
    assert found.clean
    named, there = found.site.cloud.inputs(["203.0.113.9"]), sections_of(router)
    assert named.keys() == SECTIONS.keys()
    assert [name for name in named if not same(name, named[name], there[name])] == []
    assert found.draft.values["cloud"]["aliases"] == ["203.0.113.9"]
    (second,) = found.site.cloud.interfaces
    state = router_state(ends.appliance, 3)
    assert (second.nic, str(second.vip), second.switch_id) == (3, "10.40.0.9", "77")
    assert [str(each) for each in second.reals] == list(state.lan.addresses if state.lan else ())
    assert "443" in text.stack_file(found.draft.values, found.draft.notes, [])


@pytest.mark.parametrize("file", FILES)
def test_the_bodies_of_the_corpus_say_the_same_in_the_words_of_a_site(file: str) -> None:
    from components.adopt import sections
    from components.adopt.draft import Draft

    body = json.loads((API / f"{file}.json").read_text())["Appliance"]
    state, draft = router_state(body), Draft(smallest())
    sections.put(draft, state, 1)
    draft.values["cloud"]["lan"] = "10.20.0.0/24"
    named = Site.model_validate(draft.values).cloud.inputs([])
    wanted = {name: value for name, value in state.sections.items() if value}
    assert named.keys() == wanted.keys()
    assert [name for name in named if not same(name, named[name], wanted[name])] == []
