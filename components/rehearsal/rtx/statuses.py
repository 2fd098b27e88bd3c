"""`show status tunnel`, `show status pp`, `show ipsec sa` (Japanese marked where assumed)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from .commands import Action, Found
from .dialogue import Job
from .gateways import connected, ipcp
from .grammar import Refusal
from .office import OfficeGateway, OfficeSa

if TYPE_CHECKING:
    from .console import Console
    from .device import Router

_PROVIDER: Final = IPv4Address("203.0.113.1")
_STAMP: Final = "%Y/%m/%d %H:%M:%S"


def _sas(console: Console) -> list[OfficeSa]:
    link = console.router.office_link
    return sorted(link.sas(), key=lambda sa: sa.id) if link else []


def _known(address: IPv4Address | None) -> str:
    return "-" if address is None else str(address)


def _counts(sas: list[OfficeSa]) -> tuple[int, int, int]:
    kinds = [sa.direction or "isakmp" for sa in sas]
    return kinds.count("isakmp"), kinds.count("send"), kinds.count("recv")


def _ipsec_sa(console: Console, _: Found) -> Job:
    sas = _sas(console)
    yield "Total: isakmp:{} send:{} recv:{}".format(*_counts(sas))
    yield ""
    yield "sa    sgw isakmp connection    dir  life[s] remote-id"
    yield "-" * 76
    for sa in sas:
        connection = "isakmp" if sa.kind == "isakmp" else f"tun[{sa.tunnel or 0:04}]esp"
        isakmp = "-" if sa.isakmp is None else str(sa.isakmp)
        yield (
            f"{sa.id:<5} {sa.gateway:<3} {isakmp:<6} {connection:13} {sa.direction or '-':4} "
            f"{sa.life:<7} {sa.remote}"
        )
    yield ""


_ALGORITHMS: Final = {
    "3des-cbc": "3DES-CBC", "des-cbc": "DES-CBC", "aes-cbc": "AES-CBC", "aes256-cbc": "AES256-CBC",
    "md5": "MD5", "sha": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384",
    "sha512": "SHA-512", "md5-hmac": "HMAC-MD5",
    "sha-hmac": "HMAC-SHA", "sha256-hmac": "HMAC-SHA256",
    "sha384-hmac": "HMAC-SHA384", "sha512-hmac": "HMAC-SHA512", "": "none",
}  # fmt: skip


def _ipsec_gateway(console: Console, found: Found) -> Job:
    """`show ipsec sa gateway [GW] [detail]`; K stands for keepalive (an inference)."""
    numbers = [int(word) for word in found.values if word.isdigit()]
    gateways = [
        each
        for each in console.router.gateways()
        if each.policy is not None and (not numbers or each.gateway in numbers)
    ]
    sas = {each.gateway: [s for s in _sas(console) if s.gateway == each.gateway]
           for each in gateways}  # fmt: skip
    yield "sgw  flags local-id                      remote-id        # of sa"
    yield "-" * 74
    for each in gateways:
        flags = f"{'U' if sas[each.gateway] else ' '} {'K' if each.dpd else ' '}"
        counts = "i:{} s:{} r:{}".format(*_counts(sas[each.gateway]))
        yield (
            f"{each.gateway:<4} {flags:5} {_known(each.local_address):29} "
            f"{_known(each.remote_address):16} {counts}"
        )
    if "detail" in found.values:
        for each in gateways:
            for place, sa in enumerate(sas[each.gateway], start=1):
                counts_them = console.router.behaviour.sa_detail_counts
                yield from _sa_detail(each, sa, place if counts_them else sa.id)


def _sa_detail(gateway: OfficeGateway, sa: OfficeSa, number: int) -> Iterator[str]:
    yield f"SA[{number}] Duration: {sa.life}s"
    yield f"Local ID: {gateway.local_address}"
    yield f"Remote ID: {sa.remote}"
    if sa.kind == "isakmp":
        yield "Protocol: IKE"
        names = (_ALGORITHMS[gateway.ike_encryption], _ALGORITHMS[gateway.ike_hash])
        yield f"Algorithm: {names[0]}, {names[1]}, MODP {gateway.ike_group.removeprefix('modp')}bit"
    else:
        yield f"Direction: {'receive' if sa.direction == 'recv' else 'send'}"
        yield "Protocol: ESP (Mode: tunnel)"
        names = (_ALGORITHMS[gateway.esp_encryption], _ALGORITHMS[gateway.esp_hash])
        yield f"Algorithm: {names[0]} (for Auth.: {names[1]})"
    yield f"SPI: {sa.spi.hex(' ')}"
    yield "Key: ** ** ** ** **  (confidential)   ** ** ** ** **"
    yield "-" * 52


_TUNNEL: Final = {
    # English after samples; the Japanese line for a tunnel that is down is unverified.
    "name": ("Description: {}", "説明: {}"),
    "type": ("  Interface type: {}", "  インタフェースの種類: {}"),
    "up": ("  Current status is Online.", "  トンネルインタフェースは接続されています"),
    "down": ("  Current status is Offline.", "  トンネルインタフェースは接続されていません"),
    "from": ("  from {}.", "  開始: {}"),
    "time": (
        "  {} hours {} minutes {} seconds  connection.",
        "  通信時間: {}時間{}分{}秒",
    ),
    "in": (
        "  Received:    (IPv4) {} packets [{} octets]",
        "  受信: (IPv4) {} パケット [{} オクテット]",
    ),
    "out": (
        "  Transmitted: (IPv4) {} packets [{} octets]",
        "  送信: (IPv4) {} パケット [{} オクテット]",
    ),
    "keepalive": ("  IKE keepalive:", "  IKEキープアライブ:"),
    "kind": ("         [Type]: {}", "     [タイプ]: {}"),
    "state": ("       [Status]: {}", "       [状態]: {}"),
}  # fmt: skip


def _status_tunnel(console: Console, found: Found) -> Job:
    """Online says only that SAs stand on this side."""
    router, number = console.router, int(found.values[0])
    link, running, context = router.office_link, router.running(), f"tunnel {number}"

    def say(name: str, *values: object) -> str:
        return _TUNNEL[name][console.language].format(*values)

    online = link is not None and link.tunnel_online(number)
    description = running.value("description tunnel", context) or ("",)
    kind = running.value("tunnel encapsulation", context) or ("ipsec",)
    yield f"TUNNEL[{number}]: "
    yield say("name", description[0])
    yield say("type", {"ipsec": "IPsec", "l2tp": "L2TP"}.get(kind[0], kind[0].upper()))
    yield say("up" if online else "down")
    gateway = next((each for each in router.gateways() if each.tunnel == number), None)
    if online and gateway is not None and link is not None:
        began = _began(router, gateway, [sa for sa in _sas(console) if sa.tunnel == number])
        up = int((router.date() - began).total_seconds())
        yield say("from", f"{began:{_STAMP}}")
        yield say("time", up // 3600, up // 60 % 60, up % 60)
        received, sent = router.counters(number)
        yield say("in", *received)
        yield say("out", *sent)
        if gateway.dpd is not None:
            yield say("keepalive")
            yield say("kind", "dpd")
            yield say("state", "OK" if link.keepalive_ok(gateway.gateway) else "NG")


def _began(router: Router, gateway: OfficeGateway, sas: list[OfficeSa]) -> datetime:
    """When the oldest SA of the tunnel was made."""
    age = max((gateway.esp_lifetime - sa.life for sa in sas), default=0)
    return router.date(router.clock.now() - max(age, 0))


_PP: Final = {
    # Japanese after a sample; English, and what is said when it is down, is unverified.
    "name": ("Description: {}", "説明: {}"),
    "up": ("PPPoE session is connected", "PPPoEセッションは接続されています"),
    "down": ("PPPoE session is disconnected", "PPPoEセッションは接続されていません"),
    "peer": ("Access Concentrator: {}", "接続相手: {}"),
    "time": ("{} minutes {} seconds  connection", "通信時間: {}分{}秒"),
    "in": ("Received: {} packets [{} octets]  Load: 0.0%",
           "受信: {} パケット [{} オクテット]  負荷: 0.0%"),
    "out": ("Transmitted: {} packets [{} octets]  Load: 0.0%",
            "送信: {} パケット [{} オクテット]  負荷: 0.0%"),
    "options": ("PPP Options", "PPPオプション"),
}  # fmt: skip


def _status_pp(console: Console, found: Found) -> Job:
    """A PPPoE session stands as soon as its lines are there: every name and password is taken."""
    router, running = console.router, console.router.running()
    chosen, _, number = (f"pp {found.values[0]}" if found.values else console.context).partition(
        " "
    )
    if chosen != "pp":
        raise Refusal("context")

    def say(name: str, *values: object) -> str:
        return _PP[name][console.language].format(*values)

    yield f"PP[{number:>02}]:"
    yield say("name", (running.value("description pp", f"pp {number}") or ("",))[0])
    if not connected(running, number):
        yield say("down")
        return
    up = int(router.clock.now() - router.booted_at)
    yield say("up")
    yield say("peer", "bas1")
    yield say("time", up // 60, up % 60)
    yield say("in", 0, 0)
    yield say("out", 0, 0)
    yield say("options")
    yield "    LCP Local: Magic-Number MRU, Remote: CHAP Magic-Number MRU"
    if address := ipcp(running, number, router.given):
        yield "    IPCP Local: IP-Address, Remote: IP-Address"
        yield f"    PP IP Address Local: {address}, Remote: {_PROVIDER}"
    yield "    CCP: None"


STATUSES: Final = (
    Action("show status tunnel | TUNNEL                    ; 58.41", _status_tunnel, False),
    Action("show status pp | [ PEER/anonymous ]            ; 58", _status_pp, False),
    Action("show ipsec sa |                                ; 58", _ipsec_sa, False),
    Action("show ipsec sa gateway | [ TUNNEL ] [ detail ]  ; 58", _ipsec_gateway, False),
)
