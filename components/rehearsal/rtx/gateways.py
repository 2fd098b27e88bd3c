"""Pure: the security gateways and addresses that a configuration makes, for the link to act on.

A missing line means its documented default: 3des-cbc, sha, modp1024, no PFS, 28800 seconds for
both lifetimes, release 1, MTU 1280, no phase 2 identity (command reference 8.1.4, 15.16 - 15.48).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Final

from .configuration import Configuration
from .firmware import Firmware
from .kinds import is_range
from .office import OfficeGateway

_DEFAULT_LIFETIME: Final = 28800
_DEFAULT_KILOBYTES: Final = 2_000_000
_IKE: Final = 500
_SESSION: Final = ("pppoe use", "pp auth accept", "pp auth myname")
# Private (RFC 1918), and for tests inside a network (RFC 2544).  What is shared behind a provider's
# NAT (RFC 6598) is not among them: from there nobody hands anything on.
_INSIDE: Final = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15"))
)


Given = Mapping[int, IPv4Address]
"""What a provider gives by IPCP, by the number of the peer (`pp select`)."""

_NOTHING: Final[Given] = {}


def interfaces(
    configuration: Configuration, given: Given = _NOTHING
) -> Iterator[tuple[str, IPv4Interface]]:
    """The router's own addresses, each with its interface (`lan1`, `pp 1`, `tunnel 2`)."""
    for name, *rest in configuration.under("ip"):
        value = rest[-1]
        if rest[:-1] in (["address"], ["secondary", "address"]) and value != "dhcp":
            yield name, IPv4Interface(value)
    for kind in ("pp", "tunnel"):
        for number in configuration.contexts(kind):
            value_of = configuration.value(f"ip {kind} address", f"{kind} {number}")
            if value_of:
                yield f"{kind} {number}", IPv4Interface(value_of[0])
            elif kind == "pp" and (address := ipcp(configuration, number, given)):
                yield f"pp {number}", IPv4Interface(address)


def connected(configuration: Configuration, number: str) -> bool:
    """Whether a PPPoE session stands: enabled, on an interface, with a name to log in with."""
    context = f"pp {number}"
    enabled = configuration.has(f"pp enable {number}")
    return number.isdigit() and enabled and all(configuration.has(key, context) for key in _SESSION)


def ipcp(configuration: Configuration, number: str, given: Given) -> IPv4Address | None:
    """The address that a PPPoE session got (`ppp ipcp ipaddress on`; 11.9.2)."""
    asks = configuration.value("ppp ipcp ipaddress", f"pp {number}") == ("on",)
    return given.get(int(number)) if asks and connected(configuration, number) else None


def routes(configuration: Configuration) -> Iterator[tuple[IPv4Network, tuple[str, ...]]]:
    """Every static route: destination and the words after it (`gateway tunnel 2 ...`)."""
    for destination, *words in configuration.under("ip route"):
        network = "0.0.0.0/0" if destination == "default" else destination
        yield IPv4Network(network, strict=False), tuple(words)


_USUAL: Final = Firmware("RTX1220", "15.04.03")


def gateways(
    configuration: Configuration, firmware: Firmware = _USUAL, given: Given = _NOTHING
) -> list[OfficeGateway]:
    """All gateways that have IKE lines or a policy, by number, with this firmware's defaults."""
    numbers = {each.gateway for each in configuration.statements if each.gateway}
    numbers |= {words[1] for words in configuration.under("ipsec sa policy")}
    own = dict(reversed(list(interfaces(configuration, given))))
    ordered = sorted(numbers, key=int)
    return [_Reader(configuration, number, firmware, own).gateway() for number in ordered]


class _Reader:
    """Collects what belongs to one gateway."""

    def __init__(
        self,
        configuration: Configuration,
        number: str,
        firmware: Firmware,
        addresses: Mapping[str, IPv4Interface],
    ) -> None:
        self._configuration, self._number, self._firmware = configuration, number, firmware
        self._addresses = addresses

    def _ike(self, name: str) -> tuple[str, ...]:
        return self._configuration.value(f"ipsec ike {name} {self._number}") or ()

    def _word(self, name: str, default: str) -> str:
        words = self._ike(name)
        return words[0] if words else default

    def gateway(self) -> OfficeGateway:
        policy, tunnel = self._policy(), None
        if policy is not None:
            tunnel = self._tunnel(policy[0])
        words = policy[1:] if policy else ()
        options = dict(word.split("=", 1) for word in words if "=" in word)
        algorithms = [word for word in words if "=" not in word]
        remote = self._word("remote address", "")
        remote_address = IPv4Address(remote) if _is_address(remote) else None
        wan = self._wan(remote_address)
        wan_address = self._addresses[wan].ip if wan in self._addresses else None
        local_address = self._local_address(wan_address)
        esp = algorithms[:1] == ["esp"]
        context = f"tunnel {tunnel}"
        return OfficeGateway(
            gateway=int(self._number),
            policy=int(policy[0]) if policy else None,
            tunnel=int(tunnel) if tunnel else None,
            enabled=tunnel is not None and self._enabled(tunnel),
            local_address=local_address,
            remote_address=remote_address,
            local_id=_network(options.get("local-id") or self._word("local id", "")),
            remote_id=_network(options.get("remote-id") or self._word("remote id", "")),
            key=self._key(),
            ike_encryption=self._word("encryption", "3des-cbc"),
            ike_hash=self._word("hash", "sha"),
            ike_group=self._word("group", "modp1024"),
            esp_encryption=(algorithms[1:2] or ["aes-cbc"])[0] if esp else "",
            esp_hash=(algorithms[2:3] or [""])[0] if esp else "",
            pfs=self._word("pfs", "off") == "on",
            ike_lifetime=int(self._word("duration isakmp-sa", str(_DEFAULT_LIFETIME))),
            esp_lifetime=int(self._word("duration ipsec-sa", str(_DEFAULT_LIFETIME))),
            initiates=self._initiates(remote_address),
            exchange_release=int(self._word("backward-compatibility", "1")),
            dpd=self._dpd(),
            nat_static_ok=self._nat_lets_in(wan, local_address),
            filters_pass=self._filters_let_in(wan, remote_address, local_address),
            wan_address=wan_address,
            routed=tuple(self._routed(tunnel)),
            mtu=int((self._configuration.value("ip tunnel mtu", context) or ("1280",))[0]),
            esp_kilobytes=self._kilobytes(),
            mss=self._mss(context),
            strict=self._word("negotiate-strictly", "off") == "on",
            inside=all(is_inside(each.ip) for each in self._addresses.values()),
            ike_version=int(self._word("version", "1")),
            named=bool(self._ike("local name") or self._ike("remote name")),
            pfs_group=(self._ike("group")[1:2] or ("",))[0],
            wrapped=self._word("esp-encapsulation", "off") == "on",
            heartbeat=self._heartbeat(),
        )

    def _policy(self) -> tuple[str, ...] | None:
        """The gateway's policy (number, then the words after GW); one that a tunnel has first."""
        mine = [
            (number, *words)
            for number, gateway, *words in self._configuration.under("ipsec sa policy")
            if gateway == self._number
        ]
        bound = [each for each in mine if self._tunnel(each[0])]
        return next(iter(bound + mine), None)

    def _tunnel(self, policy: str) -> str | None:
        for number in self._configuration.contexts("tunnel"):
            if self._configuration.value("ipsec tunnel", f"tunnel {number}") == (policy,):
                return number
        return None

    def _kilobytes(self) -> int | None:
        """The byte lifetime of an ESP SA (15.48.1): as written, else the firmware's default."""
        for word in self._ike("duration ipsec-sa")[1:2]:
            if word.isdigit() or word == "off":
                return int(word) if word.isdigit() else None
        return _DEFAULT_KILOBYTES if self._firmware.has("volume") else None

    def _mss(self, context: str) -> str:
        """As written, else the firmware's default (8.1.21)."""
        default = "auto" if self._firmware.has("mss auto") else "off"
        return (self._configuration.value("ip tunnel tcp mss limit", context) or (default,))[0]

    def _enabled(self, tunnel: str) -> bool:
        return self._configuration.value(
            f"tunnel enable {tunnel}"
        ) is not None and self._configuration.value("ipsec use") != ("off",)

    def _key(self) -> str | None:
        words = self._ike("pre-shared-key")
        return words[-1] if words else None

    def _initiates(self, remote: IPv4Address | None) -> bool:
        """The global line decides, the gateway's own can only suppress (15.10)."""
        everywhere = self._configuration.value("ipsec auto refresh") == ("on",)
        suppressed = self._configuration.value(f"ipsec auto refresh {self._number}") == ("off",)
        return everywhere and not suppressed and remote is not None

    def _dpd(self) -> tuple[int, int] | None:
        words = self._ike("keepalive use")
        if words[1:2] != ("dpd",) or words[0] == "off":
            return None
        return _times(words[2:4])

    def _heartbeat(self) -> tuple[int, int] | None:
        """Where it is the router that asks: with `auto` it only answers, and under IKEv1 the plain
        form and rfc4306 are heartbeats, too (15.20)."""
        words = self._ike("keepalive use")
        kind = words[1] if len(words) > 1 and "=" not in words[1] else "heartbeat"
        if words[:1] != ("on",) or kind not in ("heartbeat", "rfc4306"):
            return None
        return _times(words[2:4])

    def _routed(self, tunnel: str | None) -> Iterator[IPv4Network]:
        for network, words in routes(self._configuration):
            if tunnel and f" tunnel {tunnel} " in f" {' '.join(words)} ":
                yield network

    # --- the way to the peer --------------------------------------------------------------------

    def _wan(self, remote: IPv4Address | None) -> str:
        """The interface towards the peer, by the longest route that is no tunnel."""
        best: tuple[int, str] = (-1, "")
        for network, words in routes(self._configuration):
            way = self._way(words)
            wanted = network.prefixlen == 0 or (remote is not None and remote in network)
            if way and wanted:
                best = max(best, (network.prefixlen, way))
        if remote is not None:
            for name, address in self._addresses.items():
                if remote in address.network:
                    best = max(best, (address.network.prefixlen, name))
        return best[1]

    def _way(self, words: Sequence[str]) -> str:
        """The interface of a route's first gateway ("" = a tunnel or unknown)."""
        match words:
            case ["gateway", "pp", number, *_]:
                return f"pp {number}"
            case ["gateway", "dhcp", name, *_]:
                return name
            case ["gateway", address, *_] if _is_address(address):
                via = IPv4Address(address)
                return next((n for n, own in self._addresses.items() if via in own.network), "")
        return ""

    def _local_address(self, wan_address: IPv4Address | None) -> IPv4Address | None:
        """As written, else the address of the interface towards the peer (15.18)."""
        words = self._ike("local address")
        if words[:2] == ("ipcp", "pp"):
            own = self._addresses.get(f"pp {words[2]}")
            return own.ip if own else None
        return IPv4Address(words[0]) if words and _is_address(words[0]) else wan_address

    def _on(self, wan: str, what: str) -> tuple[str, ...]:
        """The words of `ip lan2 WHAT` or, in its block, `ip pp WHAT`."""
        if wan.startswith("pp "):
            return self._configuration.value(f"ip pp {what}", wan) or ()
        return self._configuration.value(f"ip {wan} {what}") or ()

    def _nat_lets_in(self, wan: str, local: IPv4Address | None) -> bool:
        masquerades = [
            number
            for number in self._on(wan, "nat descriptor")
            if (self._configuration.value(f"nat descriptor type {number}") or ("none",))[0]
            in ("masquerade", "nat-masquerade")
            and self._translates(number, local)
        ]
        statics = {
            tuple(words)
            for number in masquerades
            for _, *words in self._configuration.under(f"nat descriptor masquerade static {number}")
        }
        return not masquerades or {(str(local), "udp", "500"), (str(local), "esp")} <= statics

    def _translates(self, number: str, local: IPv4Address | None) -> bool:
        """Whether a descriptor is about what comes to `local`: its outer address (23.4) is another
        one only if it is written as an address or a range."""
        (outer, *_) = self._configuration.value(f"nat descriptor address outer {number}") or ("",)
        first, _, last = outer.partition("-")
        if local is None or not _is_address(first):
            return True
        return IPv4Address(first) <= local <= IPv4Address(last if _is_address(last) else first)

    def _filters_let_in(
        self, wan: str, remote: IPv4Address | None, local: IPv4Address | None
    ) -> bool:
        words = self._on(wan, "secure filter in")
        if not words or local is None:
            return True
        numbers = words[: words.index("dynamic")] if "dynamic" in words else words
        rules = [self._configuration.value(f"ip filter {number}") for number in numbers]
        return all(
            _passes([rule for rule in rules if rule], remote, local, protocol, port)
            for protocol, port in (("udp", _IKE), ("esp", None))
        )


def _times(words: Sequence[str]) -> tuple[int, int]:
    """Interval and count of a keepalive, as written or by default (15.20)."""
    numbers = [int(word) for word in words if word.isdigit()] or [10, 6]
    return numbers[0], numbers[1]


def is_inside(address: IPv4Address) -> bool:
    """Whether an address is one of a network inside: from outside it cannot be called."""
    return any(address in prefix for prefix in _INSIDE)


def _is_address(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def _network(text: str) -> IPv4Network | None:
    return IPv4Network(text, strict=False) if text else None


def _passes(
    rules: Sequence[Sequence[str]],
    source: IPv4Address | None,
    destination: IPv4Address,
    protocol: str,
    port: int | None,
) -> bool:
    """Whether a packet gets through a filter list: first match, none means dropped (8.1.25)."""
    for action, *rest in rules:
        fields = [*rest, *["*"] * 5][:5]
        fits = (
            _holds(fields[0], source)
            and _holds(fields[1], destination)
            and _speaks(fields[2], protocol)
            and (port is None or (_includes(fields[3], port) and _includes(fields[4], port)))
        )
        if fits:
            return not action.startswith("reject")
    return False


def _holds(spec: str, address: IPv4Address | None) -> bool:
    """Whether `A`, `A/M`, `A-B`, `*` or a list of them holds an address (None: any address)."""
    for part in spec.split(","):
        first, dash, last = part.partition("-")
        if part == "*":
            return True
        if address is None or not is_range(part):
            continue  # a name holds no address that could be known here
        if (
            IPv4Address(first) <= address <= IPv4Address(last)
            if dash
            else (address in IPv4Network(part, strict=False))
        ):
            return True
    return False


_NUMBERS: Final = {"17": "udp", "50": "esp"}


def _speaks(spec: str, protocol: str) -> bool:
    return spec == "*" or protocol in (_NUMBERS.get(part, part) for part in spec.split(","))


def _includes(spec: str, port: int) -> bool:
    for part in spec.split(","):
        first, dash, last = part.partition("-")
        if part in ("*", "isakmp"):
            return True
        if first.isdigit() and int(first) <= port <= int((last or "65535") if dash else first):
            return True
    return False
