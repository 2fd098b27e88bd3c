"""What the site file says of the router's life, and where the component hands it to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from mocked_program import MADE, demo, program

from components.site import Site
from components.vpn import SiteToSiteVpn


@pytest.fixture(autouse=True)
def _program() -> Iterator[None]:
    with program():
        yield


def given(name: str, *, office: dict[str, Any], verify: dict[str, Any]) -> pulumi.Output[Any]:
    site = demo()
    changed = {
        "office": site.office.model_copy(update=office),
        "verify": site.verify.model_copy(update=verify),
    }
    vpn = SiteToSiteVpn(name, site.model_copy(update=changed))
    return pulumi.Output.all(vpn.verified).apply(
        lambda _: (MADE[f"{name}-access"], MADE[f"{name}-tunnel"]["verify"])
    )


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_unless_asked_for_neither_is_an_input() -> pulumi.Output[None]:
    def check(found: Any) -> None:
        access, verify = found
        assert "abandonOffice" not in access
        assert "proveRecovery" not in verify

    return given("p", office={}, verify={}).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_asked_for_both_are() -> pulumi.Output[None]:
    def check(found: Any) -> None:
        access, verify = found
        assert access["abandonOffice"] == "true"
        assert verify["proveRecovery"] is True

    return given("q", office={"abandon": True}, verify={"prove_recovery": True}).apply(check)


def test_the_site_file_has_both() -> None:
    data = demo().model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    data["office"]["abandon"] = True
    data["verify"] = {"prove_recovery": True}
    site = Site.parse(data)
    assert (site.office.abandon, site.verify.prove_recovery) == (True, True)
    assert (demo().office.abandon, demo().verify.prove_recovery) == (False, False)
