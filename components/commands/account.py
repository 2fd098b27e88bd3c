"""`sakura-rtx account`: which API credentials are used, where they come from, what they may do.

Source: sakura-vpcrouter-api 1.6 and 1.7.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from ..clock import SystemClock
from ..cloud.api import GLOBAL_ZONE, ROOT_URL, Client
from ..cloud.credentials import Credentials, resolve
from ..cloud.objects import part, text
from ..cloud.router import Json
from ..errors import ApiError, SpecError

_ENOUGH: Final = "create"  # the highest; only it may make a VPC router


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    what = "say which API credentials are used, where they come from and what they may do"
    parser = subparsers.add_parser(
        "account",
        help=what,
        description=f"{what}; never their values.  Looks at the environment and the usacloud "
        "profile; `apiToken` and `apiSecret` of a stack go before both and are not seen here.  "
        "Exit codes: 0 they may create, 3 they may not, 1 the API does not accept them or does "
        "not answer, 2 there are none.",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask the API who we are, and print it."""
    try:
        credentials = resolve({}, os.environ, Path.home())
    except SpecError as error:
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return 2
    client = Client(credentials, GLOBAL_ZONE, clock=SystemClock())
    try:
        answer = client.get("auth-status")
    except ApiError as error:
        print(f"credentials: {client.source}", file=sys.stderr)
        print(f"sakura-rtx: {error}", file=sys.stderr)
        return 1
    known = _known(credentials, answer)
    print(json.dumps(known, ensure_ascii=False, indent=2) if args.json else _text(known))
    return 0 if known["permission"] == _ENOUGH else 3


def _known(credentials: Credentials, answer: Json) -> dict[str, Any]:
    account, limits = part(answer, "Account"), credentials.limits
    return {
        "credentials": credentials.source,
        "api_root": credentials.root_url or ROOT_URL,
        "account": text(account, "Name") or text(account, "Code"),
        "permission": text(answer, "Permission"),
        "repeats": limits.retry_max,
        "pauses_s": [limits.retry_wait_min, limits.retry_wait_max],
        "answer_s": limits.timeout,
        "requests_per_s": limits.rate,
    }


def _text(known: dict[str, Any]) -> str:
    enough = "" if known["permission"] == _ENOUGH else f" (`{_ENOUGH}` is needed to make a router)"
    shortest, longest = known["pauses_s"]
    return "\n".join(
        (
            f"credentials: {known['credentials']}",
            f"API root:    {known['api_root']}",
            f"account:     {known['account']}",
            f"permission:  {known['permission'] or 'not said'}{enough}",
            f"requests:    {known['requests_per_s']} a second, {known['answer_s']:g} s for an "
            f"answer, {known['repeats']} repeats {shortest} to {longest} s apart",
        )
    )
