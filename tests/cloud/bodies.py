"""Settings of a VPC router in the true shape, any of them, with fields that nobody knows yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
Draw = Callable[..., Any]

_words = st.text("abcdefghij", min_size=1, max_size=5)
_scalars = st.none() | st.booleans() | st.integers() | st.text('aZ0あ\n"{', max_size=6)
_unknown = st.recursive(
    _scalars,
    lambda s: st.lists(s, max_size=2) | st.dictionaries(_words, s, max_size=2),
    max_leaves=3,
)
# Lower-case words never meet a field of the API.
extras = st.dictionaries(_words, _unknown, max_size=2)
addresses = st.integers(1, 250).map(lambda n: f"192.0.2.{n}")
_inside = st.integers(1, 250).map(lambda n: f"10.20.0.{n}")
_flags = st.sampled_from(["True", "False"])
_words64 = st.text("abcdefgh日本 ", max_size=8)
_ports = st.none() | st.integers(1, 65535).map(str) | st.just("1024-2048")
_networks = st.none() | addresses | st.just("10.64.0.0/16")
_protocols = st.sampled_from(["tcp", "udp", "icmp", "ip"])


@st.composite
def known(draw: st.DrawFn, fields: dict[str, st.SearchStrategy[Any]]) -> Json:
    """An object with these fields, and with some that nobody knows."""
    return {**draw(extras), **{name: draw(value) for name, value in fields.items()}}


def _listed(entry: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return known({"Enabled": _flags, "Config": st.lists(entry, max_size=3)})


_rule = known(
    {
        "Protocol": _protocols,
        "SourceNetwork": _networks,
        "SourcePort": _ports,
        "DestinationNetwork": _networks,
        "DestinationPort": _ports,
        "Action": st.sampled_from(["allow", "deny"]),
        "Logging": _flags,
        "Description": _words64,
    }
)
_side = known({"Receive": st.lists(_rule, max_size=2), "Send": st.lists(_rule, max_size=2)})
_range = {"RangeStart": _inside, "RangeStop": _inside}
_ipsec_peer = {
    "RemoteID": addresses,
    "PreSharedSecret": st.text("abcXYZ_09", min_size=1, max_size=40),
    "Routes": st.lists(st.sampled_from(["10.1.0.0/16", "10.2.3.0/24"]), min_size=1, max_size=2),
    "LocalPrefix": st.lists(st.just("10.20.0.0/24"), min_size=1, max_size=1),
}
_interface = known(
    {
        "IPAddress": st.lists(_inside, min_size=2, max_size=2),
        "VirtualIPAddress": _inside,
        "NetworkMaskLen": st.integers(16, 29),
    }
)
SECTIONS: dict[str, st.SearchStrategy[Any]] = {
    "VRID": st.integers(1, 255),
    "InternetConnection": known({"Enabled": _flags}),
    "Interfaces": st.lists(st.none() | _interface, max_size=8),
    "StaticNAT": _listed(
        known({"GlobalAddress": addresses, "PrivateAddress": _inside, "Description": _words64})
    ),
    "PortForwarding": _listed(
        known(
            {
                "Protocol": st.sampled_from(["tcp", "udp"]),
                "GlobalPort": st.integers(1, 65535).map(str),
                "PrivateAddress": _inside,
                "PrivatePort": st.integers(1, 65535).map(str),
                "Description": _words64,
            }
        )
    ),
    "Firewall": known({"Enabled": _flags, "Config": st.lists(_side, max_size=8)}),
    "DHCPServer": _listed(
        known(
            {
                "Interface": st.sampled_from(["eth1", "eth3"]),
                **_range,
                "DNSServers": st.lists(addresses, max_size=2),
            }
        )
    ),
    "DHCPStaticMapping": _listed(
        known({"MACAddress": st.just("00:00:5e:00:53:a1"), "IPAddress": _inside})
    ),
    "DNSForwarding": known(
        {
            "Enabled": _flags,
            "Interface": st.just("eth1"),
            "DNSServers": st.lists(addresses, max_size=2),
        }
    ),
    "PPTPServer": known({"Enabled": _flags, "Config": known(_range)}),
    "L2TPIPsecServer": known(
        {"Enabled": _flags, "Config": known({**_range, "PreSharedSecret": st.just("l2tp_key")})}
    ),
    "WireGuardServer": known(
        {
            "Enabled": _flags,
            "Config": known({"IPAddress": st.just("10.29.0.1/24"), "Peers": st.just([])}),
        }
    ),
    "RemoteAccessUsers": _listed(
        known({"UserName": st.sampled_from(["suzu", "kawa"]), "Password": st.just("pw-1")})
    ),
    "StaticRoutes": _listed(known({"Prefix": st.just("10.64.0.0/16"), "NextHop": _inside})),
    "SyslogHost": _inside,
    "ScheduledMaintenance": known({"DayOfWeek": st.integers(0, 6), "Hour": st.integers(0, 23)}),
    "MonitoringSuite": known({"Enabled": _flags}),
}
_PARAMETERS: dict[str, st.SearchStrategy[Any]] = {
    "EncryptionAlgo": st.sampled_from(["aes128", "aes256"]),
    "HashAlgo": st.sampled_from(["sha1", "sha256"]),
    "DHGroup": st.sampled_from(["modp1024", "modp2048", "modp3072", "modp4096"]),
    "IKE": known(
        {
            "Lifetime": st.integers(300, 90000),
            "DPD": known({"Interval": st.integers(1, 60), "Timeout": st.integers(1, 120)}),
        }
    ),
    "ESP": known({"Lifetime": st.integers(300, 90000)}),
}


def _some(draw: Draw, fields: dict[str, st.SearchStrategy[Any]]) -> Json:
    chosen = draw(st.sets(st.sampled_from(sorted(fields))))
    return {name: draw(fields[name]) for name in sorted(chosen)}


@st.composite
def bodies(draw: st.DrawFn) -> Json:
    """What may stand under `Appliance.Settings` of a router that is made."""
    router = {**draw(extras), **_some(draw, SECTIONS)}
    if draw(st.booleans()):
        peers = draw(st.lists(addresses, unique=True, max_size=4))
        router["SiteToSiteIPsecVPN"] = {
            **draw(extras),
            **_some(draw, _PARAMETERS),
            "Enabled": "True" if peers else "False",
            "Config": [{**draw(known(_ipsec_peer)), "Peer": peer} for peer in peers],
        }
    return {**draw(extras), "Router": router}


def differences(a: object, b: object, path: str = "") -> Iterator[str]:
    """The places (`/Router/VRID`) in which two bodies differ, as deep as they can be named."""
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted(a.keys() | b.keys()):
            if name in a and name in b:
                yield from differences(a[name], b[name], f"{path}/{name}")
            else:
                yield f"{path}/{name}"
    elif isinstance(a, list) and isinstance(b, list):
        for index in range(max(len(a), len(b))):
            if index < min(len(a), len(b)):
                yield from differences(a[index], b[index], f"{path}/{index}")
            else:
                yield f"{path}/{index}"
    elif a != b or type(a) is not type(b):
        yield path
