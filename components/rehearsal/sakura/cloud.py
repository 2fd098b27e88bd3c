"""The cloud: its operations by path, one lock around them, and what it tells the link."""

from __future__ import annotations

import hmac
import threading
from collections import deque
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from ...clock import Clock
from ..ends import CloudPeer, LinkSide
from . import appliance, blocks, bridges, network, power, query, vpn
from .errors import Refused
from .faults import Faults
from .request import Context, Reply, Request
from .store import DEFAULTS, ZONES, Options, Store

Operation = Callable[[Context], Reply]
CALLS_KEPT: Final = 10_000
_JST: Final = timezone(timedelta(hours=9))


def _auth_status(ctx: Context) -> Reply:
    """`GET /auth-status`: flat, without an envelope (sakura-vpcrouter-api 1.7)."""
    names = {"Name": "rehearsal", "Code": "rehearsal", "Class": "member"}
    return Reply(
        200,
        {
            "Account": {"ID": ctx.options.account, **names},
            "Member": {"Class": "member", "Code": "rehearsal"},
            "AuthClass": "account",
            "AuthMethod": "apikey",
            "IsAPIKey": True,
            "ExternalPermission": "",
            "OperationPenalty": "none",
            "Permission": ctx.options.permission,
            "is_ok": True,
        },
    )


# sakura-vpcrouter-api 1.7, 2.1, 3, 4, 5.3.  Not offered: IPv6.
OPERATIONS: Final[dict[str, dict[str, Operation]]] = {
    "auth-status": {"GET": _auth_status},
    "product/internet": {"GET": network.list_plans},
    "internet": {"GET": network.find_internet, "POST": network.create_internet},
    "internet/{id}": {
        "GET": network.read_internet,
        "PUT": network.update_internet,
        "DELETE": network.delete_internet,
    },
    "internet/{id}/bandwidth": {"PUT": network.change_bandwidth},
    "internet/{id}/subnet": {"POST": blocks.add},
    "internet/{id}/subnet/{subnet}": {"PUT": blocks.update, "DELETE": blocks.delete},
    "switch": {"GET": network.find_switch, "POST": network.create_switch},
    "switch/{id}": {
        "GET": network.read_switch,
        "PUT": network.update_switch,
        "DELETE": network.delete_switch,
    },
    "switch/{id}/to/bridge/{bridge}": {"PUT": bridges.connect},
    "switch/{id}/to/bridge": {"DELETE": bridges.disconnect},
    "bridge": {"GET": bridges.find, "POST": bridges.create},
    "bridge/{id}": {"GET": bridges.read, "PUT": bridges.update, "DELETE": bridges.delete},
    "switch/{id}/server": {"GET": network.list_servers},
    "switch/{id}/appliance": {"GET": appliance.find_on_switch},
    "appliance": {"GET": appliance.find, "POST": appliance.create},
    "appliance/{id}": {
        "GET": appliance.read,
        "PUT": appliance.update,
        "DELETE": appliance.delete,
    },
    "appliance/{id}/config": {"PUT": power.apply},
    "appliance/{id}/power": {
        "GET": power.read_power,
        "PUT": power.boot,
        "DELETE": power.shut_down,
    },
    "appliance/{id}/reset": {"PUT": power.reset},
    # A word that stands where another path has a placeholder goes first.
    "appliance/{id}/interface/monitor": {"GET": power.monitor},
    "appliance/{id}/interface/{n}": {"GET": power.read_interface},
    "appliance/{id}/interface/{n}/to/switch/{switch}": {"PUT": power.connect},
    "appliance/{id}/interface/{n}/to/switch": {"DELETE": power.disconnect},
    "appliance/{id}/status": {"GET": power.status},
    "appliance/{id}/download/log/VPNLogs": {"GET": power.vpn_log},
    "appliance/{id}/cpu/monitor": {"GET": power.monitor},
    "appliance/{id}/interface/{n}/monitor": {"GET": power.monitor},
    "appliance/{id}/vpcrouter/ping/{destination}": {"POST": power.ping},
    "appliance/{id}/vpcrouter/sitetosite/connectiondetails": {"GET": vpn.connection_details},
    "appliance/{id}/vpcrouter/restartvpn": {"PUT": power.restart_vpn},
}


class Call(NamedTuple):
    """One request that was made; `status` 0 means that the connection was dropped."""

    method: str
    path: str
    status: int


class NoLink:
    """The link that is not there: every peer is down and no ping comes back."""

    def peer_up(self, router_id: str, peer: str) -> bool:
        """Never."""
        return False

    def settings_applied(self, router_id: str) -> None:
        """Nobody to tell."""

    def router_stopped(self, router_id: str) -> None:
        """Nobody to tell."""

    def restart_vpn(self, router_id: str) -> None:
        """Nobody to tell."""

    def ping_from_cloud(self, router_id: str, destination: str) -> list[str]:
        """No answer, in the words of a common ping (the real wording is unverified)."""
        return [
            f"PING {destination} ({destination}) 56(84) bytes of data.",
            "",
            f"--- {destination} ping statistics ---",
            "3 packets transmitted, 0 received, 100% packet loss",
        ]


class Sakura:
    """The cloud without its transport: state, rules, and the clock for its timestamps.

    The state lives in `folder`/api.json.  Until `set_credentials` was called once, nobody is let
    in.  `link` is set by whoever joins the two ends.
    """

    def __init__(self, folder: Path, *, clock: Clock, options: Options = DEFAULTS) -> None:
        self.options = options
        self.link: LinkSide | None = None
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._clock, self._started = clock, clock.now()
        self._epoch = datetime.now(UTC)
        self._store, self._lock = Store(folder / "api.json"), threading.Lock()

    @property
    def credentials(self) -> tuple[str, str] | None:
        """The token and the secret that are valid now."""
        with self._lock:
            state = self._store.state
            return (state.token, state.secret) if state.token else None

    def set_credentials(self, token: str, secret: str) -> None:
        """From now on only these are valid."""
        with self._lock:
            self._store.state.token, self._store.state.secret = token, secret
            self._store.save()

    def change_options(self, names: Mapping[str, Any]) -> None:
        """Behave otherwise from now on; raises ValueError for what is no option."""
        with self._lock:
            self.options = self.options.changed(names)

    def vpn_peers(self) -> list[CloudPeer]:
        """The peers of all routers that are up and have site-to-site enabled, as applied."""
        with self._lock:
            routers = self._store.state.all_routers()
            return [peer for router in routers for peer in vpn.peers_of(router)]

    def handle(self, request: Request) -> Reply:
        """Do what is asked, or say why not.  The reply's `ask` is already answered."""
        notices: list[Callable[[LinkSide], None]] = []
        with self._lock:
            try:
                reply = self._act(request, notices)
            except Refused as refused:
                reply = Reply(refused.status, refused.body())
            # A copy, because the body is written after the lock was given back.
            body = deepcopy(reply.body)
            self._store.save()
        link = self.link or NoLink()
        for tell in notices:
            tell(link)
        if reply.ask:
            body = {**reply.ask(link), **body}
        return Reply(reply.status, body)

    def _act(self, request: Request, notices: list[Callable[[LinkSide], None]]) -> Reply:
        self._authorise(request)
        operation, params = _route(request)
        if _RANK[self.options.permission] < _RANK[_needed(request)]:
            raise Refused("forbidden")
        body = {} if request.body is None else request.body
        if not isinstance(body, dict):
            raise Refused("bad_request", "body")
        context = Context(
            state=self._store.state,
            zone_name=request.zone,
            options=self.options,
            now=self._timestamp(),
            method=request.method,
            params=params,
            body=body,
            query=query.parse(request.query),
            notices=notices,
            fails=request.fails,
        )
        return operation(context)

    def _authorise(self, request: Request) -> None:
        state = self._store.state
        pairs = ((request.token, state.token), (request.secret, state.secret))
        equal = [hmac.compare_digest(given.encode(), own.encode()) for given, own in pairs]
        if not state.token or not all(equal):
            raise Refused("unauthorized")

    def _timestamp(self) -> str:
        passed = timedelta(seconds=self._clock.now() - self._started)
        return (self._epoch + passed).astimezone(_JST).isoformat(timespec="seconds")


_RANK: Final = {"view": 0, "power": 1, "arrange": 2, "create": 3}


def _needed(request: Request) -> str:
    """The permission that a request needs, see `Options.permission`."""
    if request.method == "GET":
        return "view"
    parts = request.path.strip("/").split("/")
    if parts[-1] in ("power", "reset"):
        return "power"
    whole = (request.method, len(parts)) in (("POST", 1), ("DELETE", 2))
    return "create" if whole else "arrange"


def _route(request: Request) -> tuple[Operation, dict[str, str]]:
    if request.zone not in ZONES:
        raise Refused("resource_path_not_found", request.zone)
    parts = request.path.strip("/").split("/")
    known = False
    for pattern, methods in OPERATIONS.items():
        params = _params(pattern.split("/"), parts)
        if params is not None:
            known = True
            if request.method in methods:
                return methods[request.method], params
    raise Refused("method_not_allowed" if known else "resource_path_not_found")


def _params(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    """What the placeholders of a path stand for, or None if it is another path."""
    if len(pattern) != len(parts):
        return None
    params = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            params[wanted.strip("{}")] = unquote(part)
        elif wanted != part:
            return None
    return params
