"""The errors of this package: one root, a class for each place where something can be wrong.

Every error can say what was attempted, what is true now and what to do next; no error holds a key
or a password.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple


class VpnError(Exception):
    """Root of all errors that a user can understand and act on.

    `what` is one sentence about what is wrong.  `attempted`, `state` (what is true now, at both
    ends if both are concerned) and `remedy` (what to do next) may be empty.
    """

    end = ""

    def __init__(
        self, what: str, *, attempted: str = "", state: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what)
        self.what, self.attempted, self.state, self.remedy = what, attempted, state, remedy

    def __str__(self) -> str:
        lines = [f"{self.end}: {self.what}" if self.end else self.what]
        parts = (("attempted", self.attempted), ("now", self.state), ("next", self.remedy))
        return "\n".join(lines + [f"  {name}: {text}" for name, text in parts if text])


def add_state(error: BaseException, *said: str) -> None:
    """Let an error say what is true now as well; one that is not ours says it in a note."""
    texts = [text for text in said if text]
    if isinstance(error, VpnError):
        error.state = "; ".join(filter(None, (error.state, *texts)))
    elif texts:
        error.add_note(f"now: {'; '.join(texts)}")


@contextmanager
def following(first: BaseException | None) -> Iterator[None]:
    """An error that is raised in here came after `first`, if that is one of ours, and tells it too.

    Its kind stays, and what it says of itself comes first; what `first` had found out, and what
    mends that, is not lost.
    """
    try:
        yield
    except VpnError as error:
        if isinstance(first, VpnError) and error is not first:
            said = f" (router: {text})" if (text := getattr(first, "said", "")) else ""
            error.what = f"{error.what}; before that: {first.what}{said}"
            error.attempted = "; then ".join(filter(None, (first.attempted, error.attempted)))
            error.remedy = "; ".join(filter(None, (error.remedy, first.remedy)))
        raise


class Cancelled(VpnError):
    """The user asked to stop (Ctrl-C) at a point where stopping is safe."""


class Problem(NamedTuple):
    """One thing wrong in what the user wrote.

    `path` names the place (`office.wan.address`), `found` what stands there, `allowed` what may.
    """

    path: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}; allowed: {self.allowed}"


class SpecError(VpnError):
    """What the user wrote cannot be used: every problem with its place in the site file."""

    def __init__(self, problems: Iterable[Problem], *, source: str = "site file") -> None:
        self.problems = tuple(problems)
        super().__init__(
            "\n".join([f"{source} is not usable:", *(f"  {p}" for p in self.problems)])
        )


class ApiError(VpnError):
    """The SAKURA Cloud API refused or could not be used.

    `status` is the HTTP status (0 if there was no answer), `code` the API's `error_code`.
    `nothing_written`: it came before anything was written, for certain.
    """

    end = "cloud end"
    nothing_written = False

    def __init__(
        self,
        what: str,
        *,
        status: int = 0,
        code: str = "",
        attempted: str = "",
        state: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(what, attempted=attempted, state=state, remedy=remedy)
        self.status, self.code = status, code


class DeviceError(VpnError):
    """The RTX refused a line, said something unexpected or could not be reached.

    `said` is the router's own text, in its own language.
    """

    end = "office end"

    def __init__(
        self, what: str, *, said: str = "", attempted: str = "", state: str = "", remedy: str = ""
    ) -> None:
        super().__init__(what, attempted=attempted, state=state, remedy=remedy)
        self.said = said

    def __str__(self) -> str:
        text = super().__str__()
        if not self.said:
            return text
        first, *more = self.said.splitlines()
        block = "".join(f"\n    {line}" for line in (first, *more))
        return f"{text}\n  router:{block if more else f' {first}'}"


class Unreachable(DeviceError):
    """No connection to the RTX, or it ended in the middle."""


class LoginRefused(DeviceError):
    """The RTX does not let us in, or not up to administrator; or nobody told us what would."""


class HostKeyRefused(DeviceError):
    """The RTX shows another host key than the pinned one, or none is pinned yet.

    `shown` is the key as a line of OpenSSH and `fingerprint` its SHA-256; "" if it showed none.
    `pin` is where the site file pins it.
    """

    shown = fingerprint = pin = ""


class VerifyError(VpnError):
    """No traffic although everything was configured; `state` says what stands at both ends."""
