"""No body and no query breaks the API stand-in: it does what is asked, or refuses in its words."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sakura_api import SECRET, TOKEN, cloud, eth0, premium, vpn_settings

from components.clock import ManualClock
from components.rehearsal.sakura import Options, Reply, Request, Sakura

DATA = Path(__file__).parents[1] / "corpus" / "api"
SCALARS = st.none() | st.booleans() | st.integers(-2, 300) | st.sampled_from(["", "x", "10.0.0.1"])
KEYS = st.sampled_from(["ID", "Config", "Enabled", "Peer", "IPAddress", "x"])
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner), max_leaves=5
)


@pytest.fixture(scope="module")
def ready() -> Iterator[tuple[Sakura, int, int]]:
    """A cloud with a router that is up, its id, and the switch of a router+switch to build on."""
    options = Options(secrets_returned=False, appliance_404_reads=0, migrating_reads=0)
    with tempfile.TemporaryDirectory() as name, cloud(Path(name)) as api:
        router = api.running()
        switch = int(api.internet("second")["Switch"]["ID"])
        api.server.stop()
        yield Sakura(Path(name), clock=ManualClock(), options=options), router, switch


def places(thing: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items: Any = ()
    if isinstance(thing, dict):
        items = thing.items()
    elif isinstance(thing, list):
        items = enumerate(thing)
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def with_value(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = deepcopy(body)
    thing = copy
    for key in path[:-1]:
        thing = thing[key]
    thing[path[-1]] = value
    return copy


def ask(sakura: Sakura, method: str, path: str, body: Any = None, query: str = "") -> int:
    reply = sakura.handle(Request(method, "is1b", path, query, body, TOKEN, SECRET))
    json.dumps(reply.body)
    return reply.status


def post(sakura: Sakura, path: str, body: Any) -> Reply:
    return sakura.handle(Request("POST", "is1b", path, "", body, TOKEN, SECRET))


EVERYTHING = json.loads((DATA / "02-many-settings-to-keep.json").read_text(encoding="utf-8"))
ROUTER = {
    **EVERYTHING["Appliance"]["Settings"]["Router"],
    **vpn_settings(Interfaces=[{**eth0(), "IPAliases": ["203.0.113.7"]}]),
}
ROUTER["StaticNAT"]["Config"][0]["GlobalAddress"] = "203.0.113.7"
STORE = {"Appliance": {"Name": "edge", "Tags": [], "Settings": {"Router": ROUTER}}}
OUTSIDE = {"IPAddress": ["203.0.113.21", "203.0.113.22"], "VirtualIPAddress": "203.0.113.20"}
CREATE = premium(0, Interfaces=[OUTSIDE])


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(list(places(STORE))), value=ANYTHING)
def test_settings(ready: tuple[Sakura, int, int], path: tuple[Any, ...], value: Any) -> None:
    sakura, router, _ = ready
    assert ask(sakura, "PUT", f"/appliance/{router}", STORE) == 200
    assert ask(sakura, "PUT", f"/appliance/{router}", with_value(STORE, path, value)) in (200, 400)
    assert ask(sakura, "PUT", f"/appliance/{router}/config") == 200
    for read in ("", "/status", "/vpcrouter/sitetosite/connectiondetails"):
        assert ask(sakura, "GET", f"/appliance/{router}{read}") == 200
    sakura.vpn_peers()


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from(list(places(CREATE))), value=ANYTHING)
def test_creation(ready: tuple[Sakura, int, int], path: tuple[Any, ...], value: Any) -> None:
    sakura, _, switch = ready
    body = with_value(CREATE, ("Appliance", "Remark", "Switch", "ID"), switch)
    reply = post(sakura, "/appliance", with_value(body, path, value))
    assert reply.status in (202, 400)
    assert ask(sakura, "GET", "/appliance") == 200
    if reply.status == 202:
        made = f"/appliance/{reply.body['Appliance']['ID']}"
        assert [ask(sakura, method, made) for method in ("GET", "DELETE", "GET")] == [200, 200, 404]


@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from(["Switch", "Internet"]), value=ANYTHING, extra=ANYTHING)
def test_networks(ready: tuple[Sakura, int, int], kind: str, value: Any, extra: Any) -> None:
    body = {kind: {"Name": "n", "UserSubnet": value, "NetworkMaskLen": extra, "Tags": []}}
    for path in ("/switch", "/internet"):
        assert ask(ready[0], "POST", path, body) in (201, 400)
        assert ask(ready[0], "POST", path, {kind: value}) in (201, 400)


@settings(max_examples=100, deadline=None)
@given(document=st.dictionaries(st.sampled_from(["Filter", "Sort", "From", "Count"]), ANYTHING))
def test_queries(ready: tuple[Sakura, int, int], document: dict[str, Any]) -> None:
    assert ask(ready[0], "GET", "/appliance", query=json.dumps(document)) in (200, 400)
