"""The configuration commands this router knows, as tables of patterns (see `grammar`).

The number after `;` is the section of the command reference.  Rows of one command that differ by
firmware carry `since` or `until`.  Lines that a configuration holds and no row describes are kept
as they are; typed, they are an invalid command name.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from .grammar import Pattern, Refusal, Word, same_network, split

Revision = tuple[int, ...]
Scope = Literal["", "tunnel", "pp"]
Kind = Literal["line", "enable", "disable", "action"]


@dataclass(frozen=True)
class Command:
    """One row: where the command may be typed, by whom, and what it does.

    `scope` is the kind of block that must be selected ("" = anywhere).  A `line` becomes part of
    the configuration; `enable` writes one line for each number given and `disable` takes those
    lines away; what an `action` does stands in `actions` and `shows`, and it has a `no` form only
    if it is `negatable`.
    """

    pattern: Pattern
    scope: Scope = ""
    kind: Kind = "line"
    administrator: bool = True
    negatable: bool = False
    since: Revision = (0,)
    until: Revision = (999,)


GLOBAL: Final = """
login user USER | encrypted TEXT                     ; 4.5
login user USER | PASSWORD                           ; 4.5
login timer | 120..21474836/clear                    ; 4.53
user attribute USER/* | OPTION...                    ; 4.6
timezone | TEXT                                      ; 4.13
ip keepalive 1..100 | icmp-echo 1..65535 3..100 IP... { log=on/off upwait=1..1000000 \
downwait=1..1000000 length=64..1500 local-address=IP ipsec-refresh=TEXT ipsec-refresh-up=TEXT \
ipsec-refresh-down=TEXT gateway-selection-rule=head/normal }  ; 8.5.8
ip LAN address | MASKED/dhcp                         ; 8.1.2
ip LAN secondary address | MASKED/dhcp               ; 8.1.3
ip LAN mtu | 64..1500                                ; 8.1.4
ip LAN proxyarp | on/off                             ; 8.1.13
ip LAN nat descriptor | 1..2147483647... [ reverse 1..2147483647... ]  ; 23.2
ip LAN secure filter in/out | 1..21474836... [ dynamic 1..21474836... ]  ; 8.1.25
ip LAN tcp mss limit | auto/off/536..1460            ; 8.1.21
ip LAN intrusion detection in/out | on/off [ OPTION... ]  ; 24.1
description INTERFACE/1..21474836 | SHORT            ; 4.56
vlan INTERFACE | 802.1q OPTION...                    ; 38
provider TEXT... |                                   ; 33
ip filter 1..21474836 | pass/pass-log/pass-nolog/reject/reject-log/reject-nolog/restrict\
/restrict-log/restrict-nolog FILTERADDR [ FILTERADDR [ PROTOCOL [ PORT [ PORT ] ] ] ]  ; 8.1.10
ip filter dynamic 1..21474836 | FILTERADDR FILTERADDR TEXT...  ; 8.1.12
ip filter set TEXT | TEXT...                         ; 8.1.11
nat descriptor type 1..2147483647 | none/nat/masquerade/nat-masquerade  ; 23.1
nat descriptor address outer 1..2147483647 | ipcp/primary/secondary/map-e/RANGE  ; 23.4
nat descriptor address inner 1..2147483647 | auto/RANGE...  ; 23.5
nat descriptor static 1..2147483647 1..2147483647 | TEXT...  ; 23.6
nat descriptor masquerade static 1..2147483647 1..2147483647 | IP tcp/udp NATPORT  ; 23.8
nat descriptor masquerade static 1..2147483647 1..2147483647 | IP esp/ah/gre/icmp/0..255  ; 23.8
nat descriptor masquerade incoming 1..2147483647 | reject/through/discard  ; 23.10
nat descriptor masquerade incoming 1..2147483647 | forward IP  ; 23.10
nat descriptor timer 1..2147483647 | TEXT...         ; 23.14
nat descriptor log | on/off                          ; 23.15
dhcp service | server/relay                          ; 12.1
dhcp server rfc2131 compliant | TEXT...              ; 12.2
dhcp scope 1..65535 | TEXT...                        ; 12.4
dhcp scope bind 1..65535 IP | TEXT...                ; 12.5
dhcp scope option 1..65535 | TEXT...                 ; 12.9
dhcp client release linkdown | on/off                ; 12.24
dns service | recursive/off/fallback                 ; 27.1
dns host | TEXT...                                   ; 27.13
dns server | dhcp INTERFACE                          ; 27.4
dns server | IP... [ edns=on/off ]                   ; 27.2
dns server pp | TEXT                                 ; 27.5
dns server select 1..65535 | TEXT...                 ; 27.9
dns private address spoof | on/off                   ; 27.7
dns domain | TEXT                                    ; 27.3
dns static TEXT... |                                 ; 27.10
l2tp service | on/off [ l2tp/l2tpv3... ]             ; 17.1
pptp service | on/off                                ; 16.1
syslog host | IP...                                  ; 4.30
syslog facility | TEXT                               ; 4.31
syslog notice | on/off                               ; 4.32
syslog info | on/off                                 ; 4.33
syslog debug | on/off                                ; 4.34
syslog local address | IP                            ; 4.35
syslog execute command | on/off                      ; 4.36
telnetd service | on/off                             ; 4.60
telnetd host | TEXT...                               ; 4.62
tftp host | TEXT...                                  ; 4.57
httpd service | on/off                               ; 33.1
httpd host | TEXT...                                 ; 33.2
lua use | on/off                                     ; 46.1
snmp TEXT... |                                       ; 21
sshd service | on/off                                ; 4.65
sshd listen port | 1..65535                          ; 4.66
sshd host | any/none/lan/INTERFACE/RANGE...          ; 4.67
sshd session | 1..8                                  ; 4.68
sshd encrypt algorithm | aes128-ctr/aes192-ctr/aes256-ctr/aes128-cbc/aes192-cbc/aes256-cbc\
/3des-cbc...                                         ; 4.71
sshd client alive | on/off [ 1..2147483647 [ 1..2147483647 ] ]  ; 4.72
sshd hide openssh version | on/off                   ; 4.73
sshd auth method | all/password/publickey            ; 4.74
sftpd host | TEXT...                                 ; 4.78
tunnel template 1..100 | RANGES...                   ; 15.49.6
"""

# Lines that are made by a dialogue, or by the router itself, and only read from a file.
STORED: Final = """
administrator password | [ encrypted ] TEXT          ; 4.3, 4.4
login password | [ encrypted ] TEXT                  ; 4.1, 4.2
sshd host key generate | TEXT...                     ; 4.69
"""

CONSOLE: Final = """
console character | en.ascii/ja.sjis/ja.euc/ja.utf8/ascii/sjis/euc  ; 4.21
console columns | 80..4096                           ; 4.22
console lines | 10..100/infinity                     ; 4.23
console info | on/off                                ; 4.24
console prompt | SHORT                               ; 4.20
"""

IPSEC: Final = """
ipsec use | on/off                                   ; 15.1
ipsec auto refresh 1..100 | on/off                   ; 15.10
ipsec auto refresh | on/off                          ; 15.10
ipsec log illegal-spi | on/off                       ; 15.26
ipsec transport 1..2147483647 | 1..2147483647 [ TEXT [ TEXT [ TEXT ] ] ]  ; 15.50
ipsec sa policy 1..2147483647 | 1..100 esp 3des-cbc/des-cbc/aes-cbc/aes256-cbc \
[ md5-hmac/sha-hmac/sha256-hmac ] { local-id=NET remote-id=NET anti-replay-check=on/off }  ; 15.48.2
ipsec sa policy 1..2147483647 | 1..100 esp           ; 15.48.2
ipsec sa policy 1..2147483647 | 1..100 ah [ md5-hmac/sha-hmac/sha256-hmac ] \
{ local-id=NET remote-id=NET anti-replay-check=on/off }  ; 15.48.2
ipsec ike version 1..100 | 1/2                       ; 15.2
ipsec ike auth method 1..100 | auto/pre-shared-key/certificate/eap-md5  ; 15.3
ipsec ike pre-shared-key 1..100 | text KEY           ; 15.5
ipsec ike pre-shared-key 1..100 | HEX                ; 15.5
ipsec ike negotiate-strictly 1..100 | on/off         ; 15.11
ipsec ike always-on 1..100 | on/off                  ; 15.12
ipsec ike retry | 1..50 1..100 [ 1..5 ]              ; 15.13
ipsec ike remote name 1..100 | TEXT [ ipv4-addr/fqdn/user-fqdn/rfc822-addr/ipv6-addr/key-id/tel\
/tel-key ]                                           ; 15.14
ipsec ike remote address 1..100 | ADDRESSEE          ; 15.15
ipsec ike remote id 1..100 | NET                     ; 15.16
ipsec ike local name 1..100 | TEXT [ ipv4-addr/fqdn/user-fqdn/rfc822-addr/ipv6-addr/key-id/tel\
/tel-key ]                                           ; 15.17
ipsec ike local address 1..100 | ipcp pp 1..100      ; 15.18
ipsec ike local address 1..100 | vrrp INTERFACE 1..255  ; 15.18
ipsec ike local address 1..100 | IP                  ; 15.18
ipsec ike local id 1..100 | NET                      ; 15.19
ipsec ike keepalive use 1..100 | on/off/auto icmp-echo IP { length=64..1500 } \
[ 1..600 1..50 [ 0..1000000 ] ] { down=disconnect }  ; 15.20
ipsec ike keepalive use 1..100 | on/off/auto [ heartbeat/dpd/rfc4306 [ 1..600 1..50 \
[ 0..1000000 ] ] ] { down=disconnect send-only-new-sa=on/off }  ; 15.20
ipsec ike keepalive log 1..100 | on/off              ; 15.21
ipsec ike encryption 1..100 | 3des-cbc/des-cbc/aes-cbc/aes256-cbc  ; 15.22
ipsec ike queue length | 100..200                    ; 15.23
ipsec ike group 1..100 | modp768/modp1024/modp1536/modp2048 [ modp768/modp1024/modp1536/modp2048 ] \
                                                     ; 15.24
ipsec ike hash 1..100 | md5/sha/sha256               ; 15.25
ipsec ike payload type 1..100 | 1..3 [ 1..2 ]        ; 15.27
ipsec ike backward-compatibility 1..100 | 1..2       ; 15.28
ipsec ike send info 1..100 | on/off                  ; 15.29
ipsec ike pfs 1..100 | on/off                        ; 15.30
ipsec ike xauth myname 1..100 | TEXT TEXT            ; 15.31
ipsec ike xauth request 1..100 | on/off [ TEXT ]     ; 15.33
ipsec ike mode-cfg method 1..100 | set [ openswan ]  ; 15.39
ipsec ike mode-cfg address 1..100 | 1..65535         ; 15.36
ipsec ike log 1..100 | message-info/payload-info/key-info...  ; 15.42
ipsec ike log | message-info/payload-info/key-info...  ; 15.42
ipsec ike esp-encapsulation 1..100 | on/off          ; 15.43
ipsec ike proposal-limitation 1..100 | on/off        ; 15.44
ipsec ike message-id-control 1..100 | on/off         ; 15.45
ipsec ike child-exchange type 1..100 | 1..2          ; 15.46
ipsec ike negotiation receive 1..100 | on/off        ; 15.47
ipsec ike nat-traversal 1..100 | on/off { keepalive=off/30..100000 force=on/off \
type=1..2 }                                          ; 15.48.5
ipsec ike restrict-dangling-sa 1..100 | auto/off     ; 15.48.4
"""

# 15.48.1: a byte lifetime may be left out up to 15.04.04; `off` and forced-reduction came after it.
DURATION_OLD: Final = """
ipsec ike duration ipsec-sa/child-sa 1..100 | 300..691200 [ 100..100000 ] [ rekey PERCENT ]
ipsec ike duration isakmp-sa/ike-sa 1..100 | 300..691200 [ rekey PERCENT/off ]
"""
DURATION_NEW: Final = """
ipsec ike duration ipsec-sa/child-sa 1..100 | 300..691200 [ 100..2147483647/off ] \
[ rekey PERCENT ] { forced-reduction=1..691200 }
ipsec ike duration isakmp-sa/ike-sa 1..100 | 300..691200 [ rekey PERCENT/off ] \
{ forced-reduction=1..691200 }
"""

# 37.1: the text of a scheduled command is checked only when it runs.
SCHEDULE: Final = "\n".join(
    f"schedule at 1..65535 | {when} {where} TEXT..."
    for when, where in itertools.product(
        ("TIME", "DATE TIME"), ("*", "pp 1..100/anonymous", "tunnel 1..100", "switch TEXT")
    )
)
SCHEDULE_SOON: Final = "\n".join(
    f"schedule at 1..65535 | SOON {where} TEXT..."
    for where in ("*", "pp 1..100/anonymous", "tunnel 1..100", "switch TEXT")
)

TUNNEL: Final = """
description tunnel | SHORT                           ; 4.56
tunnel encapsulation | ipsec/ipip/pptp/l2tp/l2tpv3/l2tpv3-raw/ipudp/map-e/hb46pp  ; 14.4
tunnel type | point-to-point                         ; 14.3
tunnel type | multipoint [ server/client ]           ; 14.3
tunnel multipoint TEXT... |                          ; 14
tunnel endpoint TEXT... |                            ; 14
tunnel name | SHORT                                  ; 33.5
tunnel backup | TEXT...                              ; 15.49.5
ipsec tunnel | 1..2147483647                         ; 15.49.3
ipsec tunnel outer df-bit | copy/set/clear           ; 15.49.1
ipsec tunnel fastpath-fragment-function follow df-bit | on/off  ; 15.49.2
ipsec ipcomp type | deflate/none                     ; 15.49.4
l2tp tunnel auth | on/off [ TEXT ]                   ; 17.3
l2tp tunnel disconnect time | 1..21474836/off        ; 17.4
l2tp keepalive use | on/off [ 1..600 1..50 ]         ; 17.5
l2tp keepalive log | on/off                          ; 17.6
l2tp syslog | on/off                                 ; 17.7
l2tp always-on | on/off                              ; 17.9
ip tunnel address | NET                              ; 14.5
ip tunnel remote address | IP                        ; 14.6
ip tunnel mtu | 64..1500                             ; 8.1.4
ip tunnel tcp mss limit | auto/off/536..1460         ; 8.1.21
ip tunnel nat descriptor | 1..2147483647...          ; 23.2
ip tunnel secure filter in/out | 1..21474836... [ dynamic 1..21474836... ]  ; 8.1.25
"""

PP: Final = """
description pp | SHORT                               ; 4.56
pp always-on | on/off [ 60..21474836 ]               ; 6.2.1
pp bind | TEXT...                                    ; 5.2
pp auth accept | pap/chap/mschap/mschap-v2...        ; 11.3
pp auth request | pap/chap/chap-pap/mschap/mschap-v2... [ arrive-only ]  ; 11.2
pp auth myname | TEXT TEXT                           ; 11.4
pp auth username TEXT | TEXT [ TEXT... ]             ; 11.1
pppoe use | INTERFACE                                ; 10.1
pppoe auto connect | on/off                          ; 10.4
pppoe auto disconnect | on/off                       ; 10.5
pppoe access concentrator | TEXT                     ; 10.2
ppp lcp mru | on/off [ 1280..1792 ]                  ; 11.5
ppp ipcp ipaddress | on/off                          ; 11.7
ppp ipcp msext | on/off                              ; 11.7
ppp ccp type | none/stac/cstac/mppe-40/mppe-128/mppe-any  ; 11.8
ip pp address | NET                                  ; 8.2.1
ip pp remote address | IP/dhcp                       ; 8.2.2
ip pp remote address pool | dhcp                     ; 8.2.3
ip pp remote address pool | RANGE...                 ; 8.2.3
ip pp mtu | 64..1500                                 ; 8.1.4
ip pp tcp mss limit | auto/off/536..1460             ; 8.1.21
ip pp nat descriptor | 1..2147483647...              ; 23.2
ip pp secure filter in/out | 1..21474836... [ dynamic 1..21474836... ]  ; 8.1.25
ip pp intrusion detection in/out | on/off [ OPTION... ]  ; 24.1
"""

# 14.1, 14.2, 6.1: lists and ranges of numbers, or all of them.
ENABLE: Final = """
tunnel enable | 1..100/RANGES/all...
pp enable | 1..100/anonymous/RANGES/all...
"""
DISABLE: Final = ENABLE.replace("enable", "disable")

# 8.1.7; a row of its own for each kind of gateway, several of which may follow each other.
_GATEWAYS: Final = ("tunnel 1..100", "pp 1..100/anonymous", "dhcp INTERFACE", "null", "IP")
_ROUTE_OPTIONS: Final = (
    "[ metric 1..15 ] [ hide ] [ weight 0..2147483647 ] [ keepalive 1..100 ] "
    "[ filter 1..21474836... ]"
)
ROUTES: Final = "\n".join(
    [f"ip route default/NET | gateway {g} {_ROUTE_OPTIONS}" for g in _GATEWAYS]
    + [
        f"ip route default/NET | gateway {a} {_ROUTE_OPTIONS} gateway {b} {_ROUTE_OPTIONS}"
        for a, b in itertools.product(_GATEWAYS, repeat=2)
    ]
)

LAST_WITHOUT_VOLUME: Final[Revision] = (15, 4, 4)
LAST_WITHOUT_SOON: Final[Revision] = (15, 4, 3)


def rows(table: str, **columns: object) -> Iterator[Command]:
    """The commands of one table."""
    for line in table.strip().splitlines():
        yield Command(Pattern(line.partition(";")[0].strip()), **columns)  # type: ignore[arg-type]


def _after(revision: Revision) -> Revision:
    return (*revision[:-1], revision[-1] + 1)


CONFIGURATION: Final[tuple[Command, ...]] = (
    *rows(ROUTES),
    *rows(GLOBAL),
    *rows(CONSOLE, administrator=False),  # that any user may type them is unverified
    *rows(IPSEC),
    *rows(DURATION_OLD, until=LAST_WITHOUT_VOLUME),
    *rows(DURATION_NEW, since=_after(LAST_WITHOUT_VOLUME)),
    *rows(SCHEDULE),
    *rows(SCHEDULE_SOON, since=_after(LAST_WITHOUT_SOON)),
    *rows(TUNNEL, scope="tunnel"),
    *rows(PP, scope="pp"),
    *rows(ENABLE, kind="enable"),
    *rows(DISABLE, kind="disable"),
)
FILE: Final = (*rows(STORED), *CONFIGURATION)


class Found(NamedTuple):
    """The row that a line belongs to, and its words as the router writes them.

    `refusal` says what is wrong with the words, if anything is.
    """

    row: Command
    identity: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    refusal: Refusal | None = None

    @property
    def key(self) -> str:
        """What a line has in common with the one it replaces."""
        words = [ALIASES.get(word, word) for word in self.identity]
        if words[:2] == ["ip", "route"]:
            words[2] = same_network(words[2])
        return " ".join(words)

    @property
    def text(self) -> str:
        """The line as `show config` prints it."""
        return " ".join((*self.identity, *self.values))


# Two names of one thing (15.48.1); the line keeps the name that was typed.
ALIASES: Final = {"child-sa": "ipsec-sa", "ike-sa": "isakmp-sa"}

# Where several rows fail at the same word, the most telling complaint is made (unverified).
_TELLING: Final = ("address", "range", "keyword", "integer", "count", "command")


def lookup(
    words: Sequence[Word], table: Iterable[Command], revision: Revision, *, negated: bool = False
) -> Found:
    """The row for a line (for `negated`: the words after `no`); raises `Refusal` if none fits."""
    failures: list[tuple[int, int, Found]] = []
    for row in table:
        if not (row.since <= revision <= row.until and row.pattern.begins(words)):
            continue
        try:
            if negated and row.kind != "enable":
                return Found(row, row.pattern.match_identity(words))
            return Found(row, *row.pattern.match(words))
        except Refusal as refusal:
            failure = Found(row, refusal=refusal)
            failures.append((-refusal.position, _TELLING.index(refusal.code), failure))
    if not failures:
        raise Refusal("command")
    return min(failures, key=lambda failure: failure[:2])[2]


def line(text: str, revision: Revision) -> Found | None:
    """The row of a configuration line that was typed before or read from a file, if it has one."""
    try:
        found = lookup(split(text), FILE, revision)
    except Refusal:
        return None
    return None if found.refusal else found
