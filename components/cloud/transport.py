"""What HTTP does between a request and its answer: repeats, pauses, and words for what failed.

Source: sakura-vpcrouter-api 1.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from requests import exceptions
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from .limits import Limits
from .waiting import MINUTE

REPEATABLE: Final = ("GET", "PUT", "DELETE")
_NOTHING_DONE: Final = (423, 429)
_PASSING: Final = (*_NOTHING_DONE, 502, 503, 504)
_NO_CONNECTION: Final = 3  # repeats where nobody listens
_NO_ANSWER_TRIES: Final = 5  # repeats after a lost or missing answer
_LONGEST_RETRY_AFTER: Final = 5 * MINUTE

Pause = Callable[[float, str], None]
"""Lets seconds pass; the text says why."""


class Repeats(Retry):
    """urllib3's repeats with the API's rules; its pauses are the client's."""

    pause: Pause

    @classmethod
    def bounded(cls, limits: Limits, pause: Pause) -> Repeats:
        """At most as often, and as far apart, as `limits` say."""
        retry = cls(
            total=limits.retry_max,
            connect=min(_NO_CONNECTION, limits.retry_max),
            read=min(_NO_ANSWER_TRIES, limits.retry_max),
            other=0,  # TLS errors among them: they do not pass
            redirect=0,
            status_forcelist=_PASSING,
            allowed_methods=REPEATABLE,
            backoff_factor=limits.retry_wait_min,
            backoff_max=limits.retry_wait_max,
            raise_on_status=False,
        )
        retry.pause = pause
        return retry

    def new(self, **kw: Any) -> Repeats:
        """The same with one try less."""
        other = super().new(**kw)
        other.pause = self.pause
        return other

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether this answer is worth another try; a `POST` only where nothing was done."""
        if method not in REPEATABLE:
            return status_code in _NOTHING_DONE
        return super().is_retry(method, status_code, has_retry_after)

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """As long as the API asks, else twice as long as the last time."""
        asked, why = 0.0, "no answer"
        if response is not None:
            asked, why = retry_after(response.headers.get("Retry-After")), f"HTTP {response.status}"
        first = min(self.backoff_factor, self.backoff_max)
        self.pause(asked or max(first, self.get_backoff_time()), why)


def retry_after(header: str | None) -> float:
    """Seconds that the API asks to wait, bounded; 0 if it does not say, or not legibly."""
    if header:
        with suppress(InvalidHeader):
            return min(Retry().parse_retry_after(header), _LONGEST_RETRY_AFTER)
    return 0.0


def in_words(error: Exception, host: str) -> tuple[str, str]:
    """What happened instead of an answer, and what to do about it."""
    what, remedy = next(
        words
        for kind, sign, words in _NO_ANSWER
        if isinstance(error, kind) and (not sign or sign in str(error))
    )
    return what.format(host=host), remedy


_NO_ANSWER: Final[tuple[tuple[type[Exception], str, tuple[str, str]], ...]] = (
    (
        exceptions.SSLError,
        "CERTIFICATE_VERIFY_FAILED",
        (
            "the TLS certificate of {host} is not accepted",
            "if a proxy inspects TLS, name its certificate in REQUESTS_CA_BUNDLE;"
            " else check the clock of this machine and the API root URL",
        ),
    ),
    (
        exceptions.SSLError,
        "",
        ("what answers at {host} does not speak TLS as it should", "check the API root URL"),
    ),
    (
        exceptions.ProxyError,
        "",
        ("the proxy does not let us through to {host}", "check HTTPS_PROXY and NO_PROXY"),
    ),
    (
        exceptions.ConnectTimeout,
        "",
        ("no connection to {host} in time", "check the network and the API root URL"),
    ),
    (
        exceptions.Timeout,
        "",
        ("{host} did not answer in time", "check the network, then run again"),
    ),
    (
        exceptions.ChunkedEncodingError,
        "",
        ("the connection to {host} broke in the middle of the answer", "run again"),
    ),
    (
        exceptions.ConnectionError,
        "",
        (
            "no connection to {host}, or it broke before the answer",
            "check the network and the API root URL, then run again",
        ),
    ),
    (
        Exception,
        "",
        ("the request to {host} could not be made", "check the API root URL and HTTPS_PROXY"),
    ),
)


def secrets_in(body: object) -> Iterator[str]:
    """Every key and password in a request: an error message of the API might quote one."""
    if isinstance(body, dict):
        for name, value in body.items():
            if name in ("PreSharedSecret", "Password") and isinstance(value, str) and value:
                yield value
            yield from secrets_in(value)
    elif isinstance(body, list):
        for value in body:
            yield from secrets_in(value)


def without(secrets: Iterator[str], message: str) -> str:
    """The message with every secret blacked out."""
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, "[secret]")
    return message
