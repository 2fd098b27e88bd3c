"""The handlers where they decide something themselves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cloud_stand_in import INTERNET, SWITCH, reached, router_inputs

from components.errors import Cancelled, VpnError
from components.office.render import ADDRESS_PLACEHOLDER
from components.provider import access, key
from components.provider.handler import Context, Failure, Incomplete
from components.provider.network import Internet, Switch, tag
from components.provider.router import VpcRouter
from components.provider.tunnel import Tunnel
from components.provider.tunnel_inputs import UNPROVED
from components.provider.values import UNKNOWN, Secret
from components.rehearsal import instance
from components.rehearsal.sakura import Sakura
from components.tunnel import Standing

ACCOUNT = {"account": "113300000001"}
URN = "urn:pulumi:demo::sakura-rtx-vpn::sakurartx:index:SiteToSiteVpn${}::demo-x"


def context(kind: str = "sakurartx:index:Tunnel", **config: Any) -> Context:
    return Context(URN.format(kind), True, 0.0, threading.Event(), config, None)


# --- PreSharedKey


def test_a_key_is_made_once_for_each_version() -> None:
    kind, ctx = key.PreSharedKey(), context()
    _, first = kind.create({"version": 1}, ctx)
    assert kind.preview(first, {"version": 1}, ctx)["value"] == first["value"]
    assert kind.preview(first, {"version": 2}, ctx)["value"] is UNKNOWN
    assert kind.update("psk-1", first, {"version": 2}, ctx)["value"] != first["value"]


def test_a_changed_key_has_a_changed_mark_that_tells_nothing_of_it() -> None:
    kind, ctx = key.PreSharedKey(), context()
    given, other = ({"version": 1, "value": Secret(f"{name}_of_the_user")} for name in ("k", "l"))
    _, first = kind.create(given, ctx)
    assert first["mark"] != kind.create(given, ctx)[1]["mark"]  # not made from the key
    assert kind.preview({}, given, ctx)["mark"] is UNKNOWN
    assert kind.diff(given, first, given, ctx).changed == []
    after = kind.update("psk-1", first, other, ctx)
    assert kind.preview(first, other, ctx)["mark"] == after["mark"] != first["mark"]
    # Back to the first key is a change as well.
    assert len({first["mark"], after["mark"], kind.update("psk-1", after, given, ctx)["mark"]}) == 3
    assert "mark" not in kind.secrets


def test_a_given_key_is_used_as_it_is() -> None:
    kind, ctx = key.PreSharedKey(), context()
    given = {"version": 1, "value": Secret("a_key_given_by_the_user")}
    assert kind.check(given, ctx) == given
    assert kind.create(given, ctx)[1]["value"] == given["value"]
    assert kind.preview({}, given, ctx)["value"] == given["value"]


def test_a_key_that_the_api_refuses_fails_the_check_without_being_shown() -> None:
    found = key.PreSharedKey().check({"version": 1, "value": Secret("with-hyphen")}, context())
    assert isinstance(found, list)
    (failure,) = found
    assert isinstance(failure, Failure)
    assert "no hyphen" in failure.reason
    assert "with-hyphen" not in failure.reason


# --- Tunnel

INPUTS = {
    "address": "203.0.113.4",
    "lines": f"tunnel select 2\n  ipsec ike remote address 2 {ADDRESS_PLACEHOLDER}\n",
    "cloud": {"peer": "198.51.100.20", "encryption": "aes128"},
    "verify": {"target": "192.168.2.1", "onFailure": "back"},
    "router": {"model": "RTX1220"},
}


def test_the_address_enters_the_lines_as_soon_as_it_is_known() -> None:
    known = Tunnel().check(dict(INPUTS), context())
    assert isinstance(known, dict)
    assert known["lines"] == "tunnel select 2\n  ipsec ike remote address 2 203.0.113.4\n"
    unknown = Tunnel().check({**INPUTS, "address": UNKNOWN}, context())
    assert isinstance(unknown, dict)
    assert ADDRESS_PLACEHOLDER in unknown["lines"]


def test_a_new_address_or_value_is_an_update_and_never_a_replacement() -> None:
    new = {**INPUTS, "lines": "other", "cloud": {**INPUTS["cloud"], "encryption": "aes256"}}  # type: ignore[dict-item]
    diff = Tunnel().diff(INPUTS, {}, new, context())
    assert set(diff.changed) == {"lines", "cloud.encryption"}
    assert not diff.replace


def test_how_a_failure_would_be_handled_changes_nothing_that_stands() -> None:
    new = {**INPUTS, "verify": {"target": "192.168.2.1", "onFailure": "keep"}}
    assert not Tunnel().diff(INPUTS, {}, new, context()).changed


@pytest.mark.parametrize("proved", [True, False])
def test_a_refresh_does_not_declare_an_unproved_tunnel_whole(
    monkeypatch: pytest.MonkeyPatch, proved: bool
) -> None:
    standing = Standing("tunnel select 2\n tunnel enable 2\n", {"peer": "198.51.100.20"}, None)
    monkeypatch.setattr("components.tunnel.look", lambda *_, **__: standing)
    monkeypatch.setattr("components.provider.tunnel._ends", lambda *_: None)
    inputs = {**INPUTS, "numbers": {"tunnel": 2, "policy": 102, "gateway": 2}}
    state = {**inputs, "verified": {"at": "2026-08-20T10:00:00+09:00"} if proved else UNPROVED}
    if proved:
        assert Tunnel().read("1/2", state, inputs, context()) is not None
    else:
        with pytest.raises(Incomplete, match="never been proved"):
            Tunnel().read("1/2", state, inputs, context())


# --- the cloud end


@pytest.mark.parametrize("name", ["plan", "switchId", "address", "realAddresses", "version"])
def test_what_is_fixed_at_creation_replaces_the_router_old_one_first(name: str) -> None:
    old = {"name": "a", name: ["x"]}
    diff = VpcRouter().diff(old, {}, {**old, name: ["y"]}, context())
    assert list(diff.replace) == [f"{name}[0]"]
    assert diff.delete_before_replace
    assert not VpcRouter().diff(old, {}, {**old, "name": "b"}, context()).replace


def test_bandwidth_is_changed_in_place() -> None:
    old = {"zone": "is1b", "prefixLength": 28, "bandwidthMbps": 100}
    assert not Internet().diff(old, {}, {**old, "bandwidthMbps": 250}, context()).replace
    assert Internet().diff(old, {}, {**old, "prefixLength": 27}, context()).replace


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sakura]:
    """An API that the handlers reach."""
    with reached(tmp_path, monkeypatch) as sakura:
        yield sakura


@pytest.mark.usefixtures("cloud")
def test_a_new_bandwidth_moves_the_object_and_keeps_the_resource() -> None:
    kind, ctx = Internet(), context("sakurartx:index:Internet")
    id, state = kind.create(INTERNET, ctx)
    wider = INTERNET | {"bandwidthMbps": 250}
    after = kind.update(id, state, wider, ctx)
    assert state["internetId"] == id
    assert after["internetId"] != id
    assert after["addresses"] == state["addresses"]
    found = kind.read(id, after, wider, ctx)
    assert found == (id, after, wider)
    # A state from before the change (the update was cut off) leads to the same object.
    stale = kind.read(id, state, INTERNET, ctx)
    assert stale is not None
    assert stale[1]["internetId"] == after["internetId"]
    kind.delete(id, after, ctx)
    assert kind.read(id, after, wider, ctx) is None


def test_a_router_whose_creation_was_stopped_is_kept_and_finished(cloud: Sakura) -> None:
    kind, ctx, inputs = VpcRouter(), context("sakurartx:index:VpcRouter"), router_inputs()
    cloud.faults.add("POST", "appliance", ctx.cancelled.set)
    with pytest.raises(Incomplete) as caught:
        kind.create(inputs, ctx)
    kept = inputs | ACCOUNT
    assert caught.value.state == kept
    assert "stopped on request" in caught.value.reasons[0]
    id, again = caught.value.id, context("sakurartx:index:VpcRouter")
    # Listed before it can be read, then read before it runs: a refresh must lose it in neither.
    for reason in ("still being made", "is not running"):
        with pytest.raises(Incomplete, match=reason) as unready:
            kind.read(id, inputs, inputs, again)
        assert unready.value.id == id
    assert kind.update(id, inputs, inputs, again) == kept | tag(again)
    assert kind.read(id, inputs, inputs, again) == (id, kept, inputs)
    assert len(access.client(inputs, again).find("appliance", {})) == 1
    kind.delete(id, inputs, again)
    assert kind.read(id, inputs, inputs, again) is None


@pytest.mark.usefixtures("cloud")
def test_a_router_that_was_not_asked_for_yet_is_not_kept() -> None:
    ctx, inputs = context("sakurartx:index:VpcRouter"), router_inputs()
    ctx.cancelled.set()
    with pytest.raises(Cancelled):
        VpcRouter().create(inputs, ctx)
    assert not access.client(inputs, context()).find("appliance", {})


@pytest.mark.parametrize(
    ("kind", "path", "inputs"), [(Internet(), "internet", INTERNET), (Switch(), "switch", SWITCH)]
)
def test_a_network_whose_creation_was_stopped_is_kept_and_finished(
    cloud: Sakura, kind: Any, path: str, inputs: dict[str, Any]
) -> None:
    ctx = context(f"sakurartx:index:{type(kind).__name__}")
    cloud.faults.add("POST", path, ctx.cancelled.set)
    with pytest.raises(Incomplete, match="stopped on request") as caught:
        kind.create(inputs, ctx)
    assert caught.value.state == inputs | ACCOUNT
    id, again = caught.value.id, context(f"sakurartx:index:{type(kind).__name__}")
    after = kind.update(id, inputs, inputs, again)
    assert kind.read(id, after, inputs, again) == (id, after, inputs)
    assert [str(one["ID"]) for one in access.client(inputs, again).find(path, {})] == [id]
    assert kind.create(inputs, again) == (id, after)
    kind.delete(id, after, again)
    assert kind.read(id, after, inputs, again) is None


def test_a_router_switch_that_has_no_addresses_yet_is_not_lost_by_a_refresh(cloud: Sakura) -> None:
    kind, ctx = Internet(), context("sakurartx:index:Internet")
    cloud.faults.add("POST", "internet", ctx.cancelled.set)
    with pytest.raises(Incomplete) as caught:
        kind.create(INTERNET, ctx)
    id, again = caught.value.id, context("sakurartx:index:Internet")
    with pytest.raises(Incomplete, match=r"router\+switch is still being made") as unready:
        kind.read(id, INTERNET, INTERNET, again)
    assert (unready.value.id, unready.value.state) == (id, INTERNET)
    assert kind.update(id, unready.value.state, INTERNET, again)["addresses"]


@pytest.mark.parametrize("gone", ["internet", "switch"])
def test_a_failed_look_up_does_not_hide_why_the_creation_failed(cloud: Sakura, gone: str) -> None:
    kind, inputs = (Internet(), INTERNET) if gone == "internet" else (Switch(), SWITCH)
    ctx = context()
    cloud.faults.add("GET", gone, lambda: None)  # the look before anything is made
    cloud.faults.add("GET", gone, "bad_request")
    cloud.faults.add("POST", gone, ctx.cancelled.set)
    with pytest.raises(Cancelled):
        kind.create(inputs, ctx)
    assert len(access.client(inputs, context()).find(gone, {})) >= 1


# --- access

ENDS = instance.Endpoints(
    instance="i",
    api_root="http://127.0.0.1:1/cloud/zone",
    ssh_host="127.0.0.1",
    ssh_port=2222,
    host_key="ssh-rsa AAAA",
    api_token="rehearsed-token",
    api_secret="rehearsed-secret",
    user="ops",
    password="rehearsed-password",
    admin_password="rehearsed-administrator",
)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(instance, "endpoints", lambda: ENDS)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("ACCESS_TOKEN", "ACCESS_TOKEN_SECRET", "RTX_PASSWORD"):
        monkeypatch.setenv(f"SAKURA_{name}", f"of-the-environment-{name}")


def sent(monkeypatch: pytest.MonkeyPatch, inputs: dict[str, Any], ctx: Context) -> Any:
    """What the API client is made from."""
    made = SimpleNamespace()

    def remember(credentials: Any, zone: str, **others: Any) -> Any:
        made.credentials, made.zone, made.root = credentials, zone, others["root_url"]
        return made

    monkeypatch.setattr("components.cloud.api.Client", remember)
    return access.client(inputs, ctx)


@pytest.mark.usefixtures("environment")
def test_nothing_of_the_environment_travels_to_a_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = context()
    made = sent(monkeypatch, {"zone": "is1b", "rehearsal": True}, ctx)
    assert (made.credentials.token, made.root) == ("rehearsed-token", ENDS.api_root)
    login = access.login({"model": "RTX1220"}, True, ctx)
    assert (login.password, login.administrator_password) == (
        "rehearsed-password",
        "rehearsed-administrator",
    )
    assert ctx.scrub("rehearsed-password rehearsed-secret") == "[secret] [secret]"


@pytest.mark.usefixtures("environment")
def test_a_real_site_takes_the_environment_unless_configured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = sent(monkeypatch, {"zone": "is1b"}, context())
    assert made.credentials.token == "of-the-environment-ACCESS_TOKEN"
    router = {"host": "192.168.1.1", "user": "ops"}
    assert access.login(router, False, context()).password == "of-the-environment-RTX_PASSWORD"
    own = context(apiToken=Secret("own-token"), apiSecret=Secret("own-secret"), rtxPassword="own")
    assert sent(monkeypatch, {"zone": "is1b"}, own).credentials.token == "own-token"
    login = access.login(router, False, own)
    assert (login.password, login.host_key, login.port) == ("own", "", 22)
    assert "own" not in repr(login).replace("own-", "")


def test_without_a_password_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SAKURA_RTX_PASSWORD", raising=False)
    with pytest.raises(VpnError, match=r"no password for the RTX at 192\.168\.1\.1"):
        access.login({"host": "192.168.1.1", "user": "ops"}, False, context())
