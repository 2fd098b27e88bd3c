"""Every code of an audit: how bad it is, what it means, and where that is written.

Pure data.  A severity is the usual one; a check may say another where the case is another one.
Below the codes: which of them is said where, and which of them a user may accept.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from ..disagreements import DISAGREEMENTS, Effect

Severity = Literal["error", "warn", "info"]
Basis = Literal["vendor-doc", "seed-article", "logic"]

EFFECTS: Final[dict[Effect, Severity]] = {
    Effect.KILLS: "error",
    Effect.LATER: "error",
    Effect.FOLLOWS: "warn",
    Effect.KEEPS: "info",
}
"""How bad a disagreement of the ends is."""


class Code(NamedTuple):
    """`meaning` is one sentence, `source` a section of a reference."""

    severity: Severity
    basis: Basis
    meaning: str
    source: str


_OWN: Final[dict[str, Code]] = {
    # Up, and up again.
    "tunnel-not-enabled": Code(
        "error", "vendor-doc", "all is written, and the tunnel is not enabled",
        "command reference 14.1",
    ),
    "ipsec-off": Code(
        "error", "vendor-doc", "IPsec is switched off for the whole router",
        "command reference 15.1",
    ),
    "stall-after-sa-loss": Code(
        "warn", "seed-article",
        "after a loss of the SAs at one end the tunnel may read Online and carry nothing",
        "seed article, what helped",
    ),
    "delete-notice-off": Code(
        "warn", "vendor-doc", "the peer is not told when an SA is deleted",
        "command reference 15.29",
    ),
    "rekey-off": Code(
        "info", "vendor-doc",
        "the IKE SA is not renewed before it ends: until somebody starts anew, DPD asks nobody",
        "command reference 15.48.1",
    ),
    "half-configured": Code(
        "error", "logic",
        "the gateway has prefixes for phase 2, and no tunnel can come of it as it is",
        "command reference 15.15, 15.48.2, 15.49.3",
    ),
    "orphan": Code(
        "info", "logic", "a line names a number that nothing else stands behind",
        "command reference 1.4",
    ),
    "not-judged": Code(
        "info", "logic", "what the lines say does not look like a VPC router's tunnel",
        "sakura-vpcrouter-api 6.1",
    ),
    "schedule-touches-tunnel": Code(
        "warn", "logic", "a schedule drops SAs, or takes away what the tunnel runs over",
        "command reference 37.1",
    ),
    "watchdog-names-peer": Code(
        "info", "logic", "a script outside of the tunnel depends on the peer's address",
        "command reference 37.1, 46",
    ),
    "two-gateways-one-peer": Code(
        "warn", "vendor-doc", "two gateways call one address in main mode: not guaranteed to work",
        "command reference 15.15",
    ),
    "two-tunnels-one-policy": Code(
        "error", "logic", "two tunnels are bound to one policy, which leads to one of them",
        "command reference 15.49.3",
    ),
    # What the model and its firmware have.
    "algorithm-not-on-model": Code(
        "error", "vendor-doc", "the model does not have this algorithm and refuses the line",
        "command reference 15.22, 15.24, 15.25, 15.48.2",
    ),
    "option-not-in-revision": Code(
        "error", "vendor-doc", "the revision does not have these words and refuses the line",
        "command reference 15.48.1",
    ),
    "natt-main-mode-old-firmware": Code(
        "error", "vendor-doc",
        "NAT traversal in main mode, and its type option, came with Rev.14.01.20",
        "command reference 15.48.5",
    ),
    "number-out-of-range": Code(
        "error", "vendor-doc", "the model does not have as many tunnels", "command reference 1.6",
    ),
    "number-reserved-by-template": Code(
        "warn", "vendor-doc",
        "a tunnel template makes tunnels, policies and gateways of these numbers without printing "
        "them", "command reference 15.49.6",
    ),
    # Identities, prefixes, keys.
    "key-not-accepted": Code(
        "error", "vendor-doc", "the cloud end takes 1 to 40 characters of A-Z, a-z, 0-9 and _",
        "sakura-vpcrouter-api 6.2",
    ),
    "local-address-not-own": Code(
        "error", "vendor-doc", "no interface of the router has this address",
        "command reference 15.18",
    ),
    "local-address-missing": Code(
        "info", "vendor-doc",
        "the phase 1 identity is then the address of the nearest interface, and changes with it",
        "command reference 15.18",
    ),
    "remote-address-not-fixed": Code(
        "error", "vendor-doc", "main mode needs the far end's address, and the router calls it",
        "command reference 15.15",
    ),
    "cloud-vpn-off": Code(
        "error", "vendor-doc", "site-to-site VPN is switched off at the cloud end",
        "sakura-vpcrouter-api 2.9",
    ),
    "peer-missing": Code(
        "error", "logic", "no peer entry of the VPC router belongs to this office",
        "sakura-vpcrouter-api 2.9",
    ),
    "subnet-overlap": Code(
        "error", "logic",
        "hosts take the other side for their own LAN, ask by ARP and never use the tunnel",
        "command reference 15.16, 15.19",
    ),
    "phase2-id-too-small": Code(
        "warn", "logic", "a LAN of the office is left out of its phase 2 prefix",
        "command reference 15.19",
    ),
    "local-id-nowhere": Code(
        "warn", "logic", "no interface and no route of the router leads to the office prefix",
        "command reference 15.19",
    ),
    "firewall-may-block-ike": Code(
        "warn", "logic",
        "the first rule that IKE from the office meets is a deny; whether the firewall holds for "
        "the router's own VPN is not documented", "sakura-vpcrouter-api 2.8",
    ),
    "firewall-may-block-esp": Code(
        "info", "logic",
        "the first rule that ESP from the office meets is a deny; whether the firewall holds for "
        "the router's own VPN is not documented", "sakura-vpcrouter-api 2.8",
    ),
    "weak-dh-group": Code(
        "info", "logic", "DH group of 1024 bit is weak by today's measure",
        "command reference 15.24",
    ),
    "weak-hash": Code(
        "info", "logic", "SHA-1 or MD5 is weak by today's measure", "command reference 15.25",
    ),
    "weak-encryption": Code(
        "info", "logic", "DES is weak by today's measure", "command reference 15.22",
    ),
    "short-key": Code(
        "info", "logic", "the key has fewer than 20 characters", "sakura-vpcrouter-api 6.2",
    ),
    # The line to the peer.
    "wan-address-shared": Code(
        "error", "logic",
        "the site has a shared IPv4 address: nothing that the cloud end sends first arrives, and "
        "it has no NAT traversal", "sakura-vpcrouter-api 2.9, 6.1",
    ),
    "wan-address-private": Code(
        "warn", "logic",
        "another router translates this address, and the cloud end has no NAT traversal: it works "
        "only where that router hands udp 500 and ESP through", "sakura-vpcrouter-api 2.9, 6.1",
    ),
    "wan-address-dynamic": Code(
        "warn", "logic",
        "the cloud end calls one fixed address: when this one changes, the tunnel stays down",
        "sakura-vpcrouter-api 2.9",
    ),
    "wan-not-enabled": Code(
        "error", "vendor-doc", "the line that leads to the peer is not enabled",
        "command reference 11",
    ),
    "wan-on-demand": Code(
        "warn", "vendor-doc",
        "the session comes up on demand, and the cloud end cannot call an office that is offline",
        "command reference 6.2.1 (pp always-on, default off)",
    ),
    "nat-static-missing": Code(
        "error", "logic", "what the cloud end sends does not reach the router: there is no entry",
        "command reference 23.8, 23.10",
    ),
    "nat-static-given-away": Code(
        "error", "logic", "what the cloud end sends is given to another host",
        "command reference 23.8, 23.10",
    ),
    "nat-in-tunnel": Code(
        "warn", "logic", "NAT on the tunnel changes addresses that phase 2 has named",
        "command reference 23.2",
    ),
    "filter-blocks-ike": Code(
        "error", "logic", "the WAN's list drops IKE from the cloud end", "command reference 8.1.25",
    ),
    "filter-blocks-esp": Code(
        "error", "logic", "the WAN's list drops ESP from the cloud end", "command reference 8.1.25",
    ),
    "filter-blocks-ike-out": Code(
        "error", "logic", "the WAN's list drops IKE to the cloud end", "command reference 8.1.25",
    ),
    "filter-blocks-esp-out": Code(
        "error", "logic", "the WAN's list drops ESP to the cloud end", "command reference 8.1.25",
    ),
    "filter-blocks-tunnel": Code(
        "error", "logic", "nothing passes between the two prefixes", "command reference 8.1.25",
    ),
    "filter-undefined": Code(
        "warn", "logic", "a list names them and they are defined nowhere",
        "command reference 8.1.10, 8.1.25",
    ),
    # The way of the packets.
    "route-missing": Code(
        "error", "logic", "no route to the cloud prefix through the tunnel",
        "command reference 8.1.7",
    ),
    "route-part-elsewhere": Code(
        "warn", "logic", "a part of the cloud prefix does not go into the tunnel",
        "command reference 8.1.7",
    ),
    "route-peer-inside-tunnel": Code(
        "error", "logic", "the key exchange would go into the tunnel that it is to make",
        "command reference 8.1.7",
    ),
    "peer-route-not-pinned": Code(
        "error", "logic",
        "the key exchange would leave by another tunnel, with another address than the far end "
        "expects", "command reference 8.1.7",
    ),
    "route-into-dead-tunnel": Code(
        "info", "logic", "a route leads into a tunnel that is not enabled",
        "command reference 8.1.7, 14.1",
    ),
    "tunnel-mtu-too-large": Code(
        "error", "logic",
        "full-size packets leave as fragmented ESP; whether the fragments arrive is luck",
        "command reference 8.1.4",
    ),
    "mss-limit-missing": Code(
        "error", "logic", "hosts agree on segments that ESP cannot carry in one piece",
        "command reference 8.1.21",
    ),
    "mss-limit-too-large": Code(
        "warn", "logic", "segments of this size do not fit into the tunnel in one piece",
        "command reference 8.1.21",
    ),
    "df-bit-set": Code(
        "warn", "vendor-doc", "a narrower hop further on must drop what carries the bit",
        "command reference 15.49.1",
    ),
    # Ways in, and what is written down.
    "management-open": Code(
        "warn", "logic", "the internet reaches this service of the router",
        "command reference 4.67 (defaults of telnetd and httpd are unverified)",
    ),
    "management-in-band-only": Code(
        "warn", "logic",
        "only hosts behind the tunnel may log in: when it is down, nobody can mend it",
        "command reference 4.67",
    ),
    "management-shut-out": Code(
        "warn", "logic", "nobody in the LAN can log in by SSH", "command reference 4.67, 8.1.25",
    ),
    "no-ssh-service": Code(
        "info", "vendor-doc", "the router answers no SSH: it cannot be configured from here",
        "command reference 4.65",
    ),
    "no-administrator-password": Code(
        "info", "vendor-doc", "whoever logs in is administrator without being asked",
        "command reference 4.3; rtx-cli 1.6",
    ),
    "no-login-user": Code(
        "info", "vendor-doc", "SSH needs a named user, and none is configured",
        "command reference 2.2.1, 4.5",
    ),
    "log-shows-keys": Code(
        "warn", "vendor-doc", "with `syslog debug on` the keys of the SAs stand in the log",
        "command reference 15.42, 4.36",
    ),
}  # fmt: skip

# Reversed: of two rows with one code the first is the usual case.
CODES: Final[dict[str, Code]] = _OWN | {
    row.code: Code(EFFECTS[row.starts], row.basis, row.meaning, row.source)
    for row in reversed(DISAGREEMENTS)
}
"""All of them; those of the disagreements are taken from their table."""

STRENGTH: Final = ("weak-encryption", "weak-hash", "weak-dh-group", "short-key")
"""It works and is weak: a preview warns all the same."""

BY_PREVIEW: Final = frozenset(
    {
        "tunnel-not-enabled", "stall-after-sa-loss", "delete-notice-off", "rekey-off",
        "half-configured", "algorithm-not-on-model", "option-not-in-revision",
        "natt-main-mode-old-firmware", "number-out-of-range", "key-not-accepted",
        "local-address-missing", "remote-address-not-fixed", "peer-missing", "subnet-overlap",
        "nat-in-tunnel", "route-missing", "route-peer-inside-tunnel", "tunnel-mtu-too-large",
        "mss-limit-missing", "mss-limit-too-large", "df-bit-set", "log-shows-keys",
        *STRENGTH,
        *(row.code for row in DISAGREEMENTS),
    }
)  # fmt: skip
"""What our own lines and the values of the cloud end can be judged by, without the rest of the
router: every preview says it."""

BY_PLAN: Final = (
    "nat-static-missing",
    "nat-static-given-away",
    "filter-blocks-ike",
    "filter-blocks-esp",
    "filter-blocks-ike-out",
    "filter-blocks-esp-out",
    "route-peer-inside-tunnel",
    "peer-route-not-pinned",
)
"""Without a line that cures it a creation is refused; `sakura-rtx plan --write` knows the line."""

BY_CREATION: Final = (*BY_PLAN, "filter-blocks-tunnel", "wan-address-shared", "wan-not-enabled")
"""A creation that would carry nothing is refused; the rest of it is mended by hand."""

ACCEPTABLE: Final = tuple(
    code for code, row in CODES.items() if row.severity != "info" or code in STRENGTH
)
"""What can stop or warn: a user may accept it in the site file, with a reason."""
