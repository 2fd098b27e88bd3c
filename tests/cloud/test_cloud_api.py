"""The HTTP client against a server that says exactly what it is told to."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from scripted_api import CREDENTIALS, CUT, GOOD, RESET, SECRET, TOKEN, Script, refusal, scripted

from components.clock import ManualClock
from components.cloud.api import Client, Unclear
from components.cloud.credentials import Credentials
from components.cloud.objects import as_id
from components.errors import ApiError, Cancelled, SpecError


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as script:
        yield script


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def client(script: Script, clock: ManualClock) -> Client:
    return Client(CREDENTIALS, "is1b", clock=clock, root_url=script.root)


def send(client: Client, method: str) -> dict[str, Any]:
    return {"GET": client.get, "PUT": client.put, "DELETE": client.delete, "POST": client.post}[
        method
    ]("appliance/1")


# --- what is sent


def test_request_is_what_the_api_expects(client: Client, script: Script) -> None:
    client.put("appliance/1", {"Appliance": {"Name": "名"}})
    method, path, headers, body = script.asked[0]
    assert (method, path) == ("PUT", "/cloud/zone/is1b/api/cloud/1.1/appliance/1")
    assert headers["Authorization"] == "Basic " + base64.b64encode(
        f"{TOKEN}:{SECRET}".encode()
    ).decode("ascii")
    assert headers["X-Requested-With"] == "XMLHttpRequest"
    assert headers["X-Sakura-Bigint-As-Int"] == "1"
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"Appliance": {"Name": "名"}}


def test_call_without_a_body_has_no_content_type(client: Client, script: Script) -> None:
    client.put("appliance/1/config")
    assert "Content-Type" not in script.asked[0][2]
    assert script.asked[0][3] == b""


def test_credentials_outside_of_latin_1_fail_only_at_the_api(
    script: Script, clock: ManualClock
) -> None:
    script.says((401, refusal("unauthorized")))
    odd = Credentials("とーくん", "ひみつ", "stack configuration")
    with pytest.raises(ApiError) as caught:
        Client(odd, "is1b", clock=clock, root_url=script.root).get("auth-status")
    assert caught.value.status == 401


def test_find_sends_the_filter_as_the_query_and_reads_all_pages(
    client: Client, script: Script
) -> None:
    pages = [{"Total": 3, "Appliances": [{"ID": n} for n in ids]} for ids in ((1, 2), (3,))]
    script.says(*((200, page) for page in pages))
    found = client.find("appliance", {"Tags.Name": [["@sakurartx=0123"]]})
    assert [thing["ID"] for thing in found] == [1, 2, 3]
    queries = [json.loads(unquote(path.partition("?")[2])) for _, path, _, _ in script.asked]
    assert [query["From"] for query in queries] == [0, 2]
    assert queries[0]["Filter"] == {"Tags.Name": [["@sakurartx=0123"]]}


def test_find_ends_when_the_total_is_wrong(client: Client, script: Script) -> None:
    script.says((200, {"Total": 9, "Internet": [{"ID": 1}]}), (200, {"Total": 9, "Internet": []}))
    assert client.find("internet", {}) == [{"ID": 1}]


# --- what is repeated


@pytest.mark.parametrize("status", [423, 429, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_passing_trouble_is_waited_out(
    client: Client, script: Script, clock: ManualClock, method: str, status: int
) -> None:
    trouble = (status, refusal("busy"))
    script.says(trouble, trouble, trouble, (200, GOOD))
    assert send(client, method) == GOOD
    assert clock.now() == 1 + 2 + 4


@pytest.mark.parametrize(("header", "seconds"), [("12", 12.0), ("soon", 1.0), ("99999", 300.0)])
def test_retry_after_is_obeyed_within_reason(
    client: Client, script: Script, clock: ManualClock, header: str, seconds: float
) -> None:
    script.says((503, refusal("too_many_request"), {"Retry-After": header}), (200, GOOD))
    client.get("appliance/1")
    assert clock.now() == seconds


def test_trouble_that_stays_is_given_up_and_said(
    client: Client, script: Script, clock: ManualClock
) -> None:
    script.says((503, refusal("service_unavailable", "サービス停止中です。")))
    with pytest.raises(Unclear) as caught:
        client.get("appliance/1")
    assert len(script.asked) == 11
    assert clock.now() == sum(min(2**n, 64) for n in range(10))
    assert "サービス停止中です。" in str(caught.value)
    assert f"asked again for {clock.now():.0f} s" in str(caught.value)
    assert (caught.value.status, caught.value.code) == (503, "service_unavailable")


@pytest.mark.parametrize("status", [423, 429])
def test_post_is_repeated_where_nothing_was_done(
    client: Client, script: Script, status: int
) -> None:
    script.says((status, refusal("locked")), (202, GOOD))
    assert client.post("appliance") == GOOD
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [
        (503, refusal("operation_timeout"), {"Retry-After": "7"}),
        (502, b"<html>Bad Gateway</html>"),
        (200, b"<html>Welcome to the hotel</html>"),
        RESET,
        CUT,
    ],
)
def test_post_without_a_clear_answer_is_never_repeated(
    client: Client, script: Script, answer: Any
) -> None:
    script.says(answer)
    with pytest.raises(Unclear) as caught:
        client.post("appliance", {"Appliance": {}})
    assert len(script.asked) == 1
    assert caught.value.retry_after == (7.0 if answer[0] == 503 else 0.0)


@pytest.mark.parametrize("broken", [RESET, CUT])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_lost_answer_of_a_harmless_repeat_pitfall_23(
    client: Client, script: Script, method: str, broken: str
) -> None:
    script.says(broken, broken, (200, GOOD))
    assert send(client, method) == GOOD


def test_answers_that_break_for_ever(client: Client, script: Script) -> None:
    script.says(CUT)
    with pytest.raises(Unclear, match="broke in the middle of the answer"):
        client.put("appliance/1")
    assert len(script.asked) == 4


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_still_creating_waits(
    client: Client, script: Script, clock: ManualClock, method: str
) -> None:
    busy = (409, refusal("still_creating"))
    script.says(busy, busy, (200, GOOD))
    assert send(client, method) == GOOD
    assert clock.now() == 0.5 + 1


def test_still_creating_is_bounded(client: Client, script: Script, clock: ManualClock) -> None:
    script.says((409, refusal("still_creating")))
    with pytest.raises(ApiError) as caught:
        client.put("appliance/1/power")
    assert caught.value.code == "still_creating"
    assert 1700 < clock.now() <= 1800


def test_other_conflicts_are_errors_at_once(client: Client, script: Script) -> None:
    script.says((409, refusal("conflict", "対象の状態が不正です。")))
    with pytest.raises(ApiError) as caught:
        client.put("appliance/1/power")
    assert len(script.asked) == 1
    assert not isinstance(caught.value, Unclear)
    assert "HTTP 409 conflict 対象の状態が不正です。" in str(caught.value)
    assert "PUT appliance/1/power in zone is1b" in str(caught.value)


def test_no_repeat_goes_beyond_the_deadline(
    client: Client, script: Script, clock: ManualClock
) -> None:
    client.deadline = 5.0
    script.says((503, refusal("busy")))
    with pytest.raises(Unclear, match="time that is left"):
        client.put("appliance/1")
    assert clock.now() <= 5.0
    assert len(script.asked) == 3


# --- stopping


class Stopped(ManualClock):
    """A clock on which the user has asked to stop."""

    def wait(self, seconds: float) -> None:
        raise Cancelled("stopped on request")


def test_stop_is_taken_before_a_read_and_not_before_a_write(script: Script) -> None:
    client = Client(CREDENTIALS, "is1b", clock=Stopped(), root_url=script.root)
    with pytest.raises(Cancelled):
        client.get("appliance/1")
    assert script.asked == []
    client.put("appliance/1/config")
    assert len(script.asked) == 1


def test_stop_is_taken_in_a_pause(script: Script) -> None:
    script.says((503, refusal("busy")))
    with pytest.raises(Cancelled):
        Client(CREDENTIALS, "is1b", clock=Stopped(), root_url=script.root).put("appliance/1")
    assert len(script.asked) == 1


# --- what is said


def test_wrong_token_names_its_source_and_no_value(client: Client, script: Script) -> None:
    script.says((401, refusal("unauthorized", "認証に失敗しました。")))
    with pytest.raises(ApiError) as caught:
        client.get("auth-status")
    text = str(caught.value)
    assert "認証に失敗しました。" in text
    assert "check the access token and its secret: environment SAKURA_ACCESS_TOKEN" in text
    assert TOKEN not in text
    assert SECRET not in text


def test_key_that_the_api_quotes_is_masked(client: Client, script: Script) -> None:
    script.says((400, refusal("invalid_format", "PreSharedSecret canary-key-1 は使えません")))
    body = {"Appliance": {"Config": [{"PreSharedSecret": "canary-key-1"}]}}
    with pytest.raises(ApiError) as caught:
        client.put("appliance/1", body)
    assert "canary-key-1" not in str(caught.value)
    assert "PreSharedSecret [secret] は使えません" in str(caught.value)


def test_page_that_is_no_json_is_named_and_not_shown(client: Client, script: Script) -> None:
    script.says((404, b"<html>proxy</html>", {"Content-Type": "text/html"}))
    with pytest.raises(Unclear) as caught:
        client.get("appliance/1")
    assert "HTTP 404 Not Found (the answer is text/html, not JSON)" in str(caught.value)


def test_success_that_is_none(client: Client, script: Script) -> None:
    script.says((200, {"is_ok": False, "Success": False}))
    with pytest.raises(ApiError, match="HTTP 200"):
        client.put("appliance/1")


def test_empty_success(client: Client, script: Script) -> None:
    script.says((204, b""))
    assert client.delete("appliance/1") == {}


def test_redirects_are_not_followed(client: Client, script: Script) -> None:
    script.says((302, b"", {"Location": "/elsewhere"}))
    with pytest.raises(ApiError, match="HTTP 302"):
        client.get("appliance/1")
    assert len(script.asked) == 1


def test_nobody_listens(clock: ManualClock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        root = f"http://127.0.0.1:{taken.getsockname()[1]}/cloud/zone"
        with pytest.raises(Unclear, match=r"no connection to 127\.0\.0\.1") as caught:
            Client(CREDENTIALS, "is1b", clock=clock, root_url=root).get("appliance/1")
    assert SECRET not in str(caught.value)
    assert clock.now() == 1 + 2 + 4


def test_proxy_is_not_used_for_this_machine(
    client: Client, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert client.get("appliance/1") == GOOD


def test_credentials_travel_in_clear_to_nobody_else(clock: ManualClock) -> None:
    with pytest.raises(SpecError, match="https://"):
        Client(CREDENTIALS, "is1b", clock=clock, root_url="http://api.example/cloud/zone")


@pytest.mark.parametrize(
    ("given", "read"), [(113400000001, "113400000001"), ("7", "7"), (None, ""), ("", "")]
)
def test_ids_in_every_form_pitfall_17(given: object, read: str) -> None:
    assert as_id(given) == read


def test_id_that_is_none() -> None:
    with pytest.raises(ApiError, match="no number"):
        as_id("../appliance")
