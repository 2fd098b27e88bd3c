"""The configuration the rehearsed router starts with: somebody's office, with things of its own.

All of it is foreign to a tunnel that is added later and must survive untouched: the WAN line with
its NAT and filters, an L2TP/IPsec server for remote users, a router-wide `ipsec auto refresh on`.
IKE of the L2TP server passes the NAT (UDP 500), ESP does not: its clients come over UDP 4500.
"""

from __future__ import annotations

from typing import Final

DEMO_CONFIGURATION: Final = """\
administrator password encrypted *
login user ops *
timezone +09:00
ip route default gateway 198.51.100.1
ip lan1 address 192.168.1.1/24
ip lan1 proxyarp on
ip lan2 address 198.51.100.20/24
ip lan2 secure filter in 1010 1020 1021 1030 1031 1032 1033 1040 1099
ip lan2 secure filter out 1090 1098 dynamic 1100 1101 1102 1103
ip lan2 nat descriptor 1
pp select anonymous
 description pp "remote users"
 pp bind tunnel1
 pp auth request chap-pap
 pp auth username guest1 rehearsal-only
 ppp ipcp ipaddress on
 ppp ipcp msext on
 ppp ccp type none
 ip pp remote address pool 192.168.1.201-192.168.1.210
 ip pp mtu 1258
 pp enable anonymous
tunnel select 1
 tunnel encapsulation l2tp
 ipsec tunnel 101
  ipsec sa policy 101 1 esp aes-cbc sha-hmac
  ipsec ike keepalive log 1 off
  ipsec ike keepalive use 1 off
  ipsec ike local address 1 192.168.1.1
  ipsec ike nat-traversal 1 on
  ipsec ike pre-shared-key 1 text rehearsal_l2tp_key
  ipsec ike remote address 1 any
 l2tp tunnel disconnect time off
 l2tp keepalive use on 10 3
 l2tp keepalive log on
 l2tp syslog on
 ip tunnel tcp mss limit auto
 tunnel enable 1
ip filter 1010 reject 192.168.1.0/24 * * * *
ip filter 1020 reject * * udp,tcp 135,netbios_ns-netbios_ssn *
ip filter 1021 reject * * udp,tcp 445 *
ip filter 1030 pass * 192.168.1.1 udp * 500
ip filter 1031 pass * 192.168.1.1 udp * 4500
ip filter 1032 pass * 192.168.1.1 udp * 1701
ip filter 1033 pass * 192.168.1.1 esp * *
ip filter 1040 pass * 192.168.1.0/24 icmp * *
ip filter 1090 reject * * udp,tcp * 445
ip filter 1098 pass * * * * *
ip filter 1099 reject * * * * *
ip filter dynamic 1100 * * ftp
ip filter dynamic 1101 * * www
ip filter dynamic 1102 * * tcp
ip filter dynamic 1103 * * udp
nat descriptor type 1 masquerade
nat descriptor address outer 1 primary
nat descriptor masquerade static 1 1 192.168.1.1 udp 1701
nat descriptor masquerade static 1 2 192.168.1.1 udp 500
nat descriptor masquerade static 1 3 192.168.1.1 udp 4500
ipsec auto refresh on
ipsec transport 1 101 udp 1701
dhcp service server
dhcp server rfc2131 compliant except remain-silent
dhcp scope 1 192.168.1.100-192.168.1.199/24
dns host lan1
dns server 198.51.100.53
dns private address spoof on
l2tp service on
httpd host lan1
sshd service on
sshd host lan1
sshd host key generate *
"""
