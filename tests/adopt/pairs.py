"""Sites as people might have them, and both their ends as a router and the API would show them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from ipaddress import IPv4Network
from typing import Any

from hypothesis import strategies as st

from components.adopt import Asked, LivePair
from components.adopt.draft import Draft
from components.cloud.objects import PLANS, InternetState, SwitchState
from components.cloud.router import vpn_values, with_peer
from components.office.config import parse
from components.office.render import ADDRESS_PLACEHOLDER, PSK_PLACEHOLDER, render
from components.site import Site
from components.site.base import hosts

Json = dict[str, Any]
KEY = "Canary_key_of_the_pair_0123456789"
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
ROUTER_ID, INTERNET_ID, UPSTREAM, INSIDE = "113400000003", "113400000001", "113400000002", "113401"
BLOCK = [f"203.0.113.{n}" for n in range(4, 15)]
SHARED = "192.0.2.200"  # what SAKURA gives a standard router
LAN = IPv4Network("192.168.9.0/24")
EXTRA = (
    "ipsec ike negotiate-strictly {gateway} on",
    "ipsec ike send info {gateway} off",
    'description tunnel "to the cloud"',
    "ip tunnel tcp mss limit 1200",
)
RELEASES = (
    ("RTX1220", "15.04.03"),
    ("RTX1220", "15.04.05"),
    ("RTX1210", "14.01.20"),
    ("RTX1210", "14.01.42"),
    ("RTX830", "15.02.30"),
    ("RTX1300", "23.00.10"),
)
BY_BYTES_TOO = ("15.04.05", "14.01.42", "15.02.30", "23.00.10")
_TERMS = {"encryption": "aes128", "hash": "sha1", "dh_group": "modp1024"}


@dataclass(frozen=True)
class Pair:
    """A site, both its ends, and what the user says when they are adopted."""

    site: Site
    values: Json
    ends: LivePair
    asked: Asked


def pair(values: Json, *, more: str = "", change: Callable[[str], str] = str) -> Pair:
    """The pair of a site; `more` are lines of the RTX that are not the site's, and `change` makes
    of its lines what somebody typed instead."""
    site = Site.parse(values)
    vip = str(site.vip or BLOCK[0]) if site.cloud.plan != "standard" else SHARED
    if site.cloud.attach:
        vip = str(site.cloud.attach.vip)
    lines = render(site.agreement, site.office_end)
    lines = lines.replace(ADDRESS_PLACEHOLDER, vip).replace(PSK_PLACEHOLDER, KEY)
    router = site.office.router
    shown = [f"# {router.model} Rev.{router.revision} (x)", _office(site), more, change(lines)]
    ends = LivePair(
        running=parse("\n".join(shown)),
        appliance=_appliance(site, vip),
        internet=_internet(site),
        switches={INSIDE: SwitchState(INSIDE, site.cloud.names.lan or "tokyo-lan", "")},
    )
    said = {key: values["office"]["router"][key] for key in ("host", "user", "host_key")}
    own = None if site.cloud.attach is None else False
    return Pair(site, values, ends, Asked("tokyo", site.cloud.zone, said, own=own))


# --- the ends -------------------------------------------------------------------------------------


def _internet(site: Site) -> InternetState | None:
    if site.cloud.plan == "standard":
        return None
    return InternetState(
        id=INTERNET_ID,
        switch_id=UPSTREAM,
        name=site.cloud.names.router_switch or "tokyo-wan",
        description="",
        network="203.0.113.0",
        prefix_length=site.cloud.router_switch.prefix_length,
        bandwidth_mbps=site.cloud.router_switch.bandwidth_mbps,
        gateway="203.0.113.1",
        addresses=BLOCK,
    )


def _appliance(site: Site, vip: str) -> Json:
    cloud, standard = site.cloud, site.cloud.plan == "standard"
    interfaces: list[Json | None] = [None] * (cloud.lan_nic + 1)
    slots: list[Json | None] = [None] * 8
    slots[0] = {"IPAddress": SHARED, "Switch": {"ID": "9", "Scope": "shared"}}
    if not standard:
        reals = cloud.outside(BLOCK)[1] if not cloud.attach else BLOCK[1:3]
        interfaces[0] = {"IPAddress": reals, "VirtualIPAddress": vip, "NetworkMaskLen": 28}
        slots[0] = {"IPAddress": None, "Switch": {"ID": UPSTREAM, "Scope": "user"}}
    inside = [str(cloud.lan_vip)] if standard else [str(each) for each in cloud.lan_reals]
    interfaces[cloud.lan_nic] = {
        "IPAddress": inside,
        "NetworkMaskLen": cloud.lan.prefixlen,
        **({} if standard else {"VirtualIPAddress": str(cloud.lan_vip)}),
    }
    slots[cloud.lan_nic] = {"IPAddress": None, "Switch": {"ID": INSIDE, "Scope": "user"}}
    settings = {"Router": {"VRID": cloud.vrid, "Interfaces": interfaces}}
    return {
        "ID": ROUTER_ID,
        "Name": cloud.names.router or "tokyo-router",
        "Plan": {"ID": str(PLANS[cloud.plan])},
        "Remark": {
            "Switch": {"Scope": "shared"} if standard else {"ID": UPSTREAM},
            "Router": {"VPCRouterVersion": cloud.version},
        },
        "Settings": with_peer(settings, vpn_values(site.agreement), KEY),
        "Availability": "available",
        "Instance": {"Status": "up"},
        "Interfaces": slots,
    }


def _office(site: Site) -> str:
    """Everything of the RTX that is not the tunnel's."""
    wan, end = site.office.wan, site.office_end
    outside = {"fixed": f"{wan.address}/28", "behind-nat": f"{wan.inner_address}/24"}
    address = outside.get(wan.kind)
    kind, _, number = wan.interface.partition(" ")
    own = [f"ip {kind} address {address}"] if address else []
    own += [f"ip {kind} nat descriptor 7"] if end.nat_static else []
    leads = f"pp {number}" if number else "198.51.100.17" if address is None else _beside(address)
    if wan.kind == "block":
        own += [] if number else [f"ip {kind} address 198.51.100.30/28"]
    block = [f"pp select {number}", *(f" {line}" for line in own), f" pp enable {number}"]
    return "\n".join(
        [
            f"ip lan1 address {end.lan_address}/{end.lan.prefixlen}",
            *(["ip lan3 address 192.0.2.9/29"] if wan.kind == "block" or wan.peer_gateway else []),
            f"ip route default gateway {'192.0.2.14' if wan.peer_gateway else leads}",
            "ip filter 1010 reject * * udp,tcp 135 *",
            "ip filter 1099 pass * * * * *",
            "nat descriptor type 7 masquerade",
            "nat descriptor masquerade static 7 99 192.168.9.80 tcp 443",
            *(block if number else own),
        ]
    )


def _beside(address: str) -> str:
    host = address.split("/", maxsplit=1)[0].rsplit(".", 1)
    return f"{host[0]}.{int(host[1]) + 1}"


# --- a VPC router with more in it ---------------------------------------------------------------

RULE = {"Protocol": "tcp", "SourceNetwork": "192.0.2.0/24", "DestinationPort": "443",
        "Action": "allow", "Logging": "True"}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "StaticRoutes": {"Enabled": "True", "Config": [
        {"Prefix": "10.30.0.0/24", "NextHop": "10.20.0.9"}]},
    "Firewall": {"Enabled": "True", "Config": [{"Receive": [RULE], "Send": []}, *[{}] * 7]},
    "StaticNAT": {"Enabled": "True", "Config": [
        {"GlobalAddress": "203.0.113.9", "PrivateAddress": "10.20.0.80", "Description": "web"}]},
    "PortForwarding": {"Enabled": "True", "Config": [
        {"Protocol": "tcp", "GlobalPort": "443", "PrivateAddress": "10.20.0.8",
         "PrivatePort": "443"},
        {"Protocol": "tcp", "GlobalPort": "8022", "PrivateAddress": "10.20.0.8",
         "PrivatePort": "22"}]},
    "DHCPServer": {"Enabled": "True", "Config": [
        {"Interface": "eth1", "RangeStart": "10.20.0.100", "RangeStop": "10.20.0.120"}]},
    "DHCPStaticMapping": {"Enabled": "True", "Config": [
        {"MACAddress": "00:00:5E:00:53:01", "IPAddress": "10.20.0.50"}]},
    "DNSForwarding": {"Enabled": "True", "Interface": "eth1", "DNSServers": ["192.0.2.53"]},
    "SyslogHost": "10.20.0.60",
    "ScheduledMaintenance": {"DayOfWeek": 0, "Hour": 0},
}  # fmt: skip


def furnished(ends: LivePair) -> LivePair:
    """The ends with everything in the VPC router that a site may own beside its tunnel."""
    appliance = copy.deepcopy(ends.appliance)
    router = appliance["Settings"]["Router"]
    router |= copy.deepcopy(SETTINGS)
    router["Interfaces"][0]["IPAliases"] = ["203.0.113.9"]
    inside = {"VirtualIPAddress": "10.40.0.9", "IPAddress": ["10.40.0.1", "10.40.0.2"]}
    router["Interfaces"] += [None, {**inside, "NetworkMaskLen": 24}]
    appliance["Interfaces"][3] = {"IPAddress": None, "Switch": {"ID": "77", "Scope": "user"}}
    return replace(ends, appliance=appliance)


# --- sites ----------------------------------------------------------------------------------------


def smallest() -> Json:
    """A site that says no more than it must."""
    draft = Draft()
    _router(draft, "RTX1220", "15.04.03")
    draft.put("cloud.zone", "is1b")
    draft.put("cloud.lan", "10.20.0.0/24")
    draft.put("office.lan", str(LAN))
    draft.put("office.wan", {"kind": "fixed", "interface": "lan2", "address": "198.51.100.20"})
    draft.put("office.tunnel", 2)
    return draft.values


def _router(draft: Draft, model: str, revision: str) -> None:
    way = {
        "host": "192.168.9.1",
        "user": "ops",
        "host_key": HOST_KEY,
    }
    draft.put("office.router", {"model": model, "revision": revision, **way})


@st.composite
def sites(draw: st.DrawFn) -> Json:
    """Values of the key `site`, with nothing in them that would hold without it."""
    draft = Draft()
    rarely = st.sampled_from([False, False, True])
    attached = draw(rarely)
    _cloud(draw, draft, attached=attached)
    _router(draft, *draw(st.sampled_from(RELEASES)))
    draft.put("office.lan", str(LAN))
    own = draw(st.sampled_from(["192.168.9.1", "192.168.9.254"]))
    draft.put("office.lan_address", own, unless="192.168.9.1")
    _wan(draw, draft)
    draft.put("office.local_address", draw(st.sampled_from([own, "192.168.9.77"])), unless=own)
    _numbers(draw, draft)
    if draw(rarely):
        statics = [{"id": 4, "protocol": "esp"}, {"id": 5, "protocol": "udp", "port": 500}]
        draft.put("office.nat_static", [{"descriptor": 7, **each} for each in statics])
    if draft.values["office"]["router"]["revision"] in BY_BYTES_TOO and draw(rarely):
        draft.put("office.ends_by_time_only", True)
    _filters(draw, draft)
    gateway = draft.values["office"].get("gateway", draft.values["office"]["tunnel"])
    extra = [line.format(gateway=gateway) for line in EXTRA if draw(rarely)]
    draft.put("office.extra_lines", "".join(f"{line}\n" for line in extra), unless="")
    draft.put("office.mtu", draw(st.sampled_from([1280, 1400])), unless=1280)
    if draw(rarely):
        draft.put("office.watchdog", True)
        draft.put("office.keepalive", draw(st.sampled_from([None, 77])))
    _ipsec(draw, draft)
    return draft.values


def _cloud(draw: st.DrawFn, draft: Draft, *, attached: bool) -> None:
    lan = IPv4Network(f"10.20.0.0/{draw(st.integers(16, 28))}")
    draft.put("cloud.zone", draw(st.sampled_from(["is1b", "tk1a"])))
    draft.put("cloud.lan", str(lan))
    first, *others = map(str, hosts(lan, 6))
    if attached:
        draft.put("cloud.attach", {"router_id": ROUTER_ID, "vip": draw(st.sampled_from(BLOCK))})
        draft.put("cloud.lan_address", draw(st.sampled_from([first, *others])), unless=first)
        return
    plan = draw(st.sampled_from(["premium", "highspec", "standard"]))
    draft.put("cloud.plan", plan, unless="premium")
    draft.put("cloud.version", draw(st.sampled_from([1, 2])), unless=2)
    draft.put("cloud.lan_nic", draw(st.sampled_from([1, 3])), unless=1)
    inside = draw(st.sampled_from(["", others[0], others[3]]))
    draft.put("cloud.lan_address", inside or None)
    draft.put("cloud.names", draw(st.sampled_from([None, {"router": "by hand", "lan": "LAN 1"}])))
    if plan == "standard":
        return
    if draw(st.booleans()) and inside != others[3]:
        draft.put("cloud.lan_address", inside or first)
        draft.put("cloud.lan_real_addresses", others[3:1:-1])
    draft.put("cloud.vrid", draw(st.sampled_from([10, 1, 255])), unless=10)
    draft.put("cloud.router_switch", draw(st.sampled_from([None, {"bandwidth_mbps": 250}])))
    outside = draw(st.sampled_from([None, BLOCK[5]]))
    draft.put("cloud.address", outside)
    if draw(st.booleans()):
        draft.put("cloud.address", outside or BLOCK[0])
        draft.put("cloud.real_addresses", [BLOCK[9], BLOCK[8]])


def _wan(draw: st.DrawFn, draft: Draft) -> None:
    kinds: dict[str, Json] = {
        "fixed": {"interface": "lan2", "address": "198.51.100.20"},
        "pppoe": {"interface": "pp 1", "address": "198.51.100.20"},
        "block": {
            "interface": draw(st.sampled_from(["pp 1", "lan2"])),
            "address": "192.0.2.9",
            "prefix": "192.0.2.8/29",
        },
        "behind-nat": {
            "interface": "lan2",
            "address": "198.51.100.20",
            "inner_address": "192.168.250.2",
            "forwards": True,
        },
    }
    kind = draw(st.sampled_from(sorted(kinds)))
    draft.put("office.wan", {"kind": kind, **kinds[kind]})
    if kind == "pppoe" and draw(st.booleans()):
        draft.put("office.wan.peer_gateway", "pp 1")


def _numbers(draw: st.DrawFn, draft: Draft) -> None:
    tunnel = draw(st.integers(1, 20))
    draft.put("office.tunnel", tunnel)
    draft.put("office.policy", draw(st.sampled_from([100 + tunnel, 9])), unless=100 + tunnel)
    draft.put("office.gateway", draw(st.sampled_from([tunnel, 20])), unless=tunnel)


def _filters(draw: st.DrawFn, draft: Draft) -> None:
    ways = draw(st.lists(st.sampled_from(["in", "out"]), unique=True))
    entries = []
    for at, way in enumerate(sorted(ways)):
        number = 2001 + 10 * at
        entries += [
            {"number": number, "direction": way, "protocol": "udp"},
            {"number": number + 1, "direction": way, "protocol": "esp"},
        ]
        draft.put(f"office.secure_filter.{way}", f"1010 {number} {number + 1} 1099 dynamic 80")
    if entries:
        draft.put("office.filters", entries)


def _ipsec(draw: st.DrawFn, draft: Draft) -> None:
    usual = {"encryption": "aes256", "hash": "sha256", "dh_group": "modp2048"}
    for name, other in _TERMS.items():
        old = draft.values["cloud"].get("version") == 1
        draft.put(f"ipsec.{name}", other if old else draw(st.sampled_from([other, usual[name]])),
                  unless=usual[name])  # fmt: skip
    draft.put("ipsec.ike_lifetime", draw(st.sampled_from([28800, 3600])), unless=28800)
    draft.put("ipsec.esp_lifetime", draw(st.sampled_from([1800, 28800])), unless=1800)
    draft.put("ipsec.dpd", draw(st.sampled_from([None, {"interval": 10}, {"timeout": 60}])))
