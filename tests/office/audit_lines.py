"""A router in order, and one change at a time that is not: what an audit says to each."""

from __future__ import annotations

from typing import NamedTuple

HEALTHY = "14-lifetime-options-by-revision"
"""The text of the corpus to which nothing is to be said; its router only answers."""


class Line(NamedTuple):
    """`old` becomes `new`; then `code` is said with this severity, and `also`, and no more.

    `cloud` says where the cloud end is needed (True), or must not be there (False).
    """

    old: str
    new: str
    code: str
    severity: str
    also: tuple[str, ...] = ()
    cloud: bool | None = None


BC, PFS = "  ipsec ike backward-compatibility 1 2", "  ipsec ike pfs 1 on"
ESP, NAT = "esp aes256-cbc sha256-hmac", "ip lan2 nat descriptor 1"
KEY, SSH = "  ipsec ike pre-shared-key 1 text c14_key", "sshd service on"
ROUTE, DEFAULT = "ip route 10.14.0.0/24 gateway tunnel 1", "ip route default gateway 192.0.2.45"
MSS = " ip tunnel tcp mss limit auto"
ENABLE, REFRESH = " tunnel enable 1", "\nipsec auto refresh on"
STATIC_IKE = "nat descriptor masquerade static 1 1 192.0.2.46 udp 500"
STATIC_ESP = "nat descriptor masquerade static 1 2 192.0.2.46 esp"
STALL = "stall-after-sa-loss"

LIFE = (
    Line(BC, "", STALL, "warn"),
    Line(SSH, SSH + REFRESH, STALL, "warn"),
    Line("on dpd 15 2", "on heartbeat 10 6", "keepalive-not-dpd", "error", (STALL,)),
    Line("on dpd 15 2", "on", "keepalive-not-dpd", "error", (STALL,)),
    Line("on dpd 15 2", "on rfc4306 10 3", "keepalive-not-dpd", "error", (STALL,)),
    Line("on dpd 15 2", "off", "keepalive-not-dpd", "warn", (STALL,)),
    Line("on dpd 15 2", "auto", "keepalive-not-dpd", "warn", (STALL,)),
    Line("on dpd 15 2", "on icmp-echo 10.14.0.1 10 3", "keepalive-not-dpd", "warn", (STALL,)),
    Line("  ipsec ike keepalive use 1 on dpd 15 2\n", "", "keepalive-not-dpd", "warn", (STALL,)),
    Line("on dpd 15 2", "on dpd 10 6", "dpd-timing-differs", "info", cloud=True),
    Line("ipsec ike pfs 1 on", "ipsec ike pfs 1 off", "pfs-off", "warn"),
    Line("isakmp-sa 1 28800", "isakmp-sa 1 3600", "lifetime-mismatch", "warn"),
    Line("ipsec-sa 1 1800", "ipsec-sa 1 3600", "lifetime-mismatch", "warn"),
    Line("ipsec-sa 1 1800", "child-sa 1 3600", "lifetime-mismatch", "warn"),
    Line(
        "1800 off rekey 80% forced-reduction=10\n", f"1800{REFRESH}\n",
        "byte-lifetime-proposed", "info", (STALL,),
    ),
    Line("isakmp-sa 1 28800 rekey 80%", f"isakmp-sa 1 28800 rekey off{REFRESH}", "rekey-off",
         "info", (STALL,)),
    Line(ENABLE, "", "tunnel-not-enabled", "error"),
    Line(SSH, SSH + "\nipsec use off", "ipsec-off", "error"),
    Line(PFS, PFS + "\n  ipsec ike send info 1 off", "delete-notice-off", "warn"),
    Line(PFS, PFS + "\n  ipsec ike esp-encapsulation 1 on", "esp-encapsulation", "error"),
    Line(
        PFS, PFS + "\n  ipsec ike nat-traversal 1 on",
        "nat-traversal-not-offered-by-vpc-router", "warn",
    ),
    Line(
        PFS, PFS + "\n  ipsec ike nat-traversal 1 on\n  ipsec ike esp-encapsulation 1 on",
        "natt-and-esp-encapsulation", "error", ("nat-traversal-not-offered-by-vpc-router",),
    ),
    Line(
        "RTX1220 Rev.15.04.06", "RTX1210 Rev.14.01.16", "option-not-in-revision", "error",
        ("mss-limit-missing",) if False else (),
    ),
)  # fmt: skip
STRICT = "\n  ipsec ike negotiate-strictly 1 on"
TERMS = (
    Line("encryption 1 aes256-cbc", "encryption 1 aes-cbc", "encryption-mismatch", "warn",
         cloud=True),
    Line("encryption 1 aes256-cbc", "encryption 1 aes-cbc", "esp-encryption-mismatch", "warn",
         cloud=False),
    Line("  ipsec ike encryption 1 aes256-cbc\n", "", "encryption-mismatch", "warn",
         ("weak-encryption",)),
    Line("hash 1 sha256", "hash 1 md5", "hash-mismatch", "warn", ("weak-hash",)),
    Line("group 1 modp2048", "group 1 modp1536", "group-mismatch", "warn"),
    Line("group 1 modp2048", "group 1 modp2048 modp1024", "pfs-group-mismatch", "warn"),
    Line("group 1 modp2048", "group 1 modp1024", "group-mismatch", "warn", ("weak-dh-group",),
         cloud=True),
    Line("group 1 modp2048", "group 1 modp1024", "weak-dh-group", "info", cloud=False),
    Line(ESP, "esp 3des-cbc sha256-hmac", "esp-encryption-mismatch", "warn"),
    Line(ESP, "esp aes256-cbc md5-hmac", "esp-hash-mismatch", "warn"),
    Line(ESP, "esp aes256-cbc", "esp-without-authentication", "warn"),
    Line(ESP, "ah sha256-hmac", "policy-not-esp", "error"),
    # As soon as it starts or is strict, a difference kills.
    Line(PFS, STRICT[1:], "pfs-off", "error"),
    Line("group 1 modp2048", f"group 1 modp1536{STRICT}", "group-mismatch", "error"),
    Line("hash 1 sha256", f"hash 1 md5{REFRESH}", "hash-mismatch", "error", (STALL, "weak-hash")),
    Line("isakmp-sa 1 28800 rekey 80%", f"isakmp-sa 1 3600{STRICT}", "lifetime-mismatch", "error"),
    Line(ESP, f"{ESP}\n  ipsec ike version 1 2", "ike-version-2", "error", cloud=True),
    Line(PFS, f"{PFS}\n  ipsec ike local name 1 here key-id", "not-main-mode", "error", cloud=True),
    Line("ipsec ike local id 1 192.168.44.0/24", "", "phase2-id-missing", "error"),
    Line("ipsec ike remote id 1 10.14.0.0/24", "", "phase2-id-missing", "error"),
    Line("local id 1 192.168.44.0/24", "local id 1 192.168.44.0/25", "phase2-id-too-small", "warn",
         cloud=False),
    Line("local id 1 192.168.44.0/24", "local id 1 192.168.44.0/25", "phase2-id-mismatch", "error",
         ("phase2-id-too-small",), cloud=True),
    Line("local id 1 192.168.44.0/24", "local id 1 192.168.99.0/24", "local-id-nowhere", "warn",
         cloud=False),
    Line("ip lan1 address 192.168.44.1/24", "ip lan1 address 10.14.0.1/24", "subnet-overlap",
         "error", ("local-id-nowhere",)),
    Line("local id 1 192.168.44.0/24", "local id 1 10.0.0.0/8", "subnet-overlap", "warn",
         ("local-id-nowhere",), cloud=False),
    Line("remote id 1 10.14.0.0/24", "remote id 1 192.168.0.0/16", "subnet-overlap", "error",
         ("route-missing",), cloud=False),
    Line("text c14_key", "text c14-key", "key-not-accepted", "error", cloud=False),
    Line("text c14_key", "text c14-key", "psk-mismatch", "error", ("key-not-accepted",),
         cloud=True),
    Line("text c14_key", "0x1234", "key-not-accepted", "error", cloud=False),
    Line(KEY, "", "key-not-accepted", "error"),
    Line("local address 1 192.0.2.46", "local address 1 192.0.2.99", "local-address-not-own",
         "error", ("nat-static-given-away",), cloud=False),
    Line("  ipsec ike local address 1 192.0.2.46\n", "", "local-address-missing", "info"),
    Line("remote id 1 10.14.0.0/24", "remote id 1 10.14.0.0/25", "phase2-id-mismatch", "error",
         cloud=True),
    Line("local address 1 192.0.2.46", "local address 1 192.168.44.1", "remote-id-mismatch",
         "error", ("nat-static-given-away",), cloud=True),
)  # fmt: skip

DEVICE = (
    Line("hash 1 sha256", "hash 1 sha512", "algorithm-not-on-model", "error", ("hash-mismatch",)),
    Line("encryption 1 aes256-cbc", "encryption 1 aes128-cbc", "algorithm-not-on-model", "error",
         ("encryption-mismatch",)),
    Line("group 1 modp2048", "group 1 modp4096", "algorithm-not-on-model", "error",
         ("group-mismatch",)),
    Line(ESP, "esp aes256-cbc sha512-hmac", "algorithm-not-on-model", "error",
         ("esp-hash-mismatch",)),
    Line("RTX1220 Rev.15.04.06", "RTX1220 Rev.15.04.03", "option-not-in-revision", "error"),
    Line("RTX1220 Rev.15.04.06", "RTX830 Rev.15.02.26", "option-not-in-revision", "error"),
    Line(SSH, f"{SSH}\ntunnel select 90\n tunnel template 1-20", "number-reserved-by-template",
         "warn"),
)  # fmt: skip

WAY = (
    Line(f"{ROUTE}\n", "", "route-missing", "error"),
    Line(ROUTE, "ip route 10.14.0.0/25 gateway tunnel 1", "route-part-elsewhere", "warn"),
    Line(ROUTE, f"{ROUTE}\nip route 10.14.0.64/26 gateway 192.0.2.45", "route-part-elsewhere",
         "warn"),
    Line(ROUTE, f"{ROUTE}\nip route 198.51.100.0/24 gateway tunnel 1", "route-peer-inside-tunnel",
         "error"),
    Line(DEFAULT, "ip route default gateway tunnel 7", "peer-route-not-pinned", "error",
         ("orphan",), cloud=False),
    Line(SSH, f"{SSH}\nip route 172.16.9.0/24 gateway tunnel 3\ntunnel select 3\n description x",
         "route-into-dead-tunnel", "info", cloud=False),
    Line(MSS, " ip tunnel tcp mss limit off", "mss-limit-missing", "error"),
    Line(MSS, f"{MSS}\n ip tunnel mtu 1480", "tunnel-mtu-too-large", "error"),
    Line(MSS, f"{MSS}\n ip tunnel mtu 1439", "tunnel-mtu-too-large", "error"),
    Line(MSS, " ip tunnel tcp mss limit 1300", "mss-limit-too-large", "warn"),
    Line(MSS, f"{MSS}\n ipsec tunnel outer df-bit set", "df-bit-set", "warn"),
    Line(PFS, f"{PFS}\n  ipsec ike remote address 7 198.51.100.14", "two-gateways-one-peer",
         "warn", cloud=True),
    Line(PFS, f"{PFS}\n  ipsec ike remote address 7 198.51.100.14", "two-gateways-one-peer",
         "warn", ("orphan",), cloud=False),
    Line(SSH, f"{SSH}\ntunnel select 2\n ipsec tunnel 1\n tunnel enable 2",
         "two-tunnels-one-policy", "error", ("route-missing",)),
    Line(SSH, f"{SSH}\nschedule at 1 */* 03:00 * ipsec sa delete all", "schedule-touches-tunnel",
         "warn"),
    Line(SSH, f"{SSH}\nschedule at 1 */* 03:00 * ipsec refresh sa", "schedule-touches-tunnel",
         "warn"),
    Line(SSH, f"{SSH}\nschedule at 1 */* 03:00 * tunnel disable 4 1", "schedule-touches-tunnel",
         "warn"),
    Line(SSH, f"{SSH}\nschedule at 2 startup * lua /w.lua 198.51.100.14", "watchdog-names-peer",
         "info"),
    Line(SSH, f"{SSH}\nset PEER=198.51.100.14", "watchdog-names-peer", "info"),
)  # fmt: skip

DYNAMIC = "ip filter dynamic 80 * * udp"
LINE = (
    Line(f"{STATIC_ESP}\n", "", "nat-static-missing", "error"),
    Line(f"{STATIC_IKE}\n", REFRESH[1:] + "\n", "nat-static-missing", "warn", (STALL,)),
    Line("1 192.0.2.46 udp 500", "1 192.168.44.9 udp 500", "nat-static-given-away", "error"),
    Line(STATIC_IKE, "nat descriptor masquerade incoming 1 forward 192.168.44.9",
         "nat-static-given-away", "error"),
    Line(MSS, f"{MSS}\n ip tunnel nat descriptor 1", "nat-in-tunnel", "warn"),
    Line(NAT, f"{NAT}\nip lan2 secure filter in 7\nip filter 7 pass * * esp", "filter-blocks-ike",
         "error"),
    Line(NAT, f"{NAT}\nip lan2 secure filter in 7\nip filter 7 pass * * udp", "filter-blocks-esp",
         "error"),
    Line(NAT, f"{NAT}\nip lan2 secure filter in 7\nip filter 7 pass * * udp 4500 500,4500",
         "filter-blocks-esp", "error", ("filter-blocks-ike",)),
    Line(NAT, f"{NAT}\nip lan2 secure filter out 7\nip filter 7 pass * * esp",
         "filter-blocks-ike-out", "error"),
    Line(NAT, f"{NAT}\nip lan2 secure filter out 7\nip filter 7 pass * * udp",
         "filter-blocks-esp-out", "error"),
    Line(NAT, f"{NAT}\nip lan2 secure filter in 7 8\nip filter 7 pass * *", "filter-undefined",
         "warn"),
    Line(NAT, f"{NAT}\nip lan2 secure filter name wan\nip filter set wan in 7\n"
         "ip filter 7 pass * * udp", "filter-blocks-esp", "error"),
    # The answer to what it sends first comes back by a dynamic filter; ESP does not.
    Line(NAT, f"{NAT}\nip lan2 secure filter in 7\nip filter 7 pass * * esp{REFRESH}\n{DYNAMIC}\n"
         "ip lan2 secure filter out 8 dynamic 80\nip filter 8 pass * *", "filter-blocks-ike",
         "warn", (STALL,)),
    Line(MSS, " ip tunnel secure filter in 9\nip filter 9 pass 1.1.1.1 *", "filter-blocks-tunnel",
         "error"),
    Line(NAT, f"{NAT}\nip lan1 secure filter in 9\nip filter 9 pass * 192.168.44.1",
         "filter-blocks-tunnel", "error"),
)  # fmt: skip

ADMIN = (
    Line(NAT, "telnetd service on", "management-open", "warn", ("management-open",)),
    Line(NAT, "sshd host any", "management-open", "warn"),
    Line(NAT, "sshd host lan1\nhttpd host any", "management-open", "warn"),
    Line(SSH, f"{SSH}\nsshd host 10.14.0.5 10.14.0.8-10.14.0.9", "management-in-band-only", "warn"),
    Line(SSH, f"{SSH}\nsshd host none", "management-shut-out", "warn"),
    Line(NAT, f"{NAT}\nip lan1 secure filter in 8 9\nip filter 8 reject * * tcp * 22\n"
         "ip filter 9 pass * *", "management-shut-out", "warn"),
    Line(SSH, "sshd service off", "no-ssh-service", "info"),
    Line(PFS, f"{PFS}\n  ipsec ike log 1 message-info key-info", "log-shows-keys", "warn"),
    Line(SSH, f"{SSH}\nipsec ike log key-info", "log-shows-keys", "warn"),
    Line(SSH, f"{SSH}\nsyslog execute command on", "log-shows-keys", "warn"),
)  # fmt: skip

WHOLE = (
    Line("  ipsec sa policy 1 1 esp aes256-cbc sha256-hmac\n", "", "half-configured", "error"),
    Line(" ipsec tunnel 1\n", "", "half-configured", "error"),
    Line("  ipsec ike remote address 1 198.51.100.14\n", "", "half-configured", "error"),
    Line(SSH, f"{SSH}\nipsec ike pre-shared-key 9 text lost", "orphan", "info", cloud=False),
    Line(SSH, f"{SSH}\nipsec auto refresh 9 off", "orphan", "info", cloud=False),
    Line(SSH, f"{SSH}\nipsec sa policy 77 9 esp aes-cbc sha-hmac", "orphan", "info", cloud=False),
    Line(SSH, f"{SSH}\nip route 172.16.9.0/24 gateway tunnel 9", "orphan", "info", cloud=False),
    Line(SSH, f"{SSH}\nip keepalive 1 icmp-echo 10 3 10.14.0.1 ipsec-refresh-down=9", "orphan",
         "info", cloud=False),
)  # fmt: skip

LINES = (*LIFE, *TERMS, *DEVICE, *WAY, *LINE, *ADMIN, *WHOLE)
