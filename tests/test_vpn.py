"""The component: what it wires to what, and which values are secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest
from mocked_program import MADE, SHARED, Mocks, demo, program

from components.commands import access
from components.errors import SpecError
from components.resources import Provider
from components.site import Site
from components.vpn import SiteToSiteVpn


@pytest.fixture(autouse=True)
def _program() -> Iterator[None]:
    with program():
        yield


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_the_tunnel_gets_what_the_router_became() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("a", demo())

    def check(outputs: dict[str, Any]) -> None:
        assert outputs["vpc_router_address"] == "203.0.113.4"
        assert outputs["vpc_router_addresses"] == ["203.0.113.5", "203.0.113.6"]
        assert outputs["router_id"] == "id-of-a-router"
        assert outputs["psk"] == "generated_key"
        assert outputs["cloud_prefixes"] == ["192.168.2.0/24"]
        assert outputs["office_prefixes"] == ["192.168.1.0/24"]
        assert outputs["office_address"] == "198.51.100.20"
        assert outputs["agreement"][0]["value"] == "203.0.113.4"
        tunnel, router = MADE["a-tunnel"], MADE["a-router"]
        assert tunnel["routerId"] == "id-of-a-router"
        assert tunnel["numbers"] == {"tunnel": 2, "policy": 102, "gateway": 2}
        assert tunnel["verify"]["target"] == "192.168.2.1"
        assert router["switchId"] == "113400000021"
        assert router["lan"]["switchId"] == "id-of-a-lan"

    return pulumi.Output.all(**vpn.outputs).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_nothing_of_the_rehearsal_or_of_credentials_is_an_input() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("b", demo(), access={"rtxPassword": "a-password", "apiToken": None})

    def check(_: object) -> None:
        assert set(MADE["b-tunnel"]["router"]) == {"model", "revision"}
        for name, inputs in MADE.items():
            if name != "b-access":
                assert "a-password" not in str(inputs)
        assert "apiToken" not in MADE["b-access"]

    return pulumi.Output.all(vpn.verified).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_the_key_is_secret_wherever_it_goes() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("c", demo(), psk=pulumi.Output.secret("a_given_key_of_some_length"))

    async def check() -> None:
        assert await vpn.psk.is_secret()
        assert not await vpn.rtx_config.is_secret()
        assert "a_given_key" not in (await vpn.rtx_config.future() or "")

    return pulumi.Output.from_input(check())


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_on_a_shared_router_nothing_is_made_but_the_tunnel() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("e", demo(attach={"router_id": "113400000101"}))

    def check(outputs: dict[str, Any]) -> None:
        kinds = {made["type"].rpartition(":")[2] for name, made in MADE.items() if name[0] == "e"}
        expected = {"SiteToSiteVpn", "sakurartx", "PreSharedKey", "AttachedRouter", "Tunnel"}
        assert kinds == expected
        assert outputs["vpc_router_address"] == SHARED
        assert MADE["e-tunnel"]["attached"] is True
        assert MADE["e-tunnel"]["consent"]["sharedParameters"] == "keep"
        assert MADE["e-router"]["routerId"] == "113400000101"
        assert MADE["e-router"]["lanAddress"] == "192.168.2.1"

    return pulumi.Output.all(**vpn.outputs).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_what_the_site_owns_of_the_router_is_handed_over() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn(
        "f",
        demo(
            lan_nic=2,
            interfaces=[
                {"nic": 3, "prefix": "10.22.0.0/24"},
                {"nic": 5, "prefix": "10.23.0.0/24", "switch_id": "113400000077"},
            ],
            aliases=1,
            static_nat=[{"alias": 1, "private_address": "192.168.2.22"}],
            syslog_host="",
        ),
    )

    def check(_: object) -> None:
        router = MADE["f-router"]
        assert router["aliases"] == ["203.0.113.7"]
        assert router["sections"]["staticNat"][0]["globalAddress"] == "203.0.113.7"
        assert router["sections"]["syslogHost"] == ""
        assert set(router["sections"]) == {"staticNat", "syslogHost"}
        assert (router["lan"]["nic"], router["lan"]["switchId"]) == (2, "id-of-f-lan")
        switches = {one["nic"]: one["switchId"] for one in router["interfaces"]}
        assert switches == {3: "id-of-f-eth3", 5: "113400000077"}
        assert router["interfaces"][0]["realAddresses"] == ["10.22.0.2", "10.22.0.3"]
        assert router["ownPeer"] == "198.51.100.20"

    return pulumi.Output.all(**vpn.outputs).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_a_plain_site_owns_no_section() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("g", demo())

    def check(_: object) -> None:
        assert not MADE["g-router"].keys() & {"sections", "aliases", "interfaces"}
        assert "nic" not in MADE["g-router"]["lan"]

    return pulumi.Output.all(**vpn.outputs).apply(check)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_a_standard_router_stands_on_no_router_switch() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("h", demo(plan="standard"))

    def check(outputs: dict[str, Any]) -> None:
        router = MADE["h-router"]
        assert "h-internet" not in MADE
        assert not router.keys() & {"switchId", "address", "realAddresses", "vrid"}
        assert router["lan"]["realAddresses"] == ["192.168.2.1"]
        assert outputs["vpc_router_address"] == "198.51.100.200"

    return pulumi.Output.all(**vpn.outputs).apply(check)


def test_a_key_that_the_api_refuses_never_reaches_a_resource() -> None:
    with pytest.raises(SpecError, match="no hyphen") as caught:
        SiteToSiteVpn("d", demo(), psk="has-hyphen")
    assert "has-hyphen" not in str(caught.value)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_what_a_targeted_update_leaves_unmade_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> pulumi.Output[None]:
    """`up --target` makes the component alone, for an import: the outputs of the rest are empty."""
    nothing = {"switchId": None, "addresses": None}
    whole = Mocks.new_resource

    def new_resource(
        mocks: Mocks, args: pulumi.runtime.MockResourceArgs
    ) -> tuple[str, dict[str, Any]]:
        id, outputs = whole(mocks, args)
        return id, outputs | (nothing if args.typ == "sakurartx:index:Internet" else {})

    monkeypatch.setattr(Mocks, "new_resource", new_resource)
    nat = [{"alias": 1, "private_address": "192.168.2.22"}]  # by its number in the unknown block
    site = SiteToSiteVpn("demo-x", demo(aliases=1, static_nat=nat))

    def check(address: object) -> None:
        assert address == "198.51.100.200"

    return site.vpc_router_address.apply(check)


def test_a_name_too_long_for_the_api_is_refused_before_anything_is_made() -> None:
    """A stack may have 100 characters; the router would be refused when its network is paid for."""
    name = "s" * 58
    with pytest.raises(SpecError, match=r"cloud\.names\.router: found .* of 65 characters"):
        SiteToSiteVpn(name, demo())
    assert f"{name}-internet" not in MADE
    SiteToSiteVpn("s" * 57, demo())
    names = {"router": "r", "router_switch": "w", "lan": "l"}
    SiteToSiteVpn(name, demo(names=names))
    with pytest.raises(SpecError, match=r"interfaces\.0\.switch_id: found .* of 65 characters"):
        SiteToSiteVpn("s" * 60, demo(names=names, interfaces=[{"nic": 2, "prefix": "10.2.0.0/24"}]))


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_a_router_may_come_from_the_program() -> pulumi.Output[None]:
    """Another site of it, or an id that is known later: then the site file names none."""
    first = SiteToSiteVpn("r1", demo())
    later = pulumi.Output.from_input("113400000102")
    others = [SiteToSiteVpn("r2", demo(), router=first), SiteToSiteVpn("r3", demo(), router=later)]

    def check(_: object) -> None:
        assert MADE["r2-router"]["type"] == "sakurartx:index:AttachedRouter"
        assert MADE["r2-router"]["routerId"] == "id-of-r1-router"
        assert MADE["r3-router"]["routerId"] == "113400000102"
        assert MADE["r2-tunnel"]["attached"] is MADE["r3-tunnel"]["attached"] is True
        assert "attached" not in MADE["r1-tunnel"]

    return pulumi.Output.all(*(one.verified for one in others)).apply(check)


@pytest.mark.parametrize("key", ["attach", "plan", "interfaces"])
def test_beside_a_given_router_the_site_file_describes_none(key: str) -> None:
    value = {"attach": {"router_id": "113400000101"}, "plan": "highspec", "interfaces": []}[key]
    with pytest.raises(SpecError, match="beside the router that the program gives") as caught:
        SiteToSiteVpn("s", demo(**{key: value}), router="113400000102")
    assert f"cloud.{key}" in str(caught.value)


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_one_provider_of_the_program_serves_several_sites() -> pulumi.Output[None]:
    before = set(MADE)
    given = Provider("ours", {"rtxPassword": "a-password"})
    opts = pulumi.ResourceOptions(provider=given)
    sites = [SiteToSiteVpn(name, demo(), opts=opts) for name in ("u1", "u2")]

    def check(_: object) -> None:
        made = {n: m for n, m in MADE.items() if n not in before}
        providers = [n for n, m in made.items() if m["type"].startswith("pulumi:providers")]
        assert providers == ["ours"]

    return pulumi.Output.all(*(site.verified for site in sites)).apply(check)


def test_a_provider_of_the_program_stands_alone() -> None:
    opts = pulumi.ResourceOptions(provider=Provider("theirs"))
    with pytest.raises(SpecError, match="beside a provider"):
        SiteToSiteVpn("v", demo(), access={}, opts=opts)
    site = demo()
    gone = site.model_copy(update={"office": site.office.model_copy(update={"abandon": True})})
    with pytest.raises(SpecError, match="abandon_office=True"):
        SiteToSiteVpn("w", gone, opts=opts)
    given = Provider("told", abandon_office=True)
    SiteToSiteVpn("x", gone, opts=pulumi.ResourceOptions(provider=given))


@pytest.mark.parametrize("alone", [{"zone": "is1b"}, {"attach": {"router_id": "113400000101"}}])
def test_beside_an_office_end_alone_no_cloud_end_is_described(alone: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"beside cloud\.elsewhere"):
        office_alone(**alone)


def office_alone(**cloud: Any) -> Site:
    """The demo's office, with a VPC router of somebody else."""
    data = demo().model_dump(mode="json", exclude_unset=True)
    vip = {"elsewhere": {"vip": "203.0.113.9"}, "lan": "192.168.2.0/24"}
    return Site.parse(data | {"cloud": vip | cloud})


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_of_a_router_elsewhere_nothing_is_made_or_asked() -> pulumi.Output[None]:
    vpn = SiteToSiteVpn("y", office_alone(), psk="a_given_key_of_some_length")

    def check(outputs: dict[str, Any]) -> None:
        kinds = {m["type"].rpartition(":")[2] for name, m in MADE.items() if name[0] == "y"}
        assert kinds == {"SiteToSiteVpn", "sakurartx", "PreSharedKey", "OfficeEnd"}
        made = MADE["y-tunnel"]
        assert made["address"] == outputs["vpc_router_address"] == "203.0.113.9"
        assert not made.keys() & {"zone", "routerId", "attached"}
        assert set(made["consent"]) == {"inBand", "allowUnsaved", "accept"}
        assert (outputs["router_id"], outputs["vpc_router_addresses"]) == ("", [])
        assert outputs["agreement"][0]["value"] == "203.0.113.9"

    return pulumi.Output.all(**vpn.outputs).apply(check)


def test_what_needs_the_cloud_end_is_refused() -> None:
    data = office_alone().model_dump(mode="json", exclude_unset=True)
    with pytest.raises(SpecError, match="sakura-rtx prove-recovery"):
        Site.parse(data | {"verify": {"prove_recovery": True}})
    with pytest.raises(SpecError, match="only its owner can ask this one"):
        access.api_client(office_alone())


def test_its_key_is_its_owners() -> None:
    with pytest.raises(SpecError, match="the key of the VPC router's owner"):
        SiteToSiteVpn("z", office_alone())


def test_anywhere_else_a_zone_is_required() -> None:
    with pytest.raises(SpecError, match=r"cloud\.zone: found nothing"):
        Site.parse(
            {
                "rehearsal": True,
                "cloud": {"lan": "192.168.2.0/24"},
                "office": {"lan": "192.168.1.0/24", "wan": {"address": "198.51.100.20"}},
            }
        )
