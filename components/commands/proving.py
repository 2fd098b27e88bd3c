"""What `verify`, `prove-recovery` and `reconnect` have in common: the way in, and what they say."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from ..clock import Clock, SystemClock
from ..errors import SpecError, VpnError
from ..office import inband
from ..office.answers import Ping, SecurityAssociation
from ..office.audit import Finding
from ..office.session import Session
from ..recovery import OtherPeers, OurTunnel, Traffic
from ..site import Site
from ..tunnel.proof import Verification
from . import access
from .lines import add_site, file_of, site_in, text_of

PASSED, AN_END_FAILED, USAGE, NO_TRAFFIC = 0, 1, 2, 3


@dataclass(frozen=True)
class Said:
    """What a command has found out: its exit code, as JSON, as lines for people."""

    code: int
    data: dict[str, Any]
    lines: tuple[str, ...]


def add_parser(subparsers: Any, name: str, text: str, exits: str) -> Any:
    """A parser with what all three take."""
    parser = subparsers.add_parser(name, help=text, description=f"{text}.  {exits}")
    add_site(parser)
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    return parser


def run(args: Any, act: Callable[[Site, Path], Said]) -> int:
    """Read the site file, act, say; the exit code."""
    file = file_of(args.site)
    try:
        said = act(site_in(text_of(file), file), file)
    except (SpecError, OtherPeers) as error:
        return _failed(error, USAGE)
    except VpnError as error:
        return _failed(error, AN_END_FAILED)
    text = json.dumps(said.data, ensure_ascii=False, indent=2)
    print(text if args.json else "\n".join(said.lines))
    return said.code


def _failed(error: VpnError, code: int) -> int:
    print(f"sakura-rtx: {error}", file=sys.stderr)
    return code


def say(text: str) -> None:
    """Progress, beside what a command says in the end."""
    print(f"sakura-rtx: {text}", file=sys.stderr)


def clock() -> Clock:
    """The time that the commands go by."""
    return SystemClock()


def session(site: Site) -> Session:
    """A session on the site's RTX; raises `VpnError`."""
    return Session.open(access.office_login(site), clock=clock(), say=say)


def way_in(site: Site) -> IPv4Address | None:
    """Our own address on the way to the router; None where that is not known."""
    router = site.office.router
    known = not (site.rehearsal or router.via or router.host is None)
    return inband.source_towards(str(router.host)) if known else None


def tunnel_of(site: Site) -> OurTunnel:
    """The tunnel of a site, and the proof that its file asks for."""
    agreement, office = replace(site.agreement, cloud_address=site.vip), site.office_end
    asked = Verification(
        target=site.target,
        source=office.lan_address,
        seconds=site.verify.seconds,
        mtu=office.mtu,
    )
    return OurTunnel(agreement, office, asked)


# --- traffic and SAs ------------------------------------------------------------------------------


def evidence(tunnel: OurTunnel, found: Traffic) -> dict[str, Any]:
    """What was pinged and what stands, for machines."""
    asked = tunnel.asked
    return {
        "passed": found.passed,
        "why": found.why,
        "at": found.at,
        "target": str(asked.target),
        "source": str(asked.source),
        "round_trip_ms": found.small.average_ms,
        "small": _counts(found.small),
        "full": _counts(found.full) | {"bytes": asked.mtu},
        "sas": [_sa(sa, tunnel) for sa in found.sas],
    }


def _counts(ping: Ping) -> dict[str, int]:
    return {"sent": ping.sent, "received": ping.received}


def _sa(sa: SecurityAssociation, tunnel: OurTunnel) -> dict[str, Any]:
    return {
        "id": sa.id,
        "kind": sa.kind,
        "direction": sa.direction,
        "spi": sa.spi,
        "life_s": sa.life,
        "age_s": age(sa, tunnel),
    }


def age(sa: SecurityAssociation, tunnel: OurTunnel) -> int:
    """How old an SA is (s), reckoned from the lifetime that the site file gives to its kind."""
    agreement = tunnel.agreement
    whole = agreement.ike_lifetime if sa.kind == "ike" else agreement.esp_lifetime
    return max(whole - sa.life, 0)


def traffic_lines(tunnel: OurTunnel, found: Traffic) -> Iterator[str]:
    """What was pinged and what stands, for people."""
    asked, small, full = tunnel.asked, found.small, found.full
    way = f"{asked.source} (RTX) -> {asked.target}"
    trip = "" if small.average_ms is None else f", round trip {small.average_ms:g} ms"
    if found.passed:
        yield f"traffic passes: {way}{trip}"
    else:
        yield f"NO TRAFFIC: {way}: {found.why}"
    large = f"{full.received} of {full.sent} at {asked.mtu} bytes"
    yield f"  pings: {small.received} of {small.sent} small, {large}"
    for sa in found.sas:
        kind = f"{sa.kind.upper()} {sa.direction}".strip()
        yield f"  SA {sa.id}: {kind}, {age(sa, tunnel)} s old, {sa.life} s left"
    if not found.sas:
        yield f"  no SA of gateway {tunnel.gateway} stands"


def finding_lines(found: Sequence[Finding]) -> Iterator[str]:
    """What the configuration has to say about it, with the lines to type."""
    for each in found:
        yield f"{each.code}: {each.where}"
        yield f"  {each.why}"
        yield from (f"  to type: {line}" for line in each.remedy.split("; "))
    if not found:
        yield "the running configuration does not explain it: sakura-rtx doctor looks at both ends"
