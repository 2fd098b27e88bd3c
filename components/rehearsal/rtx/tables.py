"""The configuration commands this router knows, as text: patterns (see `grammar`), one a line.

After `;` stands the section of the command reference, then what the firmware must have (`+name`)
or lack (`-name`), a name of `firmware.LACKS`.  Words of `firmware.RANGES` (TUNNEL, PEER ...) stand
for what the model takes.
"""

from __future__ import annotations

import itertools
from typing import Final

GLOBAL: Final = """
login user USER | encrypted TEXT                     ; 4.5
login user USER | PASSWORD                           ; 4.5
login timer | 120..21474836/clear                    ; 4.53
user attribute USER/* | { administrator=ADMINISTRATOR connection=TEXT gui-page=TEXT host=TEXT \
multi-session=on/off login-timer=120..21474836/clear }  ; 4.10
timezone | TEXT                                      ; 4.13
ip keepalive 1..100 | icmp-echo 1..65535 3..100 IP... { log=on/off upwait=1..1000000 \
downwait=1..1000000 length=64..1500 local-address=IP ipsec-refresh=GATEWAYS \
ipsec-refresh-up=GATEWAYS ipsec-refresh-down=GATEWAYS gateway-selection-rule=head/normal }  ; 8.5.8
ip LAN address | MASKED/dhcp                         ; 8.1.2
ip LAN secondary address | MASKED/dhcp               ; 8.1.3
ip LAN mtu | 64..1500                                ; 8.1.4
ip LAN proxyarp | on/off                             ; 8.1.13
ip LAN nat descriptor | 1..2147483647... [ reverse 1..2147483647... ]  ; 23.2
ip LAN secure filter in/out | [ 1..21474836... ] [ dynamic 1..21474836... ]  ; 8.1.25
ip LAN secure filter name | TEXT                     ; 8.1.25
ip LAN tcp mss limit | auto/off/536..1460            ; 8.1.21
ip LAN intrusion detection in/out | on/off [ OPTION... ]  ; 24.1
description INTERFACE/1..21474836 | SHORT            ; 4.56
vlan INTERFACE | 802.1q OPTION...                    ; 38
provider TEXT... |                                   ; 33
ip filter 1..21474836 | pass/pass-log/pass-nolog/reject/reject-log/reject-nolog/restrict\
/restrict-log/restrict-nolog FILTERADDR [ FILTERADDR [ PROTOCOL [ PORT [ PORT ] ] ] ]  ; 8.1.10
ip filter 1..21474836 | pass/pass-log/pass-nolog/reject/reject-log/reject-nolog/restrict\
/restrict-log/restrict-nolog FILTERNAME [ FILTERNAME [ PROTOCOL [ PORT [ PORT ] ] ] ] \
                                                     ; 8.1.10 +filter names
ip filter dynamic 1..21474836 | FILTERADDR FILTERADDR filter 1..21474836... \
[ in 1..21474836... ] [ out 1..21474836... ] { syslog=on/off timeout=1..21474836 }  ; 8.1.14
ip filter dynamic 1..21474836 | FILTERADDR FILTERADDR APPLICATION \
{ syslog=on/off timeout=1..21474836 }                ; 8.1.14
ip filter source-route | on/off                      ; 8.1.12
ip filter directed-broadcast | on/off                ; 8.1.13
ip filter set TEXT | TEXT...                         ; 8.1.11
nat descriptor type 1..2147483647 | none/nat/masquerade/nat-masquerade  ; 23.3
nat descriptor type 1..2147483647 | nat/masquerade/nat-masquerade hairpin=on/off  ; 23.3 +hairpin
nat descriptor address outer 1..2147483647 | ipcp/primary/secondary/map-e/hb46pp  ; 23.4
nat descriptor address outer 1..2147483647 | RANGE...  ; 23.4
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
sshd host | any/none/INTERFACE/RANGE...              ; 4.67
sshd host | any/none/lan/INTERFACE/RANGE...          ; 4.67 +lan hosts
sshd session | 1..8                                  ; 4.68
sshd encrypt algorithm | aes128-ctr/aes192-ctr/aes256-ctr/aes128-cbc/aes192-cbc/aes256-cbc\
/3des-cbc...                                         ; 4.71
sshd encrypt algorithm | aes128-ctr/aes192-ctr/aes256-ctr/aes128-cbc/aes192-cbc/aes256-cbc\
/3des-cbc/blowfish-cbc/cast128-cbc/arcfour...        ; 4.71 -strong ciphers only
sshd client alive | on/off [ 1..2147483647 [ 1..2147483647 ] ]  ; 4.72
sshd hide openssh version | on/off                   ; 4.73 +hide version
sshd auth method | all                               ; 4.74 +key login
sshd auth method | password/publickey [ password/publickey ]  ; 4.74 +key login
sshd authorized-keys filename USER | path=TEXT       ; 4.75 +key login
sftpd host | TEXT...                                 ; 4.78
tunnel template TUNNEL | RANGES...                 ; 15.49.6
"""

# Lines that are made by a dialogue, or by the router itself, and only read from a file.
STORED: Final = """
administrator password | [ encrypted ] TEXT          ; 4.3, 4.4
login password | [ encrypted ] TEXT                  ; 4.1, 4.2
sshd host key generate | [ bit=1024/2048 ] TEXT...   ; 4.69
"""

CONSOLE: Final = """
console character | en.ascii/ja.sjis/ja.euc/ja.utf8/ascii/sjis/euc  ; 4.21
console columns | COLUMNS                            ; 4.22
console lines | 10..100/infinity                     ; 4.23
console info | on/off                                ; 4.24
console prompt | SHORT                               ; 4.20
"""

IPSEC: Final = """
ipsec use | on/off                                   ; 15.1
ipsec auto refresh TUNNEL | on/off                   ; 15.10
ipsec auto refresh | on/off                          ; 15.10
ipsec log illegal-spi | on/off                       ; 15.26
ipsec transport 1..2147483647 | 1..2147483647 [ TEXT [ TEXT [ TEXT ] ] ]  ; 15.50
ipsec sa policy 1..2147483647 | TUNNEL esp 3des-cbc/des-cbc/aes-cbc/aes256-cbc \
[ HMAC ] { local-id=NET remote-id=NET anti-replay-check=on/off }  ; 15.48.2
ipsec sa policy 1..2147483647 | TUNNEL esp           ; 15.48.2
ipsec sa policy 1..2147483647 | TUNNEL ah [ HMAC ] \
{ local-id=NET remote-id=NET anti-replay-check=on/off }  ; 15.48.2
ipsec ike version TUNNEL | 1/2                       ; 15.2
ipsec ike auth method TUNNEL | auto/pre-shared-key/certificate/eap-md5  ; 15.3
ipsec ike pre-shared-key TUNNEL | text KEY           ; 15.5
ipsec ike pre-shared-key TUNNEL | HEX                ; 15.5
ipsec ike negotiate-strictly TUNNEL | on/off         ; 15.11
ipsec ike always-on TUNNEL | on/off                  ; 15.12
ipsec ike retry | 1..50 1..100 [ 1..5 ]              ; 15.13
ipsec ike remote name TUNNEL | TEXT [ ipv4-addr/fqdn/user-fqdn/rfc822-addr/ipv6-addr/key-id/tel\
/tel-key ]                                           ; 15.14
ipsec ike remote address TUNNEL | ADDRESSEE          ; 15.15
ipsec ike remote id TUNNEL | NET                     ; 15.16
ipsec ike local name TUNNEL | TEXT [ ipv4-addr/fqdn/user-fqdn/rfc822-addr/ipv6-addr/key-id/tel\
/tel-key ]                                           ; 15.17
ipsec ike local address TUNNEL | ipcp pp PEER        ; 15.18
ipsec ike local address TUNNEL | vrrp INTERFACE 1..255  ; 15.18
ipsec ike local address TUNNEL | IP                  ; 15.18
ipsec ike local id TUNNEL | NET                      ; 15.19
ipsec ike keepalive use TUNNEL | on/off/auto icmp-echo IP { length=64..1500 } \
[ 1..600 1..50 [ 0..1000000 ] ] { down=disconnect }  ; 15.20
ipsec ike keepalive use TUNNEL | on/off/auto [ heartbeat/dpd/rfc4306 [ 1..600 1..50 \
[ 0..1000000 ] ] ] { down=disconnect send-only-new-sa=on/off }  ; 15.20
ipsec ike keepalive log TUNNEL | on/off              ; 15.21
ipsec ike encryption TUNNEL | 3des-cbc/des-cbc/aes-cbc/aes256-cbc  ; 15.22
ipsec ike queue length | QUEUE                       ; 15.23
ipsec ike group TUNNEL | modp768/modp1024/modp1536/modp2048 [ modp768/modp1024/modp1536/modp2048 ] \
                                                     ; 15.24
ipsec ike hash TUNNEL | HASH                         ; 15.25
ipsec ike payload type TUNNEL | 1..3 [ 1..2 ]        ; 15.27
ipsec ike backward-compatibility TUNNEL | 1..2       ; 15.28
ipsec ike send info TUNNEL | on/off                  ; 15.29
ipsec ike pfs TUNNEL | on/off                        ; 15.30
ipsec ike xauth myname TUNNEL | TEXT TEXT            ; 15.31
ipsec ike xauth request TUNNEL | on/off [ TEXT ]     ; 15.33
ipsec ike mode-cfg method TUNNEL | set [ openswan ]  ; 15.39
ipsec ike mode-cfg address TUNNEL | 1..65535         ; 15.36
ipsec ike log TUNNEL | message-info/payload-info/key-info...  ; 15.42
ipsec ike log | message-info/payload-info/key-info...  ; 15.42
ipsec ike esp-encapsulation TUNNEL | on/off          ; 15.43
ipsec ike proposal-limitation TUNNEL | on/off        ; 15.44 +proposal-limitation
ipsec ike message-id-control TUNNEL | on/off         ; 15.45 +proposal-limitation
ipsec ike child-exchange type TUNNEL | 1..2          ; 15.46 +child-exchange
ipsec ike negotiation receive TUNNEL | on/off        ; 15.47 +negotiation receive
ipsec ike nat-traversal TUNNEL | on/off { keepalive=off/30..100000 force=on/off \
type=1..2 }                                          ; 15.48.5 +main mode nat-traversal
ipsec ike nat-traversal TUNNEL | on/off { keepalive=off/30..100000 force=on/off }  \
                                                     ; 15.48.5 -main mode nat-traversal
ipsec ike duration ipsec-sa/child-sa TUNNEL | 300..691200 [ KILOBYTES ] [ rekey PERCENT ] \
                                                     ; 15.48.1 -forced-reduction
ipsec ike duration isakmp-sa/ike-sa TUNNEL | 300..691200 [ rekey PERCENT/off ] \
                                                     ; 15.48.1 -forced-reduction
ipsec ike duration ipsec-sa/child-sa TUNNEL | 300..691200 [ KILOBYTES ] [ rekey PERCENT ] \
{ forced-reduction=1..691200 }                       ; 15.48.1 +forced-reduction
ipsec ike duration isakmp-sa/ike-sa TUNNEL | 300..691200 [ rekey PERCENT/off ] \
{ forced-reduction=1..691200 }                       ; 15.48.1 +forced-reduction
ipsec ike restrict-dangling-sa TUNNEL | auto/off     ; 15.48.4
"""

# 37.1: the text of a scheduled command is checked only when it runs.
SCHEDULE: Final = "\n".join(
    f"schedule at 1..65535 | {when} {where} TEXT... ; 37.1 {needs}"
    for (when, needs), where in itertools.product(
        (("TIME", ""), ("DATE TIME", ""), ("SOON", "+soon")),
        ("*", "pp PEER/anonymous", "tunnel TUNNEL", "switch TEXT"),
    )
)

TUNNEL: Final = """
description tunnel | SHORT                           ; 4.56
tunnel encapsulation | ipsec/ipip/pptp/l2tp/l2tpv3/l2tpv3-raw/ipudp/map-e/hb46pp  ; 14.4
tunnel type | point-to-point                         ; 14.3
tunnel type | multipoint [ client ]                  ; 14.3 +multipoint
tunnel type | multipoint server                      ; 14.3 +multipoint server
tunnel multipoint TEXT... |                          ; 14.11 +multipoint
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
ip tunnel secure filter in/out | [ 1..21474836... ] [ dynamic 1..21474836... ]  ; 8.1.25
"""

PP: Final = """
description pp | SHORT                               ; 4.56
pp always-on | on/off [ 60..21474836 ]               ; 6.2.1
pp bind | TEXT...                                    ; 5.2
pp name | TEXT                                       ; 33.5
pp keepalive interval | 1..65535 [ 3..100 ] { retry-interval=1..65535 count=3..100 time=TEXT } \
                                                     ; 8.2.3
pp keepalive use | lcp-echo/off                      ; 8.2.4
pp keepalive use | [ lcp-echo ] icmp-echo IP [ TEXT... ]  ; 8.2.4
pp keepalive log | on/off                            ; 8.2.5
pp backup | TEXT...                                  ; 8.5.1
pp auth username TEXT | TEXT [ TEXT... ]             ; 11.1
pp auth accept | pap/chap/mschap/mschap-v2...        ; 11.2
pp auth request | pap/chap/chap-pap/mschap/mschap-v2... [ arrive-only ]  ; 11.3
pp auth myname | NAME NAME                           ; 11.4
pp auth multi connect prohibit | on/off              ; 11.5
ppp lcp acfc | on/off                                ; 11.6.1
ppp lcp magicnumber | on/off                         ; 11.6.2
ppp lcp mru | on/off [ 1280..1792 ]                  ; 11.6.3
ppp lcp pfc | on/off                                 ; 11.6.4
ppp lcp restart | 20..10000                          ; 11.6.5
ppp lcp silent | on/off                              ; 11.6.9
ppp ipcp vjc | on/off                                ; 11.9.1
ppp ipcp ipaddress | on/off                          ; 11.9.2
ppp ipcp msext | on/off                              ; 11.9.8
ppp ccp type | none/stac/cstac/mppe-40/mppe-128/mppe-any  ; 11.11.1
ppp ccp type | no-encryption                         ; 11.11.1
ppp ipv6cp use | on/off                              ; 11.12.1
pppoe use | INTERFACE                                ; 11.16.1
pppoe access concentrator | TEXT                     ; 11.16.2
pppoe auto connect | on/off                          ; 11.16.3
pppoe auto disconnect | on/off                       ; 11.16.4
pppoe padi maxretry | 1..10                          ; 11.16.5
pppoe padi restart | 20..10000                       ; 11.16.6
pppoe disconnect time | 1..21474836/off              ; 11.16.9
pppoe service-name | TEXT                            ; 11.16.10
pppoe tcp mss limit | auto/off/1240..1452            ; 11.16.11
pppoe invalid-session forced close | on/off          ; 11.16.12
ip pp address | NET                                  ; 8.2.1
ip pp remote address | IP/dhcpc                      ; 8.2.1
ip pp remote address pool | dhcp/dhcpc               ; 8.2.2
ip pp remote address pool | RANGE...                 ; 8.2.2
ip pp mtu | 64..1500                                 ; 8.1.4
ip pp tcp mss limit | auto/off/536..1460             ; 8.1.21
ip pp nat descriptor | 1..2147483647...              ; 23.2
ip pp secure filter in/out | [ 1..21474836... ] [ dynamic 1..21474836... ]  ; 8.1.25
ip pp intrusion detection in/out | on/off [ OPTION... ]  ; 24.1
"""

ENABLE: Final = """
tunnel enable | TUNNEL                               ; 14.1 -tunnel lists
tunnel enable | TUNNEL/RANGES/all...                 ; 14.1 +tunnel lists
pp enable | PEER/anonymous                           ; 56.7.1 -pp lists
pp enable | PEER/anonymous/RANGES/all...             ; 56.7.1 +pp lists
"""
DISABLE: Final = ENABLE.replace("enable", "disable")

# 8.1.7; a row of its own for each kind of gateway, several of which may follow each other.
_GATEWAYS: Final = ("tunnel TUNNEL", "pp PEER/anonymous", "dhcp INTERFACE", "null/LOOPBACK", "IP")
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
