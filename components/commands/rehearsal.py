"""`sakura-rtx rehearsal ...`: start, look at and play with the stand-ins for both ends."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ..rehearsal import instance
from ..rehearsal.ike.host import unavailable

CANNOT: Final = 4
_REFUSED: Final = re.compile(r"^\s*(?:エラー|Error)\s*[:：]", re.MULTILINE)
KNOWN_HOSTS: Final = "known_hosts"
_HANDED_ON: Final = {
    "all": ("udp500", "esp"),
    "udp500": ("udp500",),
    "esp": ("esp",),
    "nothing": (),
}
_DROPPED: Final = {"udp500": ("udp500",), "esp": ("esp",), "large": ("large",), "nothing": ()}


def add_parser(subparsers: Any) -> None:
    """Add `rehearsal` and its commands to a parser's subparsers."""
    parser = subparsers.add_parser("rehearsal", help="stand-ins for both ends on this machine")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> Any:
        added = commands.add_parser(name, help=text, description=text)
        added.add_argument("--folder", type=Path, help="default: $SAKURA_RTX_REHEARSAL, .rehearsal")
        added.add_argument("--json", action="store_true", help="as JSON")
        added.set_defaults(run=run)
        return added

    start = command("start", _start, "start both ends in the background, with the state they had")
    start.add_argument(
        "--ike",
        action="store_true",
        help="join them by real IKE daemons (root, network namespaces and strongSwan needed; exit "
        "code 4 without)",
    )
    for name, run, text in (
        ("stop", _stop, "end them; their state stays"),
        ("status", _status, "whether they run, on which ports, and whether traffic passes"),
        ("rotate", _rotate, "give the API and the RTX new secrets, as if somebody had"),
        ("reset", _reset, "end them and forget everything, the demo's Pulumi state included"),
    ):
        command(name, run, text)
    env = command("env", _env, "how to log in to both ends by hand")
    env.add_argument("--shell", action="store_true", help="as `export` lines for `eval`")
    typed = command("type", _type, "type lines at an administrator's console of the RTX")
    typed.add_argument("lines", nargs="+", metavar="LINE", help="`-` reads lines from stdin")
    front = command(
        "front", _front, "the gateway in front of an RTX that has only addresses inside"
    )
    front.add_argument(
        "--hands-on",
        choices=_HANDED_ON,
        help="what it hands on to the RTX (all unless told otherwise); needed is all",
    )
    front.add_argument(
        "--drops",
        choices=_DROPPED,
        help="what is dropped on the way to the RTX, with a gateway in front or without (nothing "
        "unless told otherwise); large: packets of more than 1200 bytes",
    )
    front.add_argument(
        "--address", help="its address outside; `called`: whatever the VPC router calls (default)"
    )
    advance = command("advance", _advance, "let time jump ahead for both ends")
    advance.add_argument("seconds", type=float)


def _start(args: argparse.Namespace) -> int:
    if args.ike and (reason := unavailable()):
        print(f"sakura-rtx: no rehearsal with real IKE here: {reason}", file=sys.stderr)
        return CANNOT
    how = instance.start(args.folder, ike=args.ike)
    said = {
        "running": "The rehearsal runs already.",
        "resumed": "The rehearsal goes on with the state it had.",
        "new": "A new rehearsal runs.",
    }
    _show(args, {"started": how}, said[how])
    return 0


def _stop(args: argparse.Namespace) -> int:
    ended = instance.stop(args.folder)
    _show(args, {"stopped": ended}, "Ended; the state stays." if ended else "Nothing ran.")
    return 0


def _status(args: argparse.Namespace) -> int:
    found = instance.status(args.folder)
    ports = ", ".join(f"{name} {port}" for name, port in found.ports.items())
    text = f"Runs in {found.folder}\nports on 127.0.0.1: {ports}\n{found.reason}"
    _show(
        args,
        {
            "running": found.running,
            "folder": str(found.folder),
            "instance": found.instance,
            "ports": found.ports,
            "link": found.reason,
            "ike": found.ike,
        },
        text if found.running else f"No rehearsal runs in {found.folder}.",
    )
    return 0 if found.running else 1


def _rotate(args: argparse.Namespace) -> int:
    instance.ask(args.folder, "POST", "/rotate")
    _show(args, {"rotated": True}, "API secret and RTX passwords are new.")
    return 0


def _reset(args: argparse.Namespace) -> int:
    instance.reset(args.folder)
    _show(args, {"reset": True}, "Everything of the rehearsal is forgotten.")
    return 0


def _advance(args: argparse.Namespace) -> int:
    instance.ask(args.folder, "POST", "/advance", {"seconds": args.seconds})
    _show(args, {"advanced": args.seconds}, f"It is {args.seconds:g} s later for both ends.")
    return 0


def _front(args: argparse.Namespace) -> int:
    told: dict[str, Any] = {}
    if args.hands_on:
        told["hands_on"] = _HANDED_ON[args.hands_on]
    if args.drops:
        told["drops"] = _DROPPED[args.drops]
    if args.address:
        told["address"] = None if args.address == "called" else args.address
    found = instance.ask(args.folder, "POST" if told else "GET", "/front", told)
    address = found["address"] or "whatever address the VPC router calls"
    what = " and ".join(found["hands_on"]) or "nothing"
    text = f"In front of an RTX with addresses inside: {address}; hands on to it: {what}."
    if found["drops"]:
        text += f"\nDropped on the way to any RTX: {' and '.join(found['drops'])}."
    _show(args, {name: found[name] for name in ("address", "hands_on", "drops")}, text)
    return 0


def _type(args: argparse.Namespace) -> int:
    lines = sys.stdin.read().splitlines() if args.lines == ["-"] else args.lines
    # A ping that gets no answer takes its time at the router, too.
    answer = instance.ask(args.folder, "POST", "/type", {"lines": lines}, timeout=120)
    text = answer["text"].replace("\r\n", "\n")
    refused = bool(_REFUSED.search(text))
    _show(args, {"text": text, "refused": refused}, text)
    return int(refused)


def _env(args: argparse.Namespace) -> int:
    ends = instance.endpoints(args.folder)
    place = args.folder or instance.folder()
    hosts = (place / KNOWN_HOSTS).absolute()
    instance.write_atomically(hosts, f"[{ends.ssh_host}]:{ends.ssh_port} {ends.host_key}\n")
    # An RTX signs with ssh-rsa (SHA-1) only, which today's OpenSSH offers when it is told to.
    ssh = (
        f"ssh -p {ends.ssh_port} -o HostKeyAlgorithms=+ssh-rsa "
        f"-o UserKnownHostsFile={shlex.quote(str(hosts))} {ends.user}@{ends.ssh_host}"
    )
    secret = place.absolute() / instance.CREDENTIALS
    if args.shell:
        for name, value in (
            ("SAKURA_API_ROOT_URL", ends.api_root),
            ("SAKURA_ACCESS_TOKEN", ends.api_token),
            ("SAKURA_ACCESS_TOKEN_SECRET", ends.api_secret),
        ):
            print(f"export {name}={shlex.quote(value)}")
        return 0
    text = (
        f"RTX:  {ssh}\n      passwords: `password` and `admin_password` in {secret}\n"
        f"API:  {ends.api_root}\n      token: `api_token` and `api_secret` in {secret}\n"
        '      or, for the official tools: eval "$(sakura-rtx rehearsal env --shell)"'
    )
    _show(args, {"ssh": ssh, "api_root": ends.api_root, "credentials": str(secret)}, text)
    return 0


def _show(args: argparse.Namespace, data: dict[str, Any], text: str) -> None:
    print(json.dumps(data, ensure_ascii=False) if args.json else text)
