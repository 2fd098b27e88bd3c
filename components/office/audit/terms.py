"""Whether both ends come to terms: proposals, identities, prefixes, keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from .far import ENCRYPTION, GROUPS, HASH, Entry, FarEnd
from .findings import Finding, Severity
from .view import Link

_KEY: Final = re.compile(r"[A-Za-z0-9_]{1,40}")
_WEAK: Final = {
    "weak-dh-group": ("group", "modp1024", ("modp768", "modp1024"), "DH group of 1024 bit"),
    "weak-hash": ("hash", "sha", ("sha", "md5"), "SHA-1 or MD5"),
    "weak-encryption": ("encryption", "3des-cbc", ("des-cbc", "3des-cbc"), "DES"),
}
_SHORT_KEY: Final = 20


def proposals(link: Link, far: FarEnd) -> Iterator[Finding]:
    """Algorithms of both phases; the VPC router has one field for both (15.22 to 15.25)."""
    severity: Severity = "error" if link.exact else "warn"
    esp = (*link.policy.algorithms, "", "")[:2]
    if link.policy.protocol != "esp":
        yield Finding(
            "policy-not-esp",
            "error",
            f"ipsec sa policy {link.policy.number}",
            "the VPC router speaks ESP only",
            f"ipsec sa policy {link.policy.number} {link.gateway.number} esp aes-cbc sha-hmac",
            "vendor-doc",
        )
        return
    if not esp[1]:
        yield Finding(
            "esp-without-authentication",
            severity,
            f"ipsec sa policy {link.policy.number}",
            "ESP without a hash word carries no authentication",
            f"add the hash word to `ipsec sa policy {link.policy.number}`",
            "vendor-doc",
        )
    ciphers = [ENCRYPTION[far.encryption]] if far.encryption in ENCRYPTION else []
    hashes = [HASH[far.hash]] if far.hash in HASH else []
    groups = [far.dh_group] if far.dh_group in GROUPS else []
    cipher = link.ike("encryption", "3des-cbc")
    hash_, group = link.ike("hash", "sha"), link.ike("group", "modp1024").split(" ")[0]
    if far.dh_group and far.dh_group not in GROUPS:
        yield Finding(
            "group-not-on-rtx",
            "error",
            f"cloud side {far.dh_group}",
            "no RTX has this DH group",
            "choose modp2048 at the cloud end",
            "vendor-doc",
        )
    rows = (
        ("encryption", link.line("encryption"), cipher, ciphers or [*ENCRYPTION.values()]),
        ("hash", link.line("hash"), hash_, hashes or [*HASH.values()]),
        ("group", link.line("group"), group, groups or [*GROUPS]),
        (
            "esp-encryption",
            f"ipsec sa policy {link.policy.number} esp",
            esp[0] or "aes-cbc",
            ciphers or ([cipher] if cipher in ENCRYPTION.values() else [*ENCRYPTION.values()]),
        ),
        (
            "esp-hash",
            f"ipsec sa policy {link.policy.number} esp",
            esp[1].removesuffix("-hmac"),
            hashes or ([hash_] if hash_ in HASH.values() else [*HASH.values()]),
        ),
    )
    for name, line, value, allowed in rows:
        if value and value not in allowed:
            yield Finding(
                f"{name}-mismatch",
                severity,
                f"{line} {value}",
                f"the cloud end has {' or '.join(allowed)} in both phases",
                f"set it to {' or '.join(allowed)}",
                "vendor-doc",
            )


def strength(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Works, and is weak."""
    for code, (name, default, weak, text) in _WEAK.items():
        value = link.ike(name, default).split(" ")[0]
        if value in weak:
            yield Finding(
                code,
                "info",
                f"{link.line(name)} {value}",
                f"{text} is weak by today's measure",
                "choose aes256, sha256, modp2048 at both ends",
                "logic",
            )
    key = link.gateway.psk.value if link.gateway.psk else None
    if key is not None and len(key) < _SHORT_KEY:
        yield Finding(
            "short-key",
            "info",
            link.line("pre-shared-key"),
            f"the key has fewer than {_SHORT_KEY} characters",
            "choose one of 40 characters of A-Z, a-z, 0-9 and _",
            "logic",
        )


def key_form(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """The API takes 1 to 40 characters of A-Z, a-z, 0-9 and _."""
    psk = link.gateway.psk
    line = link.line("pre-shared-key")
    if psk is None:
        why, remedy = "without a key there is no key exchange", f"{line} text KEY"
    elif psk.form == "hex":
        why, remedy = "the cloud end takes keys as text only", f"{line} text KEY"
    elif psk.value is not None and not _KEY.fullmatch(psk.value):
        why = "the cloud end takes 1 to 40 characters of A-Z, a-z, 0-9 and _"
        remedy = "choose a key of those characters at both ends"
    else:
        return
    yield Finding("key-not-accepted", "error", line, why, remedy, "vendor-doc")


def prefixes(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Phase 2 identities: there, apart from each other, and wide enough."""
    for name, value in (("local id", link.local_id), ("remote id", link.remote_id)):
        if value is None:
            yield Finding(
                "phase2-id-missing",
                "error",
                f"no {link.line(name)}",
                "the cloud end wants both prefixes named in phase 2",
                f"{link.line(name)} PREFIX",
                "vendor-doc",
            )
    ours, theirs = link.local_id, link.remote_id
    lans = list(_lans(link))
    if theirs:
        for lan in dict.fromkeys([*filter(None, [ours]), *lans]):
            if lan.overlaps(theirs):
                yield Finding(
                    "subnet-overlap",
                    "error",
                    f"{lan} and {theirs}",
                    "hosts take the other side for their own LAN, ask by ARP and never use the "
                    "tunnel",
                    "renumber one side",
                    "logic",
                )
                break
    left = [lan for lan in lans if ours and not lan.subnet_of(ours)]
    if ours and left:
        yield Finding(
            "phase2-id-too-small",
            "warn",
            f"{link.line('local id')} {ours}",
            f"{', '.join(map(str, left))} {'is' if len(left) == 1 else 'are'} left out",
            "a prefix that covers all of them, the same at both ends",
            "logic",
        )


def _lans(link: Link) -> Iterator[IPv4Network]:
    """The networks behind the router: private, and not on the line that leads to the peer."""
    outside = link.line_to_peer
    for name, each in link.router.addresses.items():
        if name != outside and not name.startswith(("pp ", "tunnel", "loopback")):
            yield from (a.network for a in each if _is_lan(a.network))


def _is_lan(prefix: IPv4Network) -> bool:
    private = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
    return prefix.prefixlen < 31 and any(prefix.subnet_of(IPv4Network(p)) for p in private)


def identity(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Phase 1 identity follows the local address: it has to be one of the router's (15.18)."""
    router, local = link.router, link.local
    if local is None or router.interface_of(local):
        return
    # A PPPoE or DHCP line may have any address, and the text does not show it.
    session = any(context.startswith("pp ") for context in router.config.contexts)
    leased = any(statement.text.endswith(" dhcp") for statement in router.config.find("ip"))
    if session or leased or not router.addresses:
        return
    yield Finding(
        "local-address-not-own",
        "error",
        f"{link.line('local address')} {local}",
        "no interface of the router has this address",
        f"{link.line('local address')} with an address of the LAN or the WAN",
        "vendor-doc",
    )


def far_entry(link: Link, far: FarEnd) -> Iterator[Finding]:
    """Against the peer entry at the cloud end: identity, prefixes, key."""
    if not far.known:
        return
    entry = _entry_for(link, far)
    if entry is None:
        yield Finding(
            "peer-missing",
            "error",
            link.name,
            "no peer entry of the VPC router belongs to this office",
            "add a peer with the office's WAN address",
            "logic",
        )
        return
    if link.local is not None and entry.remote_id != str(link.local):
        yield Finding(
            "remote-id-mismatch",
            "error",
            f"local address {link.local}, cloud side expects {entry.remote_id}",
            "the phase 1 identity of the router is its local address",
            f"{link.line('local address')} {entry.remote_id}, or RemoteID {link.local}",
            "logic",
        )
    pairs = (
        ("local id", link.local_id, "routes", entry.office_prefixes),
        ("remote id", link.remote_id, "local prefix", entry.cloud_prefixes),
    )
    for name, ours, theirs_name, theirs in pairs:
        if ours is not None and ours not in theirs:
            shown = ", ".join(map(str, theirs)) or "nothing"
            yield Finding(
                "phase2-id-mismatch",
                "error",
                f"{name} {ours}, cloud {theirs_name} {shown}",
                "phase 2 needs the same prefixes at both ends",
                "make them equal",
                "logic",
            )
    psk = link.gateway.psk
    if psk and psk.value is not None and entry.key is not None and psk.value != entry.key:
        yield Finding(
            "psk-mismatch",
            "error",
            link.name,
            "the pre-shared keys are not equal",
            f"{link.line('pre-shared-key')} text KEY, as at the cloud end",
            "logic",
        )
    yield from _firewall(far, entry)


def _entry_for(link: Link, far: FarEnd) -> Entry | None:
    """The entry that means this office: by address or identity, else the only one there is."""
    own = {str(a.ip) for each in link.router.addresses.values() for a in each}
    own.add(str(link.local))
    ours = [e for e in far.entries if e.peer in own or e.remote_id == str(link.local)]
    if not ours:
        ours = [e for e in far.entries if link.local_id in e.office_prefixes]
    return ours[0] if ours else (far.entries[0] if len(far.entries) == 1 else None)


def _firewall(far: FarEnd, entry: Entry) -> Iterator[Finding]:
    """Whether the VPC router's firewall lets IKE and ESP in from this office."""
    for what, protocols, port in (
        ("ike", ("ip", "udp"), "500"),
        ("esp", ("ip",), None),
    ):
        rule = next((r for r in far.receive_rules if _meets(r, entry.peer, protocols, port)), None)
        if rule is not None and rule.get("Action") == "deny":
            yield Finding(
                f"firewall-may-block-{what}",
                "info" if what == "esp" else "warn",
                f"Firewall of eth0, Receive, from {entry.peer}",
                f"the first rule that {what.upper()} from the office meets is a deny; whether the "
                "firewall holds for the router's own VPN is not documented",
                f"allow it from {entry.peer}",
                "logic",
            )


def _meets(rule: object, peer: str, protocols: tuple[str, ...], port: str | None) -> bool:
    values = rule if isinstance(rule, dict) else {}
    source = values.get("SourceNetwork")
    try:
        inside = not source or IPv4Network(peer).subnet_of(IPv4Network(source, strict=False))
    except ValueError:
        return False
    ports = values.get("DestinationPort")
    return (
        values.get("Protocol") in protocols
        and inside
        and (not ports or port is None or str(ports) == port)
    )


CHECKS = (proposals, key_form, prefixes, identity, far_entry, strength)
