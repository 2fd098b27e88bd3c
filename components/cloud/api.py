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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Final
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

from ..clock import Clock, Progress
from ..errors import ApiError, Cancelled, Problem, SpecError
from .credentials import Credentials
from .interrupt import interruptible
from .limits import RateLimiter
from .objects import as_id
from .router import Json
from .transport import REPEATABLE, Repeats, in_words, retry_after, secrets_in, without
from .waiting import MINUTE, pauses, silent

__all__ = ["ROOT_URL", "Client", "Unclear", "as_id", "is_missing"]

ROOT_URL: Final = "https://secure.sakura.ad.jp/cloud/zone"
GLOBAL_ZONE: Final = "is1a"  # for what belongs to no zone
_HEADERS: Final = {
    "User-Agent": "sakura-rtx-vpn",
    "X-Requested-With": "XMLHttpRequest",
    "X-Sakura-Bigint-As-Int": "1",
}
_LISTS: Final = {"appliance": "Appliances", "internet": "Internet", "switch": "Switches"}
_PAGE: Final = 100

_CONNECT_SECONDS: Final = 10.0
_LONGEST_WAIT: Final = 30 * MINUTE  # for one request with all its repeats
_BROKEN_ANSWERS: Final = 3
_SAY_EVERY: Final = 10.0  # seconds without an answer
_WORTH_SAYING: Final = 2.0  # seconds of a pause

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

    A proxy's error page does not say so, nor a gateway's JSON without an `error_code`, nor "no such
    path": with a wrong API root every object would seem to be gone.  (That the API never says it
    of an id is unverified.)
    """
    if isinstance(error, Unclear) or error.code in ("", "resource_path_not_found"):
        return False
    return error.status == 404


class Client:
    """One account in one zone.

    `root_url` (default: the credentials', else SAKURA's) must be https unless it is on this
    machine; environment proxies are not used for this machine.  All waiting is done by `clock`.
    A stop that it reports (`Cancelled`) is taken before a read or in a pause, never between two
    writes that follow each other; while an answer is awaited it is taken within a second.
    `deadline`, in the clock's seconds, ends all repeats; without one, half an hour a request does.
    `limiter` holds back requests, none if it is left out.  `source` says where the credentials
    came from.
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
        limiter: RateLimiter | None = None,
    ) -> None:
        self.zone, self.source = zone, credentials.source
        self.deadline: float | None = None
        root = (root_url or credentials.root_url or ROOT_URL).rstrip("/")
        local = _is_local(root)
        if not root.startswith("https://") and not (local and root.startswith("http://")):
            raise SpecError([Problem("API root URL", root, "https://...")], source="API access")
        self._root = root
        # As bytes, because text outside of Latin-1 would fail with a message that quotes it.
        self._auth = HTTPBasicAuth(credentials.token.encode(), credentials.secret.encode())
        self._clock, self._progress = clock, progress
        self._limits, self._limiter = credentials.limits, limiter
        self._started, self._repeats = clock.now(), 0
        self._session = session or requests.Session()
        self._session.trust_env = not local
        repeats = Repeats.bounded(self._limits, self._before_repeat)
        self._session.mount(root, HTTPAdapter(max_retries=repeats))

    @contextmanager
    def waiting_by(self, clock: Clock) -> Iterator[None]:
        """Wait by `clock` meanwhile, which runs as the one before; two threads call it."""
        before, self._clock = self._clock, clock
        try:
            yield
        finally:
            self._clock = before

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
        Raises `Unclear` for an answer without the list.
        """
        found: list[Json] = []
        while True:
            query = {"From": len(found), "Count": _PAGE, "Filter": dict(where)}
            answer = self._request("GET", f"{resource}?{quote(json.dumps(query))}")
            page, total = answer.get(_LISTS[resource]), int(answer.get("Total") or 0)
            if not isinstance(page, list) or (total and not page and not found):
                # Taken for "there is none", it would have us make a second one.
                raise Unclear(f"the API's answer holds no list ({resource})", remedy=_RUN_AGAIN)
            found += page
            whole = len(found) >= total if total else len(page) < _PAGE
            if not page or whole:
                return found

    def account(self) -> str:
        """The id of the account that the credentials belong to; "" if the API does not say it.

        Source: sakura-vpcrouter-api 1.7.
        """
        anywhere = copy(self)
        anywhere.zone = GLOBAL_ZONE
        found = anywhere.get("auth-status").get("Account")
        return as_id(found.get("ID")) if isinstance(found, dict) else ""

    def _request(self, method: str, path: str, body: Json | None = None) -> Json:
        if method == "GET":
            self._clock.wait(0)
        self._started, self._repeats = self._clock.now(), 0
        try:
            return self._answer(method, path, body)
        except (ApiError, Cancelled) as error:
            unknown = method != "GET" and isinstance(error, Unclear | Cancelled)
            error.attempted = self._attempted(method, path)
            error.state = "; ".join(
                filter(None, (self._asked_again(), _UNKNOWN_EFFECT if unknown else ""))
            )
            raise

    def _answer(self, method: str, path: str, body: Json | None) -> Json:
        for pause in pauses():
            response = self._send(method, path, body)
            content = _content(response)
            if content is not None and _is_success(response) and content.get("is_ok") is not False:
                return content
            error = self._refusal(body, response)
            waited = self._waited()
            if error.code != "still_creating" or waited + pause > _LONGEST_WAIT:
                raise error
            self._progress(f"waiting for the creation to end, {waited:.0f} s")
            self._pause(pause, error.code)
        raise AssertionError("pauses() never ends")

    def _send(self, method: str, path: str, body: Json | None) -> requests.Response:
        # urllib3 repeats until the answer's head has come; a loss after that is ours to repeat.
        for broken in range(_BROKEN_ANSWERS + 1):
            self._take_turn(stoppable=method == "GET")
            try:
                return self._exchange(method, path, body)
            except requests.RequestException as error:
                again = isinstance(error, requests.exceptions.ChunkedEncodingError)
                if not again or method not in REPEATABLE or broken == _BROKEN_ANSWERS:
                    what, remedy = in_words(error, urlsplit(self._root).netloc)
                    raise Unclear(what, remedy=remedy) from None
            self._pause(2.0**broken, "a broken answer")
        raise AssertionError("the last round returns or raises")

    def _exchange(self, method: str, path: str, body: Json | None) -> requests.Response:
        said = 0.0

        def waited(seconds: float) -> None:
            nonlocal said
            if seconds - said >= _SAY_EVERY:
                said = seconds
                self._progress(f"{self._attempted(method, path)}: no answer yet, {seconds:.0f} s")

        def work() -> requests.Response:
            patience = self._patience()
            return self._session.request(
                method,
                f"{self._root}/{quote(self.zone, safe='')}/api/cloud/1.1/{path}",
                json=body,
                headers=_HEADERS,
                auth=self._auth,
                timeout=(min(_CONNECT_SECONDS, patience), patience),
                allow_redirects=False,
            )

        return interruptible(work, self._clock, waited)

    def _take_turn(self, *, stoppable: bool) -> None:
        if self._limiter is None:
            return
        try:
            self._limiter.wait(self._clock)
        except Cancelled:
            if stoppable:  # else it is a second write, which belongs to the first
                raise

    def _before_repeat(self, seconds: float, why: str) -> None:
        if seconds >= _WORTH_SAYING:
            self._progress(f"API: {why}, asked again in {seconds:.0f} s")
        self._pause(seconds, why)
        self._take_turn(stoppable=True)

    def _pause(self, seconds: float, why: str) -> None:
        if seconds > self._left():
            raise Unclear(
                f"the API does not answer in the time that is left ({why})", remedy=_RUN_AGAIN
            )
        self._repeats += 1
        self._clock.wait(seconds)

    def _left(self) -> float:
        end = self._started + _LONGEST_WAIT
        return (end if self.deadline is None else min(end, self.deadline)) - self._clock.now()

    def _patience(self) -> float:
        return min(max(self._left(), 1.0), self._limits.timeout)

    def _waited(self) -> float:
        return self._clock.now() - self._started

    def _asked_again(self) -> str:
        return f"asked again for {self._waited():.0f} s" if self._repeats else ""

    def _attempted(self, method: str, path: str) -> str:
        return f"{method} {path.partition('?')[0]} in zone {self.zone}"

    def _refusal(self, body: Json | None, response: requests.Response) -> ApiError:
        content, status = _content(response), response.status_code
        if content is None:
            kind = response.headers.get("Content-Type") or "of an unknown type"
            code, said = "", f"{response.reason} (the answer is {kind}, not JSON)"
        else:
            code = str(content.get("error_code") or "")
            said = f"{code} {content.get('error_msg') or response.reason}".strip()
        unclear = content is None or status >= 500
        error = (Unclear if unclear else ApiError)(
            f"HTTP {status} {without(secrets_in(body), said)[:500]}",
            status=status,
            code=code,
            remedy=_REMEDIES.get(status, "").format(source=self.source),
        )
        if isinstance(error, Unclear):
            error.retry_after = retry_after(response.headers.get("Retry-After"))
        return error


_UNKNOWN_EFFECT: Final = "the request may or may not have taken effect"
_RUN_AGAIN: Final = "run the same command again; it goes on from here"


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


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
