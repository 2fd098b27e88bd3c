"""Whether both ends come to terms: proposals, keys, prefixes, identity."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Final

from ... import ipsec
from .far import ENCRYPTION, GROUPS, HASH, FarEnd
from .findings import Finding, differs, finding
from .link import Link

# Code -> facts' name, default, and the table that knows the weak ones (15.22, 15.24, 15.25).
_WEAK: Final = {
    "weak-dh-group": ("group", "modp1024", ipsec.DH_GROUP),
    "weak-hash": ("hash", "sha", ipsec.HASH),
    "weak-encryption": ("encryption", "3des-cbc", ipsec.ENCRYPTION),
}
_LAST_OCTETS: Final = 16
"""A prefix longer than this and no longer than 24 is a row of third octets."""


def proposals(link: Link, far: FarEnd) -> Iterator[Finding]:
    """Algorithms of both phases; the VPC router has one field for both (15.22 to 15.25)."""
    policy = f"ipsec sa policy {link.policy.number}"
    if link.policy.protocol != "esp":
        remedy = f"{policy} {link.gateway.number} esp aes-cbc sha-hmac"
        yield differs("protocol of phase 2", link.role, policy, remedy)
        return
    esp = (*link.policy.algorithms, "", "")[:2]
    if not esp[1]:
        remedy = f"add the hash word to `{policy}`"
        yield differs("ESP without authentication", link.role, policy, remedy)
    if far.dh_group and far.dh_group not in GROUPS:
        yield differs(
            "DH group that no RTX has",
            link.role,
            f"cloud side {far.dh_group}",
            f"choose {GROUPS[-1]} at the cloud end",
        )
    for value, line, word, allowed in _rows(link, far, esp):
        if word and word not in allowed:
            choice = " or ".join(allowed)
            yield differs(
                value,
                link.role,
                f"{line} {word}",
                f"set it to {choice}",
                why=f"the cloud end has {choice} in both phases",
            )


def _rows(
    link: Link, far: FarEnd, esp: tuple[str, ...]
) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Each algorithm: which value it is, its line, its word here, and the words it may have."""
    cipher, hash_ = link.ike("encryption", "3des-cbc"), link.ike("hash", "sha")
    group, *second = link.ike("group", "modp1024").split()
    ciphers = _words(ENCRYPTION, far.encryption)
    hashes = _words(HASH, far.hash)
    groups = (far.dh_group,) if far.dh_group in GROUPS else GROUPS
    line = f"ipsec sa policy {link.policy.number} esp"
    yield "encryption", link.line("encryption"), cipher, ciphers
    yield "hash", link.line("hash"), hash_, hashes
    yield "DH group", link.line("group"), group, groups
    # Without the far end at hand, what phase 1 says is what phase 2 is measured by.
    known = (cipher,) if not far.known and cipher in ciphers else ciphers
    yield "ESP encryption", line, esp[0] or "aes-cbc", known
    known = (hash_,) if not far.known and hash_ in hashes else hashes
    yield "ESP hash", line, esp[1].removesuffix("-hmac"), known
    known = (group,) if not far.known and group in groups else groups
    yield "PFS group", f"{link.line('group')} {group}", (second or [""])[0], known


def _words(table: dict[str, str], known: str | None) -> tuple[str, ...]:
    return (table[known],) if known in table else tuple(table.values())


def strength(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Works, and is weak."""
    for code, (name, default, table) in _WEAK.items():
        value = link.ike(name, default).split(" ")[0]
        weak = next((c.weak for c in table.values() if c.office == value), "")
        if weak:
            yield finding(
                code,
                f"{link.line(name)} {value}",
                "choose aes256, sha256, modp2048 at both ends",
                why=f"{weak} is weak by today's measure",
            )
    key = link.gateway.psk.value if link.gateway.psk else None
    if key is not None and len(key) < ipsec.SHORT_KEY:
        yield finding(
            "short-key",
            link.line("pre-shared-key"),
            "choose one of 40 characters of A-Z, a-z, 0-9 and _",
        )


def key_form(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """The API takes 1 to 40 characters of A-Z, a-z, 0-9 and _."""
    psk = link.gateway.psk
    line = link.line("pre-shared-key")
    if psk is None:
        why, remedy = "without a key there is no key exchange", f"{line} text KEY"
    elif psk.form == "hex":
        why, remedy = "the cloud end takes keys as text only", f"{line} text KEY"
    elif psk.value is not None and ipsec.key_problem(psk.value, line):
        why, remedy = "", "choose a key of those characters at both ends"
    else:
        return
    yield finding("key-not-accepted", line, remedy, why=why)


def prefixes(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Phase 2 identities: there, apart from each other, ours, and wide enough."""
    ours, theirs = link.local_id, link.remote_id
    for name, value in (("local id", ours), ("remote id", theirs)):
        if value is None:
            line = link.line(name)
            yield differs("prefixes not named", link.role, f"no {line}", f"{line} PREFIX")
    lans = link.office_lans
    if theirs:
        yield from _overlap(theirs, ours, lans)
    if ours is None or not lans:
        return
    if not any(lan.overlaps(ours) for lan in lans) and not _routed(link, ours):
        remedy = f"{link.line('local id')} with the prefix of a LAN, the same at both ends"
        yield finding("local-id-nowhere", f"{link.line('local id')} {ours}", remedy)
        return
    left = [lan for lan in lans if not lan.subnet_of(ours)]
    if left:
        yield finding(
            "phase2-id-too-small",
            f"local id {ours} covers {_span(ours)}",
            "a prefix that covers all of them, the same at both ends",
            why=f"{link.name}: {', '.join(map(str, left))} {'is' if len(left) == 1 else 'are'} "
            "left out",
        )


def _overlap(
    theirs: IPv4Network, ours: IPv4Network | None, lans: tuple[IPv4Network, ...]
) -> Iterator[Finding]:
    """A LAN that overlaps the cloud prefix never uses the tunnel; a phase 2 prefix alone may."""
    same = [lan for lan in lans if lan.overlaps(theirs)]
    if ours is not None and ours.overlaps(theirs):
        where = f"{ours} and {theirs}"
        alone = bool(lans) and not same
        yield finding(
            "subnet-overlap",
            where,
            "a prefix for the office that leaves the cloud's out" if alone else "renumber one side",
            why="no LAN is in both, but what each end sends into the tunnel is left to its order "
            "of routes and policies"
            if alone
            else "",
            severity="warn" if alone else None,
        )
    elif same:
        yield finding("subnet-overlap", f"{same[0]} and {theirs}", "renumber one side")


def _routed(link: Link, ours: IPv4Network) -> bool:
    """Whether a route of its own leads to a part of it, over a router in the LAN."""
    return any(
        r.prefix.prefixlen and r.prefix.overlaps(ours) and link.mine not in r.gateways
        for r in link.router.routes
    )


def _span(prefix: IPv4Network) -> str:
    """The addresses of a prefix, as short as people write them."""
    first, last = prefix[0], prefix[-1]
    if prefix.prefixlen >= 24:
        return f"{first}-{str(last).rsplit('.', 1)[1]}"
    if prefix.prefixlen > _LAST_OCTETS:
        return f"{str(first).rsplit('.', 1)[0]}-{str(last).split('.')[2]}"
    return f"{first}-{last}"


def identity(link: Link, _far: FarEnd) -> Iterator[Finding]:
    """Phase 1: whom the router calls, and as whom (15.15, 15.18)."""
    router, local, line = link.router, link.local, link.line("local address")
    called = link.ike("remote_address")
    if link.remote is None:
        yield finding(
            "remote-address-not-fixed",
            f"{link.line('remote address')} {called}" if called else link.name,
            f"{link.line('remote address')} with the VIP of the VPC router",
        )
    if not link.ike("local_address"):
        yield finding("local-address-missing", f"no {line}", f"{line} RemoteID of the cloud end")
    if local is None or router.interface_of(local):
        return
    # A PPPoE or DHCP line may have any address, and the text does not show it.
    session = any(context.startswith("pp ") for context in router.config.contexts)
    if session or router.leased or not router.addresses:
        return
    yield finding(
        "local-address-not-own", f"{line} {local}", f"{line} with an address of the LAN or the WAN"
    )


CHECKS: Final = (proposals, key_form, prefixes, identity, strength)
