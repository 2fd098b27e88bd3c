"""The check of a tunnel: what stops it, what warns, what was accepted, and what costs nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any, Final

import pytest
from cloud_stand_in import URN

from components.cloud.router import vpn_values
from components.office.codes import BY_PREVIEW, CODES
from components.office.render import ADDRESS_PLACEHOLDER, render
from components.provider.handler import Context, Failure
from components.provider.tunnel import Tunnel
from components.provider.values import UNKNOWN, Props, Secret
from components.site import Site

KEY: Final = "CANARY_" + "k" * 33


class Heard(Context):
    """A call of which the messages can be read, warnings apart from the rest."""

    warned: list[str]
    told: list[str]

    def info(self, text: str) -> None:
        self.told.append(self.scrub(text))

    def warning(self, text: str) -> None:
        self.warned.append(self.scrub(text))


def inputs(extra: str = "", accept: dict[str, str] | None = None, **more: Any) -> Props:
    site = Site.parse(
        {
            "cloud": {"zone": "is1b", "lan": "192.168.2.0/24"},
            "office": {
                "router": {"host": "192.168.1.1", "user": "ops"},
                "lan": "192.168.1.0/24",
                "wan": {"address": "198.51.100.20"},
                "tunnel": 2,
                "extra_lines": extra,
            },
        }
    )
    return {
        "routerId": "113400000101",
        "address": "203.0.113.4",
        "lines": render(site.agreement, site.office_end),
        "cloud": vpn_values(site.agreement),
        "psk": Secret(KEY),
        "numbers": {"tunnel": 2, "policy": 102, "gateway": 2},
        "router": site.office.router.given,
        "consent": {"accept": accept},
        **more,
    }


def checked(given: Props) -> tuple[Props | list[Failure], Heard]:
    ctx = Heard(URN.format("sakurartx:index:Tunnel", "x"), True, 0.0, threading.Event(), {}, None)
    ctx.warned, ctx.told = [], []
    ctx.hidden.add(KEY)
    return Tunnel().check(given, ctx), ctx


def test_what_is_in_order_says_nothing() -> None:
    result, ctx = checked(inputs())
    assert isinstance(result, dict)
    assert "ipsec ike remote address 2 203.0.113.4" in result["lines"]
    assert (ctx.warned, ctx.told) == ([], [])


def test_an_error_stops_and_says_where_why_and_what_to_do() -> None:
    result, ctx = checked(inputs("ipsec ike version 2 2\nipsec ike send info 2 off"))
    assert isinstance(result, list)
    (failure,) = result
    assert failure.reason == (
        "lines: ike-version-2: ipsec ike version 2 2: the VPC router speaks IKEv1 only\n"
        "  remedy: no ipsec ike version 2\n"
        "  or accept it in the site file: accept: {ike-version-2: why}"
    )
    (warned,) = ctx.warned
    assert warned.startswith("delete-notice-off: ipsec ike send info 2 off: ")
    assert "accept: {delete-notice-off: why}" in warned


def test_an_accepted_finding_is_one_quiet_line_with_the_reason() -> None:
    result, ctx = checked(inputs("ipsec ike version 2 2", {"ike-version-2": "rehearsed, see #12"}))
    assert isinstance(result, dict)
    assert ctx.warned == []
    assert ctx.told == ["accepted in the site file: ike-version-2: rehearsed, see #12"]


def test_an_acceptance_that_accepts_nothing_here_is_said_to_be_so() -> None:
    accept = {"weak-hash": "until 2027", "nat-static-missing": "the ISP's box forwards"}
    _, ctx = checked(inputs(accept=accept))
    assert ctx.told == [
        "accepted in the site file: "
        "nat-static-missing: the ISP's box forwards (only the router itself can tell); "
        "weak-hash: until 2027 (nothing here needs it: take it out)"
    ]


@pytest.mark.parametrize(
    ("key", "codes"),
    [
        (Secret("short_CANARY"), ["short-key"]),
        ("short_CANARY", ["short-key"]),
        (UNKNOWN, []),
        (Secret(UNKNOWN), []),
    ],
)
def test_a_short_key_warns_without_the_key(key: Any, codes: list[str]) -> None:
    result, ctx = checked(inputs(psk=key))
    assert isinstance(result, dict)
    assert [text.split(":")[0] for text in ctx.warned] == codes
    assert "CANARY" not in "".join(ctx.warned)


def test_a_key_that_the_api_refuses_is_a_failure_of_the_key() -> None:
    result, _ = checked(inputs(psk=Secret("with-hyphen-CANARY-0123456789")))
    assert isinstance(result, list)
    (failure,) = result
    assert failure.reason.startswith("psk: key-not-accepted: ")
    assert "CANARY" not in failure.reason


def test_the_cloud_end_of_the_same_inputs_is_compared() -> None:
    values = inputs()["cloud"] | {"dhGroup": "modp4096"}
    result, _ = checked(inputs(cloud=values))
    assert isinstance(result, list)
    assert result[0].reason.startswith("cloud: group-not-on-rtx: cloud side modp4096: ")


def test_what_is_only_worth_knowing_is_said_quietly() -> None:
    result, ctx = checked(inputs(cloud=inputs()["cloud"] | {"dpdTimeout": 90}))
    assert isinstance(result, dict)
    assert ctx.warned == []
    (told,) = ctx.told
    assert told.startswith("dpd-timing-differs: ")
    assert "accept" not in told


def test_a_router_that_is_not_made_yet_is_judged_all_the_same() -> None:
    result, _ = checked(inputs("ipsec ike version 2 2", address=UNKNOWN, routerId=UNKNOWN))
    assert isinstance(result, list)
    result, ctx = checked(inputs(address=UNKNOWN, routerId=UNKNOWN))
    assert isinstance(result, dict)
    assert ADDRESS_PLACEHOLDER in result["lines"]
    assert (ctx.warned, ctx.told) == ([], [])


@pytest.mark.parametrize("name", ["lines", "cloud", "numbers", "router"])
def test_what_is_not_known_is_not_judged(name: str) -> None:
    unknown: dict[str, Any] = {name: UNKNOWN}
    result, ctx = checked(inputs("ipsec ike version 2 2", **unknown))
    assert isinstance(result, dict)
    assert ctx.warned == []


def test_what_an_import_has_found_is_no_wish_of_anybodys() -> None:
    found = inputs("ipsec ike version 2 2\nipsec ike send info 2 off")
    del found["consent"]
    result, ctx = checked(found)
    assert isinstance(result, dict)
    assert (ctx.warned, ctx.told) == ([], [])


def test_what_a_preview_says_are_codes_of_the_table() -> None:
    assert set(CODES) > BY_PREVIEW


def test_the_plugin_starts_without_the_audit() -> None:
    program = (
        "import sys, components.provider.main as main; main.resources();"
        "print([name for name in sys.modules if '.office.audit' in name or name.endswith('judge')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
