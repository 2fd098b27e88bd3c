"""`sakura-rtx parse FILE`: what a configuration says, as facts."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ..errors import VpnError
from ..office import syntax
from ..office.config import Config
from ..office.facts import Facts, facts_of
from ..office.facts_json import as_json
from ..office.reading import read


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    text = "read a `show config`, a terminal capture or a configuration file; say what is in it"
    parser = subparsers.add_parser(
        "parse",
        help=text,
        description=f"{text}.  Exit codes: 0 read, 2 the file cannot be read.",
    )
    add_file(parser)
    parser.add_argument(
        "--json", action="store_true", help="the facts as one JSON object, pre-shared keys in plain"
    )
    parser.set_defaults(run=run)


def add_file(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names a configuration."""
    parser.add_argument("file", metavar="FILE", help="any encoding, cut lines too; - reads stdin")


def configuration(file: str) -> Config:
    """The configuration in a file, or on stdin for `-`.

    Raises `VpnError` if there is none.
    """
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise VpnError(f"{file} cannot be read: {error.strerror}") from None
    config = read(data)
    if not any(syntax.command_of(statement.text) for statement in config.statements):
        raise VpnError(
            f"{file} holds no configuration of an RTX",
            remedy="give what `show config` prints, or a configuration file of the router",
        )
    return config


def run(args: argparse.Namespace) -> int:
    """Print the facts."""
    try:
        facts = facts_of(configuration(args.file))
    except VpnError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return 2
    print(json.dumps(as_json(facts), ensure_ascii=False, indent=2) if args.json else _text(facts))
    return 0


def _text(facts: Facts) -> str:
    """For people: one paragraph a tunnel; no key is shown."""
    lines = [f"{facts.model or 'model not said'} Rev.{facts.revision or '?'}"]
    lines.append(f"ipsec auto refresh: {facts.auto_refresh or 'off (default)'}")
    for tunnel in facts.tunnels:
        state = "enabled" if tunnel.enabled else "NOT enabled"
        lines += ["", f"tunnel {tunnel.number} ({tunnel.encapsulation}, {state})"]
        if tunnel.policy is not None:
            lines.append(f"  policy {tunnel.policy}, gateway {tunnel.gateway or 'none'}")
        lines += [f"  {name}: {value}" for name, value in tunnel.values.items()]
        lines += [f"  {route}" for route in tunnel.routes]
        gateway = facts.gateway(tunnel.gateway) if tunnel.gateway is not None else None
        if gateway:
            lines += [f"  ike {name}: {_shown(name, v)}" for name, v in gateway.values.items()]
            lines.append(f"  key: {gateway.psk.form if gateway.psk else 'none'}")
    static, dynamic = facts.undefined_filters
    if static or dynamic:
        lines += ["", f"filters named and not defined: {', '.join(map(str, static + dynamic))}"]
    lines += ["", f"free: tunnel {facts.free_tunnel}, gateway {facts.free_gateway}"]
    return "\n".join(lines)


def _shown(name: str, value: str) -> str:
    """A value of a gateway without the passwords that some commands have."""
    start = f"ipsec ike {name.replace('_', ' ')} 1 "
    return syntax.masked(start + value)[len(start) :]
