"""What the `show` commands print (shapes after samples; Japanese marked where it is assumed)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Final

from .actions import Handler
from .commands import Command, Found
from .configuration import difference
from .dialogue import Job
from .gateways import interfaces, routes
from .grammar import Pattern
from .office import OfficeGateway, OfficeSa

if TYPE_CHECKING:
    from .console import Console
    from .device import Router

_BUILT: Final = "Thu Nov 18 10:11:12 2021"
_MACS: Final = ("00:00:5e:00:53:f0", "00:00:5e:00:53:f1", "00:00:5e:00:53:f2")
_STAMP: Final = "%Y/%m/%d %H:%M:%S"


def _identity(router: Router) -> str:
    return f"{router.model} ver=00 serial=X0X000000 " + " ".join(
        f"MAC-Address={mac}" for mac in _MACS
    )


def banner(router: Router) -> list[str]:
    """What the terminal shows first after the login."""
    return [
        f"{router.model} Rev.{router.revision_name} ({_BUILT})",
        "  Copyright (c) 1994-2021 Yamaha Corporation. All Rights Reserved.",
        "  To display the software copyright statement, use 'show copyright' command.",
        f"  {', '.join(_MACS)}",
        "  Memory 256Mbytes, 3LAN",
    ]


# --- configuration --------------------------------------------------------------------------------


def _head(router: Router) -> list[str]:
    date = router.date()
    return [
        f"# {router.model} Rev.{router.revision_name} ({_BUILT})",
        f"# MAC Address : {', '.join(_MACS)}",
        "# Memory 256Mbytes, 3LAN",
        f"# main:  {_identity(router)}",
        f"# Reporting Date: {date:%b} {date.day} {date:%H:%M:%S %Y}",
    ]


def _config(console: Console, _: Found) -> Job:
    yield from _head(console.router)
    yield from console.router.running().lines()


def _config_block(console: Console, found: Found) -> Job:
    """`show config tunnel [N]`, `show config pp [N]`."""
    kind, running = found.identity[2], console.router.running()
    yield from _head(console.router)
    for number in found.values or running.contexts(kind):
        yield from running.block(f"{kind} {number}")


def _config_difference(console: Console, _: Found) -> Job:
    yield from difference(console.router.running(), console.router.saved())


# --- state of the router --------------------------------------------------------------------------

_ENVIRONMENT: Final = (
    # English after a sample; Japanese assumed but for the name of the default file.
    (
        "CPU:   0%(5sec)   1%(1min)   1%(5min)    Memory: 16% used",
        "CPU:   0%(5sec)   1%(1min)   1%(5min)    メモリ: 16% used",
    ),
    (
        "Packet-buffer:   0%(small)   0%(middle)   7%(large)   0%(huge) used",
        "パケットバッファ:   0%(small)   0%(middle)   7%(large)   0%(huge) used",
    ),
    (
        "Firmware: exec0  Config. file: config0",
        "実行中ファームウェア: exec0  実行中設定ファイル: config0",
    ),
    (
        "Default firmware: exec0  Default config. file: config0",
        "デフォルトファームウェア: exec0  デフォルト設定ファイル: config0",
    ),
    ("Serial Baudrate: 9600", "シリアルボーレート: 9600"),
    ("Boot time: {boot} +09:00", "起動時刻: {boot} +09:00"),
    ("Current time: {now} +09:00", "現在の時刻: {now} +09:00"),
    (
        "Elapsed time from boot: {days}days {clock}",
        "起動からの経過時間: {days}日 {clock}",
    ),
    (
        "Security Class: 1, FORGET: ON, TELNET: OFF",
        "セキュリティクラス レベル: 1, タイプ: ON, TELNET: OFF",
    ),
)


def _environment(console: Console, _: Found) -> Job:
    router = console.router
    up = int(router.clock.now() - router.booted_at)
    values = {
        "boot": f"{router.date(router.booted_at):{_STAMP}}",
        "now": f"{router.date():{_STAMP}}",
        "days": up // 86400,
        "clock": f"{up // 3600 % 24:02}:{up // 60 % 60:02}:{up % 60:02}",
    }
    yield f"{router.model} BootROM Ver. 1.00"
    yield f"{router.model} FlashROM Table Ver. 1.00"
    yield f"{router.model} Rev.{router.revision_name} ({_BUILT})"
    yield f"  main:  {_identity(router)}"
    for pair in _ENVIRONMENT:
        yield pair[console.language].format(**values)


def _log(console: Console, found: Found) -> Job:
    lines = list(console.router.log)
    for date, text in reversed(lines) if found.values else lines:
        yield f"{date:{_STAMP}}: {text}"


def _users(console: Console, _: Found) -> Job:
    """`*` is the session itself, `+` administrator mode; the columns are unverified."""
    router = console.router
    yield "  user                             connection  login           idle       IP address"
    for each in router.sessions:
        if each.script:
            continue
        mark = ("*" if each is console else " ") + ("+" if each.administrator else " ")
        idle = int(router.clock.now() - each.last_input)
        yield (
            f"{mark}{each.user or '':32} {'ssh':11} {router.date(each.began):%m/%d %H:%M:%S} "
            f" {idle // 3600}:{idle // 60 % 60:02}:{idle % 60:02}.00  {each.source}"
        )


def _routes(console: Console, _: Found) -> Job:
    running = console.router.running()
    yield (
        "Destination         Gateway          Interface       Kind  Additional Info.",
        "宛先ネットワーク    ゲートウェイ     インタフェース  種別  付加情報",
    )[console.language]
    own = list(interfaces(running))
    for network, words in routes(running):
        destination = "default" if network.prefixlen == 0 else str(network)
        gateway, interface = "-", ""
        match words:
            case ("gateway", "tunnel", number, *_):
                interface = f"TUNNEL[{number}]"
            case ("gateway", "pp", number, *_):
                interface = f"PP[{number:>02}]"
            case ("gateway", via, *_):
                gateway = via
                names = [name for name, address in own if via in map(str, address.network.hosts())]
                interface = names[0].upper() if names else "-"
        yield f"{destination:19} {gateway:16} {interface:>9}       static"
    for name, address in own:
        yield f"{address.network!s:19} {address.ip!s:16} {_upper(name):>9}     implicit"


def _upper(name: str) -> str:
    kind, _, number = name.partition(" ")
    return f"{kind.upper()}[{number:>02}]" if number else name.upper()


# --- IPsec ----------------------------------------------------------------------------------------


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
    "md5": "MD5", "sha": "SHA-1", "sha256": "SHA-256", "md5-hmac": "HMAC-MD5",
    "sha-hmac": "HMAC-SHA", "sha256-hmac": "HMAC-SHA256", "": "none",
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
            for sa in sas[each.gateway]:
                yield from _sa_detail(each, sa)


def _sa_detail(gateway: OfficeGateway, sa: OfficeSa) -> Iterator[str]:
    yield f"SA[{sa.id}] Duration: {sa.life}s"
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


def _show(pattern: str, *, administrator: bool = False) -> Command:
    return Command(Pattern(pattern), kind="action", administrator=administrator)


SHOWS: Final[dict[Command, Handler]] = {
    _show("show config |", administrator=True): _config,
    _show("show config tunnel | [ 1..100 ]", administrator=True): _config_block,
    _show("show config pp | [ 1..100/anonymous ]", administrator=True): _config_block,
    _show("show config difference | 0", administrator=True): _config_difference,
    _show("show environment |"): _environment,
    _show("show status tunnel | 1..100"): _status_tunnel,
    _show("show status user |"): _users,
    _show("show ipsec sa |"): _ipsec_sa,
    _show("show ipsec sa gateway | [ 1..100 ] [ detail ]"): _ipsec_gateway,
    _show("show ip route |"): _routes,
    _show("show log | [ reverse ]"): _log,
}
