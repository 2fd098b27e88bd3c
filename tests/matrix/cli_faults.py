"""What goes wrong at the lines and at the calls while a tunnel is made, changed or taken away
through the real CLI, where it is cut off, and what must be said of it."""

from __future__ import annotations

from typing import Any, Final

from cli_steps import Done, Fault, order
from engine.conftest import Clone, kill, session, wait_for

from .cli_causes import WRITING

_SETTINGS: Final = "/appliance/*"
_CONFIG: Final = "/appliance/*/config"
_EITHER: Final = ("old", "new")
_GUARD: Final = "office end: guard set"
_POLICY: Final = "ipsec sa policy"
_FOR_GOOD: Final = {"kind": "full", "after": 1, "times": 0}


def _at(path: str, kind: str, **more: Any) -> tuple[dict[str, Any], ...]:
    return ({"method": "PUT", "path": path, "kind": kind, **more},)


def _api(path: str, call: str, *for_good: str) -> tuple[Fault, ...]:
    """One of the two calls that write a peer.  What is over soon is waited for and tried again."""
    refused = ("HTTP 400", "office end as before")
    return (
        Fault(f"{call} is refused", refused, api=_at(path, "bad_request")),
        Fault(
            f"{call} is refused for good",
            (*refused, *for_good),
            api=_at(path, "bad_request", times=1000),
        ),
        Fault(f"{call} is refused as busy", api=_at(path, "service_unavailable"), after=_EITHER),
        Fault(
            f"{call} is silent, then gone", api=_at(path, "reset_before", seconds=5), after=_EITHER
        ),
        Fault(f"{call} loses its answer", api=_at(path, "reset_after"), after=_EITHER),
    )


_LOST: Final = ("ended the connection", "the router goes back by itself in")
LINES: Final = (
    Fault(
        "line refused",
        ("the router refused `", "nothing is saved"),
        router=({"kind": "refuse", "matching": _POLICY},),
    ),
    Fault(
        "link lost after a line",
        _LOST,
        router=({"kind": "drop after", "matching": _POLICY},),
        guarded=True,
    ),
    Fault(
        "link lost for good",
        _LOST,
        router=({"kind": "drop after", "matching": _POLICY}, _FOR_GOOD),
        guarded=True,
    ),
)
SETTINGS: Final = _api(_SETTINGS, "PUT settings")
CONFIG: Final = _api(_CONFIG, "PUT config", "CLOUD END NOT BACK")

# The calls that make or delete something, in the order in which they come; two at the same time.
BUILDING: Final = (
    (("POST", "/switch"), ("POST", "/internet")),
    (("POST", "/appliance"),),
    (("PUT", "/appliance/*/interface/*/to/switch/*"),),
    (("PUT", _SETTINGS),),
    (("PUT", _CONFIG),),
    (("PUT", "/appliance/*/power"),),
)
GOING: Final = (
    (("PUT", _SETTINGS),),
    (("PUT", _CONFIG),),
    (("DELETE", "/appliance/*/power"),),
    (("DELETE", "/appliance/*"),),
    (("DELETE", "/internet/*"), ("DELETE", "/switch/*")),
)

# --- cut off --------------------------------------------------------------------------------------


def _kill(_: Clone, pid: int) -> None:
    kill([*session(pid)])


def _api_gone(clone: Clone, _: int) -> None:
    """Refuses both calls from now on."""
    faults = (*_at(_SETTINGS, "bad_request", times=1000), *_at(_CONFIG, "bad_request", times=1000))
    order(clone, Fault("gone", api=faults))


def _once(then: Done = _kill, *, stored: bool, applied: bool) -> Done:
    """Does it once the VPC router has a peer stored and in force, or not, as it is said."""

    def reached(clone: Clone) -> bool:
        (router,) = clone.cloud()["routers"].values()
        settings = (router[name]["Router"] for name in ("settings", "applied"))
        peers = [bool(each.get("SiteToSiteIPsecVPN", {}).get("Config")) for each in settings]
        return peers == [stored, applied]

    def done(clone: Clone, pid: int) -> None:
        wait_for(lambda: reached(clone))
        then(clone, pid)

    return done


_BEFORE: Final = "before the cloud is written"
CHANGE_CUT_OFF: Final = (
    Fault(_BEFORE, when={_GUARD: _kill}),
    Fault("while the cloud is written", when={WRITING: _kill}),
    Fault("after it", when={"waiting for traffic": _kill}),
)
# The API is silent where it is cut off.
_NO_SETTINGS: Final = _at(_SETTINGS, "reset_before", seconds=20)
_NO_CONFIG: Final = _at(_CONFIG, "reset_before", seconds=20)
_NO_ANSWER: Final = _at(_CONFIG, "reset_after", seconds=20)
CREATION_CUT_OFF: Final = (
    Fault(_BEFORE, api=_NO_SETTINGS, when={_GUARD: _kill}),
    Fault("between its calls", api=_NO_CONFIG, when={WRITING: _once(stored=True, applied=False)}),
    Fault("after it", api=_NO_ANSWER, when={WRITING: _once(stored=True, applied=True)}),
    Fault(
        "the API is gone between its calls",
        ("CLOUD END NOT BACK", "office end as before"),
        api=_at(_CONFIG, "reset_before", seconds=8),
        when={WRITING: _once(_api_gone, stored=True, applied=False)},
    ),
)
REMOVAL_CUT_OFF: Final = (
    Fault(_BEFORE, api=_NO_SETTINGS, when={_GUARD: _kill}),
    Fault("between its calls", api=_NO_CONFIG, when={_GUARD: _once(stored=False, applied=True)}),
    Fault("after it", api=_NO_ANSWER, when={_GUARD: _once(stored=False, applied=False)}),
    Fault(
        "the API is gone between its calls",
        ("CLOUD END NOT BACK", "office end as before"),
        api=_at(_CONFIG, "reset_before", seconds=8),
        when={_GUARD: _once(_api_gone, stored=False, applied=True)},
    ),
)
