"""Faults on request: what networks and busy servers do to a client."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from .errors import STATUS

RESET_BEFORE: Final = "reset_before"
RESET_AFTER: Final = "reset_after"
NOT_JSON: Final = "not_json"
KINDS: Final = frozenset({RESET_BEFORE, RESET_AFTER, NOT_JSON, *STATUS})


@dataclass(frozen=True)
class Fault:
    """What happens to a request.

    `kind` is an error code of the API (answered instead of acting), `reset_before` (the connection
    is dropped, nothing done), `reset_after` (done, but the connection is dropped instead of an
    answer), `not_json` (a gateway's 502 page) or a callable that takes its time before the request
    goes on as usual.  `status` replaces the code's own status, `retry_after` is in seconds.
    """

    method: str
    pattern: tuple[str, ...]
    kind: str | Callable[[], None]
    status: int | None = None
    retry_after: int | None = None

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
    ) -> None:
        """Let the next `times` requests that match suffer this.

        `method` may be `*`; `path_pattern` is the path behind the API version, `*` for any one
        segment: `/appliance/*/config`.  Raises ValueError for an unknown kind.
        """
        if isinstance(kind, str) and kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(sorted(KINDS))}")
        pattern = tuple(path_pattern.strip("/").split("/"))
        with self._lock:
            self._waiting.append((Fault(method, pattern, kind, status, retry_after), times))

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
