"""HTTP, finding, faults and persistence of the API stand-in (reference 1 and 8)."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from sakura_api import KEY, SECRET, TOKEN, Api, cloud

from components.clock import ManualClock
from components.rehearsal.sakura import Request, Sakura
from components.rehearsal.sakura.errors import STATUS
from components.rehearsal.sakura.query import find, parse

DATA = Path(__file__).parents[1] / "corpus" / "api"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with cloud(tmp_path) as api:
        yield api


@pytest.mark.parametrize("auth", [None, (TOKEN, "wrong"), ("wrong", SECRET), ("", ""), (TOKEN, "")])
def test_nobody_gets_in_without_the_valid_pair(api: Api, auth: tuple[str, str] | None) -> None:
    api.auth = auth
    assert api.get("/auth-status").refusal == (401, "unauthorized")
    assert api.get("/nowhere").refusal == (401, "unauthorized")


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Bearer abc", "Basic 4pyT"])
def test_a_malformed_authorization_is_refused(api: Api, header: str) -> None:
    api.auth, api.headers = None, {"Authorization": header}
    assert api.get("/auth-status").refusal == (401, "unauthorized")


def test_before_credentials_are_set_nobody_gets_in(tmp_path: Path) -> None:
    with cloud(tmp_path / "one") as api:
        api.sakura.set_credentials("", "")
        assert api.sakura.credentials is None
        api.auth = ("", "")
        assert api.get("/auth-status").status == 401


def test_credentials_rotate_at_run_time(api: Api) -> None:
    assert api.get("/auth-status").status == 200
    api.sakura.set_credentials("new", "newer")
    assert api.get("/auth-status").status == 401
    api.auth = ("new", "newer")
    assert api.get("/auth-status").status == 200
    assert api.sakura.credentials == ("new", "newer")


def test_auth_status_is_flat(api: Api) -> None:
    body = api.get("/auth-status").body
    assert (body["Permission"], body["IsAPIKey"], body["AuthMethod"]) == ("create", True, "apikey")
    assert body["Account"]["ID"] == 113300000001


@pytest.mark.parametrize(
    ("method", "path", "refusal"),
    [
        ("GET", "/server", (404, "resource_path_not_found")),
        ("GET", "/appliance/1/nothing", (404, "resource_path_not_found")),
        ("PATCH", "/appliance", (405, "method_not_allowed")),
        ("POST", "/appliance/1/config", (405, "method_not_allowed")),
        ("GET", "/appliance/1", (404, "not_found")),
        ("GET", "/appliance/one", (404, "invalid_uri_argument")),
        ("GET", "/switch/1", (404, "not_found")),
        ("POST", "/switch", (400, "missing_param")),
    ],
)
def test_paths_that_are_not_there(
    api: Api, method: str, path: str, refusal: tuple[int, str]
) -> None:
    assert api.call(method, path).refusal == refusal


def test_other_roots_and_zones_are_not_there(api: Api) -> None:
    api.zone = "is9z"
    assert api.get("/switch").refusal == (404, "resource_path_not_found")
    url = f"http://127.0.0.1:{api.server.port}/cloud/api/cloud/1.1/switch"
    assert requests.get(url, auth=(TOKEN, SECRET), timeout=5).status_code == 404


def test_zones_keep_their_own_objects(api: Api) -> None:
    made = api.switch()
    for zone in ("tk1a", "tk1b", "tk1v", "is1a", "is1c"):
        api.zone = zone
        assert api.get(f"/switch/{made}").refusal == (404, "not_found")
        assert api.get("/switch").body["Total"] == 0


def test_ids_are_numbers_only_on_request(api: Api) -> None:
    made = api.switch()
    assert made >= 113400000000
    for value, kind in (("1", int), ("0", str), (None, str)):
        api.headers = {} if value is None else {"X-Sakura-Bigint-As-Int": value}
        body = api.get(f"/switch/{made}").body["Switch"]
        assert (type(body["ID"]), type(body["Zone"]["ID"])) == (kind, kind)


def test_a_body_that_is_no_object_is_refused(api: Api) -> None:
    url = f"{api.server.root}/is1b/api/cloud/1.1/switch"
    for text in (b"{", b"[]", b"\xff"):
        answer = requests.post(url, data=text, auth=(TOKEN, SECRET), timeout=5)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "bad_request")


def test_error_bodies_have_the_recorded_shape(api: Api) -> None:
    for case in json.loads((DATA / "07-error-bodies.json").read_text("utf-8"))["cases"]:
        body = case["body"]
        if isinstance(body, dict) and "error_code" in body:
            api.sakura.faults.add("GET", "/switch", body["error_code"], status=case["http_status"])
            answer = api.get("/switch")
            assert answer.refusal == (case["http_status"], body["error_code"])
            assert answer.body["status"] == body["status"]
            assert answer.body.keys() == body.keys()
    assert "still_creating" in STATUS


# Finding ---------------------------------------------------------------------------------------


def names(api: Api, document: object, *, escaped: bool = True) -> list[str]:
    text = json.dumps(document)
    answer = api.get("/switch", quote(text) if escaped else text)
    return [each["Name"] for each in answer.body["Switches"]]


@pytest.fixture
def switches(api: Api) -> Api:
    for name, tags in (("edge tokyo", ["prod", "vpn"]), ("edge osaka", ["vpn"]), ("core", [])):
        api.post("/switch", {"Switch": {"Name": name, "Tags": tags}})
    return api


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"Name": "edge"}, ["edge tokyo", "edge osaka"]),
        ({"Name": "tokyo edge"}, ["edge tokyo"]),
        ({"Name": "edge%20tokyo"}, ["edge tokyo"]),
        ({"Name": "edge+tokyo"}, []),
        ({"Name": ["edge"]}, []),
        ({"Name": ["core", "edge osaka"]}, ["edge osaka", "core"]),
        ({"Tags.Name": ["vpn"]}, ["edge tokyo", "edge osaka"]),
        ({"Tags.Name": [["prod", "vpn"]]}, ["edge tokyo"]),
        ({"Tags.Name": [["prod", "none"]]}, []),
        ({"Zone.ID": 31002, "Name": "core"}, ["core"]),
        ({"Zone.ID": ["31002"], "Name": "core"}, ["core"]),
        ({"Zone.ID": 31001}, []),
        ({"CreatedAt>=": "2100-01-01"}, []),
        ({"CreatedAt<": "2100-01-01", "Name": "core"}, ["core"]),
        ({"Unknown": "x"}, []),
    ],
)
def test_filters(switches: Api, wanted: object, found: list[str]) -> None:
    assert names(switches, {"Filter": wanted}) == found
    assert names(switches, {"Filter": wanted}, escaped=False) == found


def test_pages_order_and_fields(switches: Api) -> None:
    assert names(switches, {"Sort": ["Name"]}) == ["core", "edge osaka", "edge tokyo"]
    assert names(switches, {"Sort": ["-Name"]}) == ["edge tokyo", "edge osaka", "core"]
    page = switches.get("/switch", '{"From":1,"Count":1,"Include":["Name","Index"]}').body
    assert (page["From"], page["Count"], page["Total"], page["is_ok"]) == (1, 1, 3, True)
    assert page["Switches"] == [{"Name": "edge osaka", "Index": 1}]
    short = switches.get("/switch", '{"Exclude":["Tags"]}').body["Switches"]
    assert all("Tags" not in each and "Name" in each for each in short)
    for bad in ('{"From":"1"}', '{"Filter":[]}'):
        assert switches.get("/switch", bad).refusal == (400, "invalid_format")
    assert switches.get("/switch", "{").refusal == (400, "bad_request")


def test_a_query_that_is_no_document_finds_everything(switches: Api) -> None:
    assert switches.get("/switch", "Name=core").body["Total"] == 3


def test_list_keys(api: Api) -> None:
    api.internet()
    listed = api.get("/internet").body
    assert listed["Internet"][0]["Name"] == "wan"
    assert (listed["From"], listed["Count"], listed["Total"]) == (0, 1, 1)
    api.router(api.get("/internet").body["Internet"][0]["Switch"]["ID"])
    assert len(api.get("/appliance", '{"Filter":{"Class":["vpcrouter"]}}').body["Appliances"]) == 1
    assert api.get("/appliance", '{"Filter":{"Class":["nfs"]}}').body["Appliances"] == []


def test_finding_leaves_the_objects_as_they_are() -> None:
    things = [{"Name": "b"}, {"Name": "a"}]
    find(things, parse('{"Sort":["Name"]}'), "Things")
    assert things == [{"Name": "b"}, {"Name": "a"}]


# Faults ----------------------------------------------------------------------------------------


def test_a_fault_strikes_as_often_as_asked_and_only_where_meant(api: Api) -> None:
    made = api.switch()
    api.sakura.faults.add("GET", "/switch/*", "busy", 2, retry_after=12)
    api.sakura.faults.add("*", "/appliance/*/config", "locked")
    assert api.get("/switch").status == 200
    first = api.get(f"/switch/{made}")
    assert (first.refusal, first.headers["Retry-After"]) == ((503, "busy"), "12")
    assert [api.get(f"/switch/{made}").status for _ in range(2)] == [503, 200]
    assert api.put("/appliance/1/config").refusal == (423, "locked")
    api.sakura.faults.add("GET", "/switch", "too_many_request", status=429)
    answer = api.get("/switch")
    assert (answer.refusal, "Retry-After" in answer.headers) == ((429, "too_many_request"), False)
    assert answer.body["status"] == "429 Too Many Requests"


def test_resets_before_and_after_acting(api: Api) -> None:
    for kind, count in (("reset_before", 0), ("reset_after", 1)):
        api.sakura.faults.add("POST", "/switch", kind)
        with pytest.raises(requests.ConnectionError):
            api.switch()
        assert api.get("/switch").body["Total"] == count
    assert [call for call in api.sakura.calls if not call.status] == [("POST", "/switch", 0)] * 2


def test_a_gateway_page_and_a_delay(api: Api) -> None:
    api.sakura.faults.add("GET", "/switch", "not_json")
    answer = api.get("/switch")
    assert answer.status == 502
    assert answer.body.startswith("<html>")
    waited: list[int] = []
    api.sakura.faults.add("GET", "/switch", lambda: waited.append(1))
    assert api.get("/switch").status == 200
    assert waited == [1]


def test_unknown_faults_are_refused_and_known_ones_forgotten(api: Api) -> None:
    with pytest.raises(ValueError, match="reset_before"):
        api.sakura.faults.add("GET", "/switch", "flood")
    api.sakura.faults.add("GET", "/switch", "busy")
    api.sakura.faults.clear()
    assert api.get("/switch").status == 200


# Record, log, persistence ----------------------------------------------------------------------


def test_calls_and_log_hold_no_secret(api: Api) -> None:
    router = api.running()
    api.get("/appliance", quote(json.dumps({"Filter": {"Name": KEY}})))
    assert ("PUT", f"/appliance/{router}/config", 200) in api.sakura.calls
    assert f"PUT is1b /appliance/{router}/config 200" in api.log
    assert len(api.log) == len(api.sakura.calls)
    for text in (*api.log, *map(str, api.sakura.calls), repr(api.sakura)):
        assert KEY not in text
        assert SECRET not in text
    assert not any("error" in line for line in api.log)


def test_everything_comes_back_after_a_restart(tmp_path: Path) -> None:
    with cloud(tmp_path) as api:
        router = api.running()
        before = api.get("/appliance").body
        peers = api.sakura.vpn_peers()
        api.store(router, {**api.settings(router), "SyslogHost": "192.168.2.60"})
        hidden = api.post("/internet", {"Internet": {"Name": "second", "NetworkMaskLen": 28,
                                                     "BandWidthMbps": 100}})  # fmt: skip
        api.get(f"/internet/{hidden.body['Internet']['ID']}")
    again = Sakura(tmp_path, clock=ManualClock())
    assert again.credentials == (TOKEN, SECRET)
    assert again.vpn_peers() == peers
    assert peers
    with cloud(tmp_path) as api:
        after = api.get("/appliance").body
        assert after["Appliances"][0]["Settings"]["Router"].pop("SyslogHost") == "192.168.2.60"
        for body in (before, after):
            del body["Appliances"][0]["SettingsHash"], body["Appliances"][0]["ModifiedAt"]
        assert after == before
        path = f"/internet/{hidden.body['Internet']['ID']}"
        assert [api.get(path).status for _ in range(2)] == [404, 200]
        assert api.switch() > hidden.body["Internet"]["Switch"]["ID"]


def test_the_state_file_is_for_its_owner_only_and_never_half_written(tmp_path: Path) -> None:
    with cloud(tmp_path) as api:
        api.running()
        file = tmp_path / "api.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert KEY in file.read_text(encoding="utf-8")
        assert [each.name for each in tmp_path.iterdir()] == ["api.json"]
        stamp = file.stat().st_mtime_ns
        api.get("/appliance")
        assert file.stat().st_mtime_ns == stamp


def test_times_follow_the_clock(tmp_path: Path) -> None:
    clock = ManualClock()
    sakura = Sakura(tmp_path, clock=clock)
    sakura.set_credentials(TOKEN, SECRET)
    wanted = {"Switch": {"Name": "lan"}}
    request = Request("POST", "is1b", "/switch", body=wanted, token=TOKEN, secret=SECRET)
    times = []
    for _ in range(2):
        made = sakura.handle(request).body["Switch"]["CreatedAt"]
        assert made.endswith("+09:00")
        times.append(datetime.fromisoformat(made))
        clock.advance(3600)
    assert times[1] - times[0] == timedelta(hours=1)


def test_many_clients_at_once_lose_nothing(api: Api) -> None:
    def work() -> None:
        for _ in range(5):
            api.switch()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    listed = api.get("/switch").body["Switches"]
    assert len({each["ID"] for each in listed}) == 20


def test_a_stopped_server_answers_nobody_not_even_on_open_connections(tmp_path: Path) -> None:
    with cloud(tmp_path) as api, requests.Session() as session:
        url = f"{api.server.root}/is1b/api/cloud/1.1/auth-status"
        assert session.get(url, auth=(TOKEN, SECRET), timeout=5).status_code == 200
        api.server.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(url, auth=(TOKEN, SECRET), timeout=5)
