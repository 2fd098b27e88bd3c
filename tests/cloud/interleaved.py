"""Two stacks change their peers on one router while a human changes its firewall.

Every request of every writer waits for its turn; a seeded choice says whose turn it is.  The cloud
is the stand-in in this process, without a network.  What is true in the end is read from the
stand-in's own memory, secrets included.
"""

from __future__ import annotations

import functools
import json
import random
import threading
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import requests
from cloud_world import INTERNET, SWITCH, VALUES, router_spec

from components.clock import ManualClock
from components.cloud import lifecycle as cloud
from components.cloud.api import Client
from components.cloud.credentials import Credentials
from components.cloud.router import OmittedSecrets, key_of, peer_of
from components.errors import ApiError
from components.rehearsal.sakura import Options, Sakura
from components.rehearsal.sakura.request import Request

Json = dict[str, Any]
Secrets = Literal["returned", "kept", "erased"]
SECRETS: tuple[Secrets, ...] = ("returned", "kept", "erased")
"""Answers hold secrets; or they do not, and a write that leaves them out keeps or erases them."""

STACKS = {"a": "198.51.100.20", "b": "198.51.100.30"}
FOREIGN = {
    "Peer": "192.0.2.66",
    "RemoteID": "192.0.2.66",
    "PreSharedSecret": "foreign_key",
    "Routes": ["10.1.0.0/16"],
    "LocalPrefix": ["192.168.2.0/24"],
}
USER = {"UserName": "suzu", "Password": "foreign_password"}
L2TP = {"RangeStart": "192.168.2.220", "RangeStop": "192.168.2.229", "PreSharedSecret": "l2tp"}


class Direct(Client):
    """A client that calls the cloud in this process when it is its turn."""

    sakura: Sakura
    turn: Callable[[str], None] = staticmethod(lambda _: None)

    def _send(self, method: str, path: str, body: Json | None) -> requests.Response:
        self.turn(f"{method} {path}")
        target, _, query = path.partition("?")
        # What travels is text: nobody may change what somebody else holds.
        sent = None if body is None else json.loads(json.dumps(body))
        reply = self.sakura.handle(
            Request(method, self.zone, target, query, sent, "token", "secret")
        )
        response = requests.Response()
        response.status_code = reply.status
        response._content = json.dumps(reply.body).encode()
        return response


class Turns:
    """Lets one of several threads go on at a time, as the seed says."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._changed = threading.Condition()
        self._waiting: set[str] = set()
        self._alive: set[str] = set()
        self._next = ""
        self.log: list[tuple[str, str]] = []

    def wait_for(self, name: str, request: str) -> None:
        """Block until it is this writer's turn."""
        with self._changed:
            self._waiting.add(name)
            self._choose()
            self._changed.wait_for(lambda: self._next == name)
            self._next = ""
            self._waiting.discard(name)
            self.log.append((name, request))

    def run(self, writers: dict[str, Callable[[], None]]) -> None:
        """Run all of them to their ends."""
        self._alive = set(writers)

        def work(name: str, writer: Callable[[], None]) -> None:
            try:
                writer()
            finally:
                with self._changed:
                    self._alive.discard(name)
                    self._choose()

        threads = [threading.Thread(target=work, args=pair) for pair in writers.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _choose(self) -> None:
        if self._alive and self._waiting == self._alive:
            self._next = self._random.choice(sorted(self._waiting))
            self._changed.notify_all()


@dataclass
class Writer:
    """What one writer wanted last, and what it was told."""

    wanted: Json | None = None
    key: str = ""
    reported: list[str] = field(default_factory=list)
    finished: bool = False
    said_wrongly: bool = False


class Router:
    """One router in a cloud of its own, reset before each run."""

    def __init__(self, folder: Path, *, enforced: bool, secrets: Secrets) -> None:
        options = Options(
            hash_enforced=enforced,
            secrets_returned=secrets == "returned",
            omitted_secrets="erased" if secrets == "erased" else "kept",
        )
        self.sakura = Sakura(folder, clock=ManualClock(), options=options)
        self.sakura.set_credentials("token", "secret")
        self.sakura._store.save = lambda: None  # type: ignore[method-assign]  # no file is needed
        # Nobody states of an API that erases secrets that it keeps them.
        self.omitted: OmittedSecrets = "kept" if secrets == "kept" else "refuse"
        client, clock = self.client(), ManualClock()
        internet = cloud.ensure_internet(client, INTERNET, clock, lambda _: None)
        switch = cloud.ensure_switch(client, SWITCH, clock, lambda _: None)
        spec = router_spec(internet, switch)
        self.id = cloud.ensure_router(client, spec, clock, lambda _: None).id
        self.start = deepcopy(self.true)
        self.start["Router"] |= {
            "SiteToSiteIPsecVPN": {"Enabled": "True", "Config": [FOREIGN]},
            "RemoteAccessUsers": {"Enabled": "True", "Config": [USER]},
            "L2TPIPsecServer": {"Enabled": "True", "Config": L2TP},
            "Firewall": firewall("none"),
        }

    @property
    def true(self) -> Json:
        """The settings as the cloud has them, secrets included."""
        (router,) = self.sakura._store.state.all_routers()
        return router.settings

    def client(self, turn: Callable[[str], None] | None = None) -> Direct:
        made = Direct(Credentials("token", "secret", "test"), "is1b", clock=ManualClock())
        made.sakura = self.sakura
        if turn:
            made.turn = turn
        return made

    def reset(self) -> None:
        (router,) = self.sakura._store.state.all_routers()
        router.settings = deepcopy(self.start)
        router.applied = deepcopy(self.start)


def firewall(mark: str) -> Json:
    rule = {"Protocol": "ip", "Action": "deny", "Logging": "False", "Description": mark}
    return {"Enabled": "True", "Config": [{"Receive": [rule], "Send": []}]}


class Run:
    """One interleaving."""

    def __init__(self, router: Router, seed: int) -> None:
        self.router, self.random = router, random.Random(seed)
        self.turns = Turns(seed)
        self.stacks = {name: Writer() for name in STACKS}
        self.human = Writer()

    def go(self) -> None:
        """Let everybody work."""
        self.router.reset()
        plans = {name: self._plan() for name in STACKS}
        marks = [f"mark {n}" for n in range(self.random.randint(1, 3))]
        writers: dict[str, Callable[[], None]] = {
            name: functools.partial(self._stack, name, plan) for name, plan in plans.items()
        }
        writers["human"] = functools.partial(self._human, marks)
        self.turns.run(writers)

    def _plan(self) -> list[tuple[Json | None, str]]:
        """Changes of one stack: values and key, a new key alone, at the end maybe no peer."""
        plan: list[tuple[Json | None, str]] = []
        values: Json = {**VALUES, "routes": ["10.64.0.0/16"]}
        for number in range(self.random.randint(1, 3)):
            if self.random.random() < 0.6:
                values = {**values, "routes": [f"10.{64 + number}.0.0/16"]}
            plan.append((values, f"key_{number}"))
        if self.random.random() < 0.3:
            plan.append((None, ""))
        return plan

    def _stack(self, name: str, plan: list[tuple[Json | None, str]]) -> None:
        writer, peer = self.stacks[name], STACKS[name]
        client = self.router.client(lambda request: self.turns.wait_for(name, request))
        clock, omitted = ManualClock(), self.router.omitted
        for values, key in plan:
            writer.wanted = values and {**values, "peer": peer}
            writer.key, writer.finished = key, False
            try:
                if writer.wanted:
                    cloud.write_peer(
                        client, self.router.id, writer.wanted, key, clock, omitted_secrets=omitted
                    )
                else:
                    cloud.remove_peer(client, self.router.id, peer, clock, omitted_secrets=omitted)
                writer.finished = True
                # Nobody had a turn since the last request: it must stand right now.
                writer.said_wrongly |= not self._stands(name)
            except ApiError as error:
                writer.reported.append(str(error))

    def _human(self, marks: list[str]) -> None:
        """The control panel: reads, sends everything back with another firewall; keys that he
        does not see and that would be erased he types again."""
        client = self.router.client(lambda request: self.turns.wait_for("human", request))
        path = f"appliance/{self.router.id}"
        for mark in marks:
            self.human.key, self.human.finished = mark, False
            while not self.human.finished:
                appliance = client.get(path)["Appliance"]
                settings = deepcopy(appliance["Settings"])
                router = settings["Router"]
                router["Firewall"] = firewall(mark)
                for entry in router["SiteToSiteIPsecVPN"]["Config"]:
                    if entry["Peer"] == FOREIGN["Peer"]:
                        entry["PreSharedSecret"] = FOREIGN["PreSharedSecret"]
                router["RemoteAccessUsers"]["Config"] = [USER]
                router["L2TPIPsecServer"]["Config"] = L2TP
                body = {"Settings": settings, "SettingsHash": appliance["SettingsHash"]}
                try:
                    client.put(path, {"Appliance": body})
                except ApiError as error:
                    # Where answers hold no keys, a peer that is gone meanwhile cannot be sent back.
                    if error.code not in ("original_hash_mismatch", "missing_param"):
                        raise
                    continue
                client.put(f"{path}/config")
                self.human.finished = True

    # --- what came out

    def foreign_secrets_lost(self) -> list[str]:
        router = self.router.true["Router"]
        peers = router["SiteToSiteIPsecVPN"]["Config"]
        found = {
            "peer": [p["PreSharedSecret"] for p in peers if p["Peer"] == FOREIGN["Peer"]],
            "user": [u["Password"] for u in router["RemoteAccessUsers"]["Config"]],
            "l2tp": [router["L2TPIPsecServer"]["Config"].get("PreSharedSecret")],
        }
        wanted = {"peer": ["foreign_key"], "user": ["foreign_password"], "l2tp": ["l2tp"]}
        return [name for name, secrets in found.items() if secrets != wanted[name]]

    def lost(self) -> dict[str, str]:
        """Whose last change does not stand, and how its owner learns of it.

        `told` by the write itself, `refresh` by reading again later, `traffic` if only the key is
        another: keys are not compared with what the API shows, but no SA comes about.
        """
        outcome = {}
        for name, writer in self.stacks.items():
            if not self._stands(name):
                seen = peer_of(self.router.true, STACKS[name]) != writer.wanted
                outcome[name] = "told" if not writer.finished else "refresh" if seen else "traffic"
        return outcome

    def _stands(self, name: str) -> bool:
        true, peer, writer = self.router.true, STACKS[name], self.stacks[name]
        return (peer_of(true, peer), key_of(true, peer)) == (writer.wanted, writer.key)

    def firewall_stands(self) -> bool:
        """Whether the human's last change stands."""
        return bool(self.router.true["Router"]["Firewall"] == firewall(self.human.key))

    def came_in_between(self) -> bool:
        """Whether the human stored his last change between a stack's reading and its storing."""
        path = f"appliance/{self.router.id}"
        stored = max(n for n, turn in enumerate(self.turns.log) if turn == ("human", f"PUT {path}"))
        for name in STACKS:
            read = 0
            for number, turn in enumerate(self.turns.log):
                if turn == (name, f"GET {path}"):
                    read = number
                elif turn == (name, f"PUT {path}") and read < stored < number:
                    return True
        return False
