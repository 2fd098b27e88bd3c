"""HTTP to the SAKURA Cloud API: authentication, zones, errors, repeats.

What is repeated by itself: everything on 423 and 429, where the API says that it did nothing;
reading, `PUT` and `DELETE` also on 502 to 504 and on a lost connection.  A `POST` that got no clear
answer is never sent again from here: it raises `Unclear`, and the caller looks whether it took
effect.

Source: sakura-vpcrouter-api 1.1 to 1.5 and 1.8.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from ..clock import Clock, Progress
from ..errors import ApiError, Problem, SpecError
from .credentials import Credentials
from .objects import as_id
from .router import Json
from .waiting import MINUTE, pauses, silent

__all__ = ["ROOT_URL", "Client", "Unclear", "as_id", "is_missing"]

ROOT_URL: Final = "https://secure.sakura.ad.jp/cloud/zone"
_HEADERS: Final = {
    "User-Agent": "sakura-rtx-vpn",
    "X-Requested-With": "XMLHttpRequest",
    "X-Sakura-Bigint-As-Int": "1",
}
_LISTS: Final = {"appliance": "Appliances", "internet": "Internet", "switch": "Switches"}
_PAGE: Final = 100

_REPEATABLE: Final = ("GET", "PUT", "DELETE")
_NOTHING_DONE: Final = (423, 429)
_PASSING: Final = (*_NOTHING_DONE, 502, 503, 504)
_TRIES: Final = 10  # repeats, as the official clients; 1, 2, 4 ... 64 s apart
_LONGEST_PAUSE: Final = 64.0
_LONGEST_RETRY_AFTER: Final = 5 * MINUTE
_CONNECT_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 120.0
_STILL_CREATING: Final = 30 * MINUTE
_BROKEN_ANSWERS: Final = 3

_REMEDIES: Final = {
    401: "check the access token and its secret: {source}",
    402: "settle the account's payment in the control panel",
    403: "give the access key the permission to create and delete, or use another: {source}",
    423: "something else is working on it: try again later",
    429: "the API is asked too often: try again later",
    503: "the service is busy or in maintenance: try again later",
}


class Unclear(ApiError):
    """No clear answer: whether the request took effect is not known.

    `retry_after` is how many seconds the API asks to wait, 0 if it does not say.
    """

    retry_after = 0.0


def is_missing(error: ApiError) -> bool:
    """Whether the API says that there is no such object.

    A proxy's error page does not say so, and neither does "no such path": with a wrong API root
    every object would seem to be gone.  (That the API never says it of an id is unverified.)
    """
    if isinstance(error, Unclear) or error.code == "resource_path_not_found":
        return False
    return error.status == 404


class Client:
    """One account in one zone.

    `root_url` (default: the credentials', else SAKURA's) must be https unless it is on this
    machine; environment proxies are not used for this machine.  All waiting is done by `clock`,
    and a stop that it reports (`Cancelled`) is taken before a read or in a pause, never between
    two writes that follow each other.  `deadline`, in the clock's seconds, ends all repeats.
    """

    def __init__(
        self,
        credentials: Credentials,
        zone: str,
        *,
        clock: Clock,
        root_url: str | None = None,
        progress: Progress = silent,
        session: requests.Session | None = None,
    ) -> None:
        self.zone, self._source = zone, credentials.source
        self.deadline: float | None = None
        root = (root_url or credentials.root_url or ROOT_URL).rstrip("/")
        local = _is_local(root)
        if not root.startswith("https://") and not (local and root.startswith("http://")):
            raise SpecError([Problem("API root URL", root, "https://...")], source="API access")
        self._base = f"{root}/{quote(zone, safe='')}/api/cloud/1.1"
        # As bytes, because text outside of Latin-1 would fail with a message that quotes it.
        self._auth = HTTPBasicAuth(credentials.token.encode(), credentials.secret.encode())
        self._clock, self._progress = clock, progress
        self._session = session or requests.Session()
        self._session.trust_env = not local
        self._session.mount(root, HTTPAdapter(max_retries=_Retry.bounded(self._pause)))

    def get(self, path: str) -> Json:
        """`GET`; the whole answer, as of all four.  Raises `ApiError`."""
        return self._request("GET", path)

    def post(self, path: str, body: Json | None = None) -> Json:
        """`POST`, sent once; `Unclear` if it is not known whether it took effect."""
        return self._request("POST", path, body)

    def put(self, path: str, body: Json | None = None) -> Json:
        """`PUT`; may be repeated after a lost answer, so it can meet its own effect."""
        return self._request("PUT", path, body)

    def delete(self, path: str, body: Json | None = None) -> Json:
        """`DELETE`; may be repeated after a lost answer, so it can meet its own effect."""
        return self._request("DELETE", path, body)

    def find(self, resource: str, where: Mapping[str, object]) -> list[Json]:
        """All objects of a resource (`appliance`, `internet`, `switch`) that match a filter.

        Filters as in sakura-vpcrouter-api 1.8; they only narrow the answer, so check what matters.
        """
        found: list[Json] = []
        while True:
            query = {"From": len(found), "Count": _PAGE, "Filter": dict(where)}
            answer = self._request("GET", f"{resource}?{quote(json.dumps(query))}")
            page = answer.get(_LISTS[resource]) or []
            found += page
            if not page or len(found) >= int(answer.get("Total") or 0):
                return found

    def _request(self, method: str, path: str, body: Json | None = None) -> Json:
        if method == "GET":
            self._clock.wait(0)
        started = self._clock.now()
        for pause in pauses():
            response = self._send(method, path, body)
            content = _content(response)
            if content is not None and _is_success(response) and content.get("is_ok") is not False:
                return content
            error = self._refusal(method, path, body, response)
            waited = self._clock.now() - started
            if error.code != "still_creating" or waited + pause > _STILL_CREATING:
                error.state = f"asked again for {waited:.0f} s" if waited >= 1 else ""
                raise error
            self._progress(f"waiting for the creation to end, {waited:.0f} s")
            self._pause(pause)
        raise AssertionError("pauses() never ends")

    def _send(self, method: str, path: str, body: Json | None) -> requests.Response:
        # urllib3 repeats until the answer's head has come; a loss after that is ours to repeat.
        for broken in range(_BROKEN_ANSWERS + 1):
            try:
                return self._session.request(
                    method,
                    f"{self._base}/{path}",
                    json=body,
                    headers=_HEADERS,
                    auth=self._auth,
                    timeout=(_CONNECT_SECONDS, self._patience()),
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                again = isinstance(error, requests.exceptions.ChunkedEncodingError)
                if not again or method not in _REPEATABLE or broken == _BROKEN_ANSWERS:
                    raise self._no_answer(method, path, error) from None
            self._pause(2.0**broken)
        raise AssertionError("the last round returns or raises")

    def _pause(self, seconds: float) -> None:
        if self.deadline is not None and self._clock.now() + seconds > self.deadline:
            raise Unclear(
                "the API does not answer in the time that is left",
                state="the request may or may not have taken effect",
            )
        self._clock.wait(seconds)

    def _patience(self) -> float:
        if self.deadline is None:
            return _ANSWER_SECONDS
        return min(max(self.deadline - self._clock.now(), 1.0), _ANSWER_SECONDS)

    def _attempted(self, method: str, path: str) -> str:
        return f"{method} {path.partition('?')[0]} in zone {self.zone}"

    def _no_answer(self, method: str, path: str, error: requests.RequestException) -> Unclear:
        host = urlsplit(self._base).netloc
        what, remedy = next(words for kind, words in _NO_ANSWER if isinstance(error, kind))
        return Unclear(
            what.format(host=host),
            attempted=self._attempted(method, path),
            state="" if method == "GET" else "the request may or may not have taken effect",
            remedy=remedy,
        )

    def _refusal(
        self, method: str, path: str, body: Json | None, response: requests.Response
    ) -> ApiError:
        content, status = _content(response), response.status_code
        if content is None:
            kind = response.headers.get("Content-Type") or "of an unknown type"
            code, said = "", f"{response.reason} (the answer is {kind}, not JSON)"
        else:
            code = str(content.get("error_code") or "")
            said = f"{code} {content.get('error_msg') or response.reason}".strip()
        unclear = content is None or status >= 500
        error = (Unclear if unclear else ApiError)(
            f"HTTP {status} {_without(_secrets(body), said)[:500]}",
            status=status,
            code=code,
            attempted=self._attempted(method, path),
            remedy=_REMEDIES.get(status, "").format(source=self._source),
        )
        if isinstance(error, Unclear):
            error.retry_after = _retry_after(response.headers.get("Retry-After"))
        return error


_NO_ANSWER: Final[tuple[tuple[type[Exception], tuple[str, str]], ...]] = (
    (
        requests.exceptions.SSLError,
        (
            "the TLS certificate of {host} is not accepted",
            "if a proxy inspects TLS, name its certificate in REQUESTS_CA_BUNDLE",
        ),
    ),
    (
        requests.exceptions.ProxyError,
        ("the proxy does not let us through to {host}", "check HTTPS_PROXY and NO_PROXY"),
    ),
    (
        requests.exceptions.Timeout,
        ("{host} did not answer in time", "check the network, then run again"),
    ),
    (
        requests.exceptions.ChunkedEncodingError,
        ("the connection to {host} broke in the middle of the answer", "run again"),
    ),
    (
        requests.exceptions.ConnectionError,
        (
            "no connection to {host}, or it broke before the answer",
            "check the network and the API root URL, then run again",
        ),
    ),
    (Exception, ("the request to {host} could not be made", "check the API root URL")),
)


class _Retry(Retry):
    """urllib3's repeats with the API's rules; its pauses are the client's."""

    pause: Callable[[float], None]

    @classmethod
    def bounded(cls, pause: Callable[[float], None]) -> _Retry:
        retry = cls(
            total=_TRIES,
            connect=3,
            read=5,
            other=0,  # TLS errors among them: they do not pass
            redirect=0,
            status_forcelist=_PASSING,
            allowed_methods=_REPEATABLE,
            backoff_factor=1,
            backoff_max=_LONGEST_PAUSE,
            raise_on_status=False,
        )
        retry.pause = pause
        return retry

    def new(self, **kw: Any) -> _Retry:
        other = super().new(**kw)
        other.pause = self.pause
        return other

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        if method not in _REPEATABLE:
            return status_code in _NOTHING_DONE
        return super().is_retry(method, status_code, has_retry_after)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        asked = _retry_after(response.headers.get("Retry-After")) if response is not None else 0.0
        self.pause(asked or max(1.0, self.get_backoff_time()))


def _retry_after(header: str | None) -> float:
    """Seconds that the API asks to wait, bounded; 0 if it does not say, or not legibly."""
    if header:
        with suppress(InvalidHeader):
            return min(Retry().parse_retry_after(header), _LONGEST_RETRY_AFTER)
    return 0.0


def _is_success(response: requests.Response) -> bool:
    return 200 <= response.status_code < 300  # redirects are not followed, so they are none


def _content(response: requests.Response) -> Json | None:
    """The JSON object of an answer, None if it is none; an empty answer is an empty object."""
    if not response.content and _is_success(response):
        return {}
    try:
        content = response.json()
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _secrets(body: object) -> Iterator[str]:
    """Every key and password in a request: an error message of the API might quote one."""
    if isinstance(body, dict):
        for name, value in body.items():
            if name in ("PreSharedSecret", "Password") and isinstance(value, str) and value:
                yield value
            yield from _secrets(value)
    elif isinstance(body, list):
        for value in body:
            yield from _secrets(value)


def _without(secrets: Iterator[str], message: str) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, "[secret]")
    return message


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
