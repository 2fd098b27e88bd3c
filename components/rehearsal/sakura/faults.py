"""Faults on request: what networks and busy servers do to a client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from .errors import STATUS

RESET_BEFORE: Final = "reset_before"
RESET_AFTER: Final = "reset_after"
NOT_JSON: Final = "not_json"
DELAY: Final = "delay"
FAILED_CREATION: Final = "failed_creation"
KINDS: Final = frozenset(
    {RESET_BEFORE, RESET_AFTER, NOT_JSON, DELAY, FAILED_CREATION, *STATUS},
)
LONGEST: Final = 3600.0  # seconds


@dataclass(frozen=True)
class Fault:
    """What happens to a request.

    `kind` is one of `KINDS`: an error code of the API (answered instead of acting), `reset_before`
    (the connection is dropped, nothing done), `reset_after` (done, but the connection is dropped
    instead of an answer), `not_json` (a gateway's 502 page), `delay` (as usual, but late),
    `failed_creation` (what `POST /appliance` makes ends as `failed`); or a callable that takes its
    time before the request goes on as usual.

    For `seconds` nothing is heard first: before the request is done, but for `reset_after`, which
    is done and then silent.  So a reset with more seconds than a client has patience is a timeout.
    `status` replaces the code's own status, `retry_after` is in seconds.
    """

    method: str
    pattern: tuple[str, ...]
    kind: str | Callable[[], None]
    status: int | None = None
    retry_after: int | None = None
    seconds: float = 0.0

    def meets(self, method: str, path: str) -> bool:
        """Whether this fault is meant for the request."""
        parts = tuple(path.strip("/").split("/"))
        return (
            self.method in ("*", method)
            and len(parts) == len(self.pattern)
            and all(map(fnmatchcase, parts, self.pattern))
        )


class Faults:
    """The faults still to come, first come first served."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []
        self._lock = threading.Lock()

    def add(
        self,
        method: str,
        path_pattern: str,
        kind: str | Callable[[], None],
        times: int = 1,
        *,
        status: int | None = None,
        retry_after: int | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Let the next `times` requests that match suffer this.

        `method` may be `*`; `path_pattern` is the path behind the API version, `*` for any one
        segment: `/appliance/*/config`.  Raises ValueError for an unknown kind, or for seconds that
        are not between 0 and an hour.
        """
        if isinstance(kind, str) and kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(sorted(KINDS))}")
        if not 0 <= seconds <= LONGEST:
            raise ValueError(f"seconds: 0 to {LONGEST:.0f}")
        pattern = tuple(path_pattern.strip("/").split("/"))
        fault = Fault(method, pattern, kind, status, retry_after, seconds)
        with self._lock:
            self._waiting.append((fault, times))

    def order(self, body: Mapping[str, Any]) -> None:
        """The same from another process, as JSON: the arguments of `add` by name, `path` for the
        pattern; or `{"clear": true}`.  Raises ValueError, KeyError or TypeError for what is none.
        """
        if body.get("clear"):
            self.clear()
            return
        known: dict[str, Any] = {
            name: kind(body[name]) for name, kind in _ORDERED.items() if name in body
        }
        if unknown := set(body) - {"method", "path", "kind", *_ORDERED}:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        self.add(str(body["method"]), str(body["path"]), str(body["kind"]), **known)

    def clear(self) -> None:
        """Forget all faults still to come."""
        with self._lock:
            self._waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, used up by it."""
        with self._lock:
            for index, (fault, times) in enumerate(self._waiting):
                if fault.meets(method, path):
                    self._waiting[index : index + 1] = [(fault, times - 1)] if times > 1 else []
                    return fault
        return None


_ORDERED: Final[dict[str, type]] = {
    "times": int,
    "status": int,
    "retry_after": int,
    "seconds": float,
}
