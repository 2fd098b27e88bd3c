"""The RTX as it stands, in the keys `office.*` of the site file.  Pure.

What carries this tunnel and nobody else's becomes the site's own, with the numbers that it has;
what serves others too stays theirs.

Sources: command reference 8.1.7 (routes), 8.1.10 and 8.1.25 (filters and lists), 8.5.8 (keepalive),
15.18 (local address), 23.8 (static NAT).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from ..ipsec import ENCRYPTION, HASH, DeadPeerDetection
from ..office import syntax
from ..office.audit.link import Link
from ..office.audit.ours import links
from ..office.filters import DIRECTIONS, TUNNEL_NEEDS, Direction, Filter
from ..office.shared_list import Numbers
from ..office.watchdog import Watchdog
from ..site.base import hosts
from ..site.office import Office
from .draft import Draft, Json
from .line import descriptors

_WAY: Final = re.compile(r"pp [1-9]\d{0,2}|dhcp lan[1-9]|\d+(?:\.\d+){3}")
_MTU: Final = range(64, 1501)
_IKE_PORTS: Final = ("500", "4500")
_REVISION: Final = re.compile(r"\d+\.\d+\.\d+")


def default(name: str) -> object:
    """What a key of `office` is when it is left out."""
    return Office.model_fields[name].default


def router(draft: Draft, link: Link, given: dict[str, object]) -> None:
    """The RTX and the way to it."""
    config = link.router.config
    draft.put("office.router.model", config.model or None)
    if _REVISION.fullmatch(config.revision):
        draft.put("office.router.revision", config.revision)
    for name, value in given.items():
        draft.put(f"office.router.{name}", value)


def lan(draft: Draft, link: Link, prefix: IPv4Network, identity: IPv4Address) -> IPv4Address:
    """The office LAN and the RTX's address in it, which is returned."""
    draft.put("office.lan", str(prefix))
    inside = [a.ip for name, a in link.router.outer if a.ip in prefix]
    first = hosts(prefix, 1)[0]
    own = next((a for a in (first, identity, *inside) if a in inside), None)
    if own is None:
        own = identity if identity in prefix else first
        draft.doubts.append(
            f"no interface of the RTX has an address in {prefix}: the proof by traffic pings from "
            f"{own}, which the RTX must have (office.lan_address)"
        )
    draft.put("office.lan_address", str(own), unless=str(first))
    return own


# --- the way to the VPC router --------------------------------------------------------------------


def peer_gateway(draft: Draft, link: Link, vip: IPv4Address) -> None:
    """A host route to the VPC router: part of the tunnel, for nothing else goes there."""
    found = [route for route in link.router.routes if route.prefix == IPv4Network(vip)]
    for route in found[-1:]:
        way = route.text.partition(" gateway ")[2]
        if _WAY.fullmatch(way):
            draft.put("office.wan.peer_gateway", way, note=f"`{route.text}`")


# --- the tunnel's numbers and its own lines -------------------------------------------------------


def numbers(draft: Draft, link: Link) -> None:
    """Three number spaces."""
    tunnel = link.tunnel.number
    draft.put("office.tunnel", tunnel)
    draft.put("office.policy", link.policy.number, unless=100 + tunnel)
    draft.put("office.gateway", link.gateway.number, unless=tunnel)


def mtu(draft: Draft, link: Link) -> None:
    """The tunnel's MTU, where the model of a site can say it."""
    text = link.tunnel.values.get("mtu", "")
    if text.isdecimal() and int(text) in _MTU:
        draft.put("office.mtu", int(text), unless=default("mtu"))


def lifetime(draft: Draft, link: Link) -> None:
    """Whether an IPsec SA ends by time only (15.48.1)."""
    if link.duration("ipsec-sa", "child-sa")[1].split(" ")[1:2] == ["off"]:
        draft.put("office.ends_by_time_only", True)


_DPD: Final = re.compile(r"on dpd (\d+) (\d+)")


def terms(link: Link) -> Json:
    """Algorithms, lifetimes and DPD in the words of the site file, as far as they are known."""
    found: Json = {}
    for name, table, line in (("encryption", ENCRYPTION, "encryption"), ("hash", HASH, "hash")):
        words = {choice.office: word for word, choice in table.items()}
        found[name] = words.get(link.ike(line))
    found["dh_group"] = link.ike("group") or None
    found["ike_lifetime"] = link.lifetime("ike-sa", "isakmp-sa")
    found["esp_lifetime"] = link.lifetime("ipsec-sa", "child-sa")
    if asked := _DPD.fullmatch(link.ike("keepalive_use")):
        interval, count = int(asked[1]), int(asked[2])
        found["dpd"] = (interval, interval * count)
    return found


# --- NAT statics ----------------------------------------------------------------------------------


def nat_static(draft: Draft, link: Link, line: str, identity: IPv4Address) -> None:
    """The entries that hand the key exchange and ESP of this tunnel to the RTX itself."""
    found = []
    for entry in _statics(link, line, identity):
        if others := _users(link, identity, str(entry["protocol"])):
            where = f"NAT static {entry['id']} of descriptor {entry['descriptor']}"
            draft.left.append(f"{where} ({entry['protocol']}) serves {others} too")
        else:
            found.append(entry)
    draft.put("office.nat_static", found, unless=[])


def _statics(link: Link, line: str, identity: IPv4Address) -> Iterator[Json]:
    view = link.router
    for descriptor in descriptors(link, line):
        for statement in view.find(f"nat descriptor masquerade static {descriptor}"):
            words = statement.text.split()[5:]
            if len(words) < 3 or not words[0].isdecimal() or words[1] != str(identity):
                continue
            head = {"descriptor": int(descriptor), "id": int(words[0]), "protocol": words[2]}
            if words[2:] == ["esp"]:
                yield head
            elif words[2] == "udp" and len(words) == 4 and words[3] in _IKE_PORTS:
                yield head | {"port": int(words[3])}


def _users(link: Link, identity: IPv4Address, protocol: str) -> str:
    """Who else the entry serves: another gateway that speaks from the same address.

    One for remote users whose packets come in udp 4500 has no part in an ESP entry.
    """
    ipsec = {each.gateway.number for each in links(link.router)}
    names = [
        f"gateway {other.number}"
        for other in link.router.facts.gateways
        if other.number != link.gateway.number
        and other.values.get("local_address") == str(identity)
        and (protocol == "udp" or other.number in ipsec)
    ]
    return ", ".join(names)


# --- filters --------------------------------------------------------------------------------------


def filters(draft: Draft, link: Link, line: str, vip: IPv4Address, identity: IPv4Address) -> None:
    """The filters in the WAN's lists that pass this tunnel and nothing else."""
    entries: list[Json] = []
    lists: dict[Direction, str] = {}
    for way in DIRECTIONS:
        listed = link.router.on(line, f"secure filter {way}")
        named = Numbers.read(listed or "")
        ours = [found for n in named.static if (found := _filter(link, n, way, vip, identity))]
        if not ours:
            continue
        if len(ours) == len(named.static):  # without them the interface would be open
            draft.left.append(f"the list `{way}` of {line} holds filters of this tunnel only")
            continue
        entries += ours
        lists[way] = str(named)
    draft.put("office.filters", entries, unless=[])
    for way, text in lists.items():
        draft.put(f"office.secure_filter.{way}", text)


def _filter(
    link: Link, number: str, way: Direction, vip: IPv4Address, identity: IPv4Address
) -> Json | None:
    text = f"ip filter {number} {link.router.value(f'ip filter {number}')}"
    for protocol in TUNNEL_NEEDS:
        mine = Filter(int(number), way, protocol).line(str(vip), str(identity))
        if syntax.equal(text, mine):
            return {"number": int(number), "direction": way, "protocol": protocol}
    return None


# --- the watchdog ---------------------------------------------------------------------------------


def watchdog(
    draft: Draft, link: Link, lan: IPv4Address, cloud: IPv4Network, dpd: DeadPeerDetection
) -> IPv4Address | None:
    """The `ip keepalive` that renews this gateway, if it is as we would write it; its target."""
    for statement in link.router.find("ip keepalive"):
        words = statement.text.split()
        if len(words) < 7 or not words[2].isdecimal():
            continue
        try:
            target = IPv4Address(words[6])
        except ValueError:
            continue
        mine = Watchdog(int(words[2]), target).line(lan, link.gateway.number, dpd)
        if target in cloud and syntax.equal(statement.text, mine):
            draft.put("office.watchdog", True)
            draft.put("office.keepalive", int(words[2]), unless=link.tunnel.number)
            return target
    return None
