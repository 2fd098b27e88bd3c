"""Faults and options of the API stand-in, ordered from this process and from another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from rehearsal_bench import api as call
from sakura_api import Api, NotingLink, cloud, premium

from components.errors import VpnError
from components.rehearsal import instance
from components.rehearsal.sakura import Options

SHORT = 0.3  # seconds


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with cloud(tmp_path) as api:
        yield api


def order(api: Api, kind: str, method: str = "GET", path: str = "/switch", **more: Any) -> None:
    api.sakura.faults.order({"method": method, "path": path, "kind": kind, **more})


@pytest.mark.parametrize(
    ("more", "status", "header"),
    [
        ({"kind": "locked"}, 423, None),
        ({"kind": "service_unavailable"}, 503, None),
        ({"kind": "busy", "retry_after": 12}, 503, "12"),
        ({"kind": "too_many_request", "status": 429, "retry_after": 5}, 429, "5"),
        ({"kind": "still_creating"}, 409, None),
        ({"kind": "not_json"}, 502, None),
    ],
)
def test_answers_on_order(api: Api, more: dict[str, Any], status: int, header: str | None) -> None:
    api.sakura.faults.order({"method": "GET", "path": "/switch", **more})
    answer = api.get("/switch")
    assert (answer.status, answer.headers.get("Retry-After")) == (status, header)
    assert api.get("/switch").status == 200


def test_a_delay_is_late_and_then_as_usual(api: Api) -> None:
    order(api, "delay", "POST", seconds=SHORT)
    before = time.monotonic()
    api.switch()
    assert time.monotonic() - before >= SHORT


@pytest.mark.parametrize(("kind", "made"), [("reset_before", 0), ("reset_after", 1)])
def test_silence_until_the_client_gives_up(api: Api, kind: str, made: int) -> None:
    order(api, kind, "POST", seconds=60)
    api.patience = SHORT
    with pytest.raises(requests.Timeout):
        api.switch()
    api.patience = 10.0
    assert api.get("/switch").body["Total"] == made


def test_a_stop_of_the_server_ends_every_silence(tmp_path: Path) -> None:
    before = time.monotonic()
    with cloud(tmp_path) as api:
        order(api, "reset_before", "POST", seconds=60)
        api.patience = SHORT
        with pytest.raises(requests.Timeout):
            api.switch()
    assert time.monotonic() - before < 20


def test_a_creation_fails_on_order(api: Api) -> None:
    switch = api.internet()["Switch"]["ID"]
    order(api, "failed_creation", "POST", "/appliance")
    made = api.post("/appliance", premium(switch)).body["Appliance"]["ID"]
    api.until(f"/appliance/{made}", "Availability", "failed")
    assert api.delete(f"/appliance/{made}").status == 200
    api.router(switch)  # the next one does not


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"method": "GET", "path": "/switch"},
        {"method": "GET", "path": "/switch", "kind": "flood"},
        {"method": "GET", "path": "/switch", "kind": "busy", "times": "often"},
        {"method": "GET", "path": "/switch", "kind": "delay", "seconds": -1},
        {"method": "GET", "path": "/switch", "kind": "delay", "seconds": 1e9},
        {"method": "GET", "path": "/switch", "kind": "delay", "second": 1},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        api.sakura.faults.order(wrong)
    assert api.get("/switch").status == 200


def test_options_change_while_it_runs(api: Api) -> None:
    router = api.running()
    assert "PreSharedSecret" in str(api.settings(router))
    api.sakura.change_options({"secrets_returned": False, "omitted_secrets": "erased"})
    assert "PreSharedSecret" not in str(api.settings(router))


@pytest.mark.parametrize(
    "wrong",
    [
        {"no_such": 1},
        {"boot_reads": -1},
        {"boot_reads": True},
        {"boot_reads": "3"},
        {"hash_enforced": 1},
        {"omitted_secrets": "lost"},
        {"boot_reads": 1, "restart_vpn": True},
    ],
)
def test_options_that_are_none_change_nothing(api: Api, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="option"):
        api.sakura.change_options(wrong)
    assert api.sakura.options == Options()


@pytest.mark.parametrize(
    ("how", "status", "told"), [("all_peers", 200, 1), ("nothing", 200, 0), ("missing", 404, 0)]
)
def test_what_restartvpn_does_is_an_option(
    tmp_path: Path, how: str, status: int, told: int
) -> None:
    with cloud(tmp_path, restart_vpn=how) as api:
        router = api.running()
        link = api.sakura.link = NotingLink(asks=api.sakura)
        assert api.put(f"/appliance/{router}/vpcrouter/restartvpn").status == status
        assert link.told == [("restart_vpn", str(router))] * told


def test_a_stop_may_be_ignored_after_each_boot(tmp_path: Path) -> None:
    with cloud(tmp_path, ignored_stops=1) as api:
        router = api.running()
        power = f"/appliance/{router}/power"
        for _ in range(2):
            assert api.delete(power).status == 200
            assert api.get(f"/appliance/{router}").body["Appliance"]["Instance"]["Status"] == "up"
            assert api.delete(power).status == 200
            api.until(f"/appliance/{router}", "Instance.Status", "down")
            api.boot(router)


def test_another_process_orders_both(tmp_path: Path) -> None:
    folder = tmp_path / "rehearsal"
    instance.start(folder)
    try:
        fault = {"method": "*", "path": "/switch", "kind": "reset_after", "seconds": 0.1}
        instance.ask(folder, "POST", "/fault", fault)
        with pytest.raises(requests.ConnectionError):
            call(folder, "POST", "/switch", {"Switch": {"Name": "lan"}})
        assert call(folder, "GET", "/switch").json()["Total"] == 1
        instance.ask(folder, "POST", "/options", {"internet_404_reads": 0})
        wanted = {"Name": "wan", "NetworkMaskLen": 28, "BandWidthMbps": 100}
        made = call(folder, "POST", "/internet", {"Internet": wanted}).json()["Internet"]
        assert call(folder, "GET", f"/internet/{made['ID']}").status_code == 200
        with pytest.raises(VpnError, match="no option"):
            instance.ask(folder, "POST", "/options", {"no_such": 1})
    finally:
        instance.stop(folder)


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [("view", 1), ("power", 2), ("arrange", 3), ("create", 4)],
)
def test_a_key_may_do_what_its_permission_says(api: Api, permission: str, allowed: int) -> None:
    router = api.running()
    api.sakura.change_options({"permission": permission, "lingering_reads": 0})
    assert api.get("/auth-status").body["Permission"] == permission
    asked = [
        ("GET", f"/appliance/{router}"),
        ("DELETE", f"/appliance/{router}/power"),
        ("PUT", f"/appliance/{router}/config"),
        ("DELETE", f"/switch/{api.switch()}" if permission == "create" else "/switch/1"),
    ]
    answers = [api.call(method, path) for method, path in asked]
    assert [answer.status for answer in answers[:allowed]] == [200] * allowed
    assert [answer.refusal for answer in answers[allowed:]] == [(403, "forbidden")] * (4 - allowed)
