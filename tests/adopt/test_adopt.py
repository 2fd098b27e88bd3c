"""A pair that was made by hand, as a site."""

from __future__ import annotations

import yaml
from hypothesis import given, settings
from pairs import KEY, Pair, pair, sites

from components.adopt import Adoption, adopt, text
from components.site import site_of


def adopted(one: Pair) -> Adoption:
    return adopt(one.ends, one.asked)


@given(sites())
@settings(max_examples=100, deadline=None)
def test_both_ends_of_a_site_are_that_site_again(values: dict[str, object]) -> None:
    one = pair(values)
    found = adopted(one)
    assert found.site == one.site
    assert found.draft.values == values  # and says nothing that would hold without it
    assert (found.clean, found.differences.office, found.draft.doubts) == (True, (), [])
    written = text.stack_file(found.draft.values, found.draft.notes, ["tokyo"])
    assert site_of(yaml.safe_load(written)["config"]) == one.site
    assert KEY not in written + repr(found) + repr(one.ends)
