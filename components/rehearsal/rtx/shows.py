"""What the `show` commands print (shapes after samples; Japanese marked where it is assumed)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .commands import Action, Found
from .configuration import MOST, numbers
from .dialogue import Job
from .gateways import interfaces, routes
from .grammar import Refusal

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


def _size(router: Router) -> str:
    """What the model has, after samples of some models."""
    memory, lans = (router.firmware.limit(name) for name in ("MEMORY", "LAN"))
    return f"Memory {memory}Mbytes, {lans.removeprefix('LAN')}LAN"


def banner(router: Router) -> list[str]:
    """What the terminal shows first after the login."""
    return [
        f"{router.model} Rev.{router.revision_name} ({_BUILT})",
        "  Copyright (c) 1994-2021 Yamaha Corporation. All Rights Reserved.",
        "  To display the software copyright statement, use 'show copyright' command.",
        f"  {', '.join(_MACS)}",
        f"  {_size(router)}",
    ]


# --- configuration --------------------------------------------------------------------------------


def head(router: Router) -> list[str]:
    """The comments that a shown configuration begins with."""
    date = router.date()
    return [
        f"# {router.model} Rev.{router.revision_name} ({_BUILT})",
        f"# MAC Address : {', '.join(_MACS)}",
        f"# {_size(router)}",
        f"# main:  {_identity(router)}",
        f"# Reporting Date: {date:%b} {date.day} {date:%H:%M:%S %Y}",
    ]


def _config(console: Console, _: Found) -> Job:
    yield from head(console.router)
    yield from console.router.running().lines()


def _config_block(console: Console, found: Found) -> Job:
    """One block or several; without a number, the one that is selected (57.4, 57.6)."""
    kind, running = found.identity[2], console.router.running()
    chosen, _, number = console.context.partition(" ")
    wanted = [word for word in found.values if word != "expand"]
    if not wanted:
        if chosen != kind:
            raise Refusal("context")
        wanted = [number]
    yield from head(console.router)
    most = console.router.firmware.most(MOST[kind])
    for each in numbers(tuple(wanted), most):
        yield from running.block(f"{kind} {each}")


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
        "Firmware: exec0  Config. file: config{booted}",
        "実行中ファームウェア: exec0  実行中設定ファイル: config{booted}",
    ),
    (
        "Default firmware: exec0  Default config. file: config{next}",
        "デフォルトファームウェア: exec0  デフォルト設定ファイル: config{next}",
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
        "booted": router.flash.booted,
        "next": router.flash.starts_with,
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
    """`*` is the session itself, `+` administrator mode; the columns are unverified.

    A usual row fits the 80 columns of a console that nobody has widened.
    """
    router = console.router
    yield "  user             connection  login           idle        IP address"
    for each in router.sessions:
        if each.script:
            continue
        mark = ("*" if each is console else " ") + ("+" if each.administrator else " ")
        idle = int(router.clock.now() - each.last_input)
        yield (
            f"{mark}{each.user or '':16} {'ssh':11} {router.date(each.began):%m/%d %H:%M:%S} "
            f" {idle // 3600}:{idle // 60 % 60:02}:{idle % 60:02}.00  {each.source}"
        )


def _routes(console: Console, _: Found) -> Job:
    running = console.router.running()
    yield (
        "Destination         Gateway          Interface       Kind  Additional Info.",
        "宛先ネットワーク    ゲートウェイ     インタフェース  種別  付加情報",
    )[console.language]
    own = list(interfaces(running, console.router.given))
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


SHOWS: Final = (
    *(
        Action(f"{verb} config {row}", handler)
        for verb in ("show", "less")
        for row, handler in (
            ("|                                ; 57.2", _config),
            ("tunnel | [ TUNNEL/RANGES ] [ expand ]  ; 57.6", _config_block),
            ("pp | [ PEER/anonymous/RANGES ]   ; 57.4", _config_block),
        )
    ),
    Action("show environment |                           ; 57.1", _environment, False),
    Action("show status user |                           ; 58", _users, False),
    Action("show ip route |                              ; 58", _routes, False),
    Action("show log | [ reverse ]                       ; 59", _log, False),
)
