"""The VPC router as it stands, in the keys `cloud.*` and `ipsec.*` of the site file.  Pure.

Sources: sakura-vpcrouter-api 2.3, 2.4, 2.8, 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any, Final

from ..cloud.attached import shared_router
from ..cloud.objects import LanSpec, RouterState, router_state
from ..cloud.router import other_peers
from ..cloud.tree import as_object, is_on, router_of
from ..errors import Problem, SpecError
from ..site.base import hosts
from ..site.cloud import Cloud, RouterSwitch
from ..site.sections import Interface
from ..site.tunnel import Ipsec
from . import sections
from .draft import Draft
from .ends import Asked, LivePair

# What else a VPC router may serve; who deletes the router deletes that too.
_SERVICES: Final = {
    "L2TPIPsecServer": "remote users by L2TP/IPsec",
    "PPTPServer": "remote users by PPTP",
    "WireGuardServer": "peers by WireGuard",
}


def default(name: str) -> Any:
    """What a key of `cloud` is when it is left out."""
    return Cloud.model_fields[name].default


def shared_by(ends: LivePair, peer: str, prefix: IPv4Network) -> tuple[str, ...]:
    """Why the VPC router is better not made the stack's own; empty: it serves this pair alone.

    What is a stack's own goes when the stack is destroyed.
    """
    return (*_uses(ends, peer, prefix), *_inexpressible(ends, prefix))


def _uses(ends: LivePair, peer: str, prefix: IPv4Network) -> Iterator[str]:
    state, lan = router_state(ends.appliance), nic_of(ends, prefix)
    settings = ends.appliance.get("Settings")
    if others := other_peers(settings, peer):
        yield f"it has other site-to-site peers: {', '.join(others)}"
    for name, what in _SERVICES.items():
        if is_on(as_object(router_of(settings).get(name)).get("Enabled")):
            yield f"it serves {what}"
    switches = {
        state.upstream_switch_id: "the router+switch outside",
        lan.switch_id if lan else "": "the switch of the cloud LAN",
    }
    for switch_id, what in switches.items():
        if users := ends.users.get(switch_id):
            yield f"{what} serves others too: {', '.join(users)}"


def _inexpressible(ends: LivePair, prefix: IPv4Network) -> Iterator[str]:
    """What no site file can say of a router of its own."""
    state = router_state(ends.appliance)
    if state.plan != "standard" and ends.internet is None:
        yield "the router+switch that it stands on was not found in this zone"
    if _lan(state, prefix) is None:
        networks = ", ".join(f"eth{lan.index} {_network(lan)}" for lan in state.private) or "none"
        yield f"no private interface has just the local prefix {prefix} (there are: {networks})"


def own(draft: Draft, ends: LivePair, asked: Asked, prefix: IPv4Network) -> None:
    """A router that the stack takes over, with the router+switch and the switch it stands on."""
    state = router_state(ends.appliance)
    lan = _lan(state, prefix)
    if lan is None or (state.plan != "standard" and ends.internet is None):
        why = "; ".join(_inexpressible(ends, prefix))
        raise SpecError([Problem("--own", why, "--attach")], source="adopt")
    draft.put("cloud.zone", asked.zone)
    draft.put("cloud.lan", str(prefix))
    draft.put("cloud.plan", state.plan, unless=default("plan"))
    draft.put("cloud.version", state.version, unless=default("version"))
    if state.plan != "standard":
        _outside(draft, ends, state)
    draft.put("cloud.lan_nic", lan.index, unless=default("lan_nic"))
    _inside(draft, lan, prefix, standard=state.plan == "standard")
    _names(draft, ends, lan, asked.name)
    if asked.sections:
        sections.put(draft, state, lan.index)


def attached(draft: Draft, ends: LivePair, asked: Asked, prefix: IPv4Network, peer: str) -> None:
    """A router that the stack only uses."""
    shared = shared_router(ends.appliance, prefix, peer)
    draft.put("cloud.zone", asked.zone)
    draft.put("cloud.lan", str(prefix))
    draft.put("cloud.attach.router_id", router_state(ends.appliance).id)
    draft.put("cloud.attach.vip", shared.vip)
    first = hosts(prefix, 1)[0]
    draft.put("cloud.lan_address", shared.lan_address or None, unless=str(first))
    if not shared.lan_address:
        draft.put("verify.target", str(first))
        draft.doubts.append(
            f"the VPC router has no address in {prefix}: say in verify.target what answers pings "
            f"there ({first} is a guess)"
        )


def _network(lan: LanSpec) -> IPv4Network | None:
    address = lan.vip or next(iter(lan.addresses), "")
    if not address or not lan.prefix_length:
        return None
    return IPv4Interface(f"{address}/{lan.prefix_length}").network


def _lan(state: RouterState, prefix: IPv4Network) -> LanSpec | None:
    """The private interface that stands in just this prefix, and is connected."""
    return next((lan for lan in state.private if lan.switch_id and _network(lan) == prefix), None)


def nic_of(ends: LivePair, prefix: IPv4Network) -> LanSpec | None:
    """The private interface of the cloud LAN."""
    return _lan(router_state(ends.appliance), prefix)


def _outside(draft: Draft, ends: LivePair, state: RouterState) -> None:
    """The router+switch, and the addresses in its block where they are not the first three."""
    assert ends.internet is not None
    block = ends.internet
    for name in ("prefix_length", "bandwidth_mbps"):
        usual = RouterSwitch.model_fields[name].default
        draft.put(f"cloud.router_switch.{name}", getattr(block, name), unless=usual)
    draft.put("cloud.vrid", state.vrid, unless=default("vrid"))
    reals = list(state.addresses)
    chosen = {"address": state.vip, "real_addresses": reals}
    for given in ({}, {"address": state.vip}, chosen):
        draft_of = Cloud.model_validate({"zone": "is1b", "lan": "192.168.0.0/24", **given})
        if draft_of.outside(block.addresses)[:2] == (state.vip, reals):
            break
    for name, value in given.items():
        draft.put(f"cloud.{name}", value)


def _inside(draft: Draft, lan: LanSpec, prefix: IPv4Network, *, standard: bool) -> None:
    """The addresses in the cloud LAN where they are not the first three."""
    vip = lan.vip or next(iter(lan.addresses))
    if standard:
        draft.put("cloud.lan_address", vip, unless=str(hosts(prefix, 1)[0]))
        return
    reals = [str(each) for each in lan.addresses]
    for given in ({}, {"address": vip}, {"address": vip, "real_addresses": reals}):
        one = Interface.model_validate({"nic": 1, "prefix": str(prefix), **given})
        if (str(one.vip), [str(each) for each in one.reals]) == (vip, reals):
            break
    for name, value in given.items():
        draft.put(f"cloud.lan_{name}", value)


def _names(draft: Draft, ends: LivePair, lan: LanSpec, site: str) -> None:
    """What the control panel calls them: an adoption renames nothing."""
    state, switch = router_state(ends.appliance), ends.switches.get(lan.switch_id)
    draft.put("cloud.names.router", state.name, unless=f"{site}-router")
    if ends.internet is not None:
        draft.put("cloud.names.router_switch", ends.internet.name, unless=f"{site}-wan")
    if switch is not None:
        draft.put("cloud.names.lan", switch.name, unless=f"{site}-lan")


# --- algorithms, lifetimes ------------------------------------------------------------------------


def ipsec(draft: Draft, values: Mapping[str, Any], office: Mapping[str, Any]) -> None:
    """What all peers of the VPC router share, as it is there; `office` is the RTX's side of it.

    A value that no RTX has, or no site file can say, is taken from the RTX.
    """
    usual = Ipsec()
    for name, key in _TERMS.items():
        chosen = next((v for v in (values[key], office.get(name)) if _is_usable(name, v)), None)
        draft.put(f"ipsec.{name}", chosen, unless=getattr(usual, name))
        if chosen != values[key]:
            shown = getattr(usual, name) if chosen is None else chosen
            draft.doubts.append(
                f"the VPC router has {key} {values[key]}, which no site file can say: {shown}"
            )
    interval, timeout = values["dpdInterval"], values["dpdTimeout"]
    if timeout % interval:  # the RTX counts questions
        interval, timeout = office.get("dpd") or (usual.dpd.interval, usual.dpd.timeout)
    draft.put("ipsec.dpd.interval", interval, unless=usual.dpd.interval)
    draft.put("ipsec.dpd.timeout", timeout, unless=usual.dpd.timeout)


def _is_usable(name: str, value: object) -> bool:
    try:
        Ipsec.model_validate({name: value})
    except ValueError:
        return False
    return True


_TERMS: Final = {
    "encryption": "encryption",
    "hash": "hash",
    "dh_group": "dhGroup",
    "ike_lifetime": "ikeLifetime",
    "esp_lifetime": "espLifetime",
}


def vip_of(ends: LivePair) -> IPv4Address:
    """The address that the RTX calls.  Raises `SpecError` if the router has none yet."""
    vip = router_state(ends.appliance).vip
    if not vip:
        problem = Problem("--router-id", "a VPC router without an address", "one that runs")
        raise SpecError([problem], source="adopt")
    return IPv4Address(vip)
