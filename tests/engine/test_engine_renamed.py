"""A stack that is renamed stays the same site, and its old name can be taken by another."""

from __future__ import annotations

import pytest

from .conftest import Clone

pytestmark = pytest.mark.engine
STACK = ("--stack", "moved")


def test_a_renamed_stack_is_the_same_site(clone: Clone) -> None:
    clone.create()
    clone.remember_canaries()
    before, passing = clone.both_ends(), clone.cloud()
    clone.pulumi("stack", "rename", "moved")
    clone.pulumi("config", "set", "name", "demo", *STACK)
    preview = clone.pulumi("preview", "--suppress-progress", "--color=never", *STACK)
    assert "~ 3 to update" in preview
    assert "to create" not in preview
    assert "to delete" not in preview
    clone.pulumi("up", "--yes", "--skip-preview", "--suppress-progress", *STACK)
    clone.pulumi("preview", "--expect-no-changes", *STACK)
    assert clone.both_ends() == before
    after = clone.cloud()
    for kind in ("internets", "routers"):
        (old,), (new,) = passing[kind].values(), after[kind].values()
        assert old["tags"] != new["tags"]
        assert len(new["tags"]) == 1
