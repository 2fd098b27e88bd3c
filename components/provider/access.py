"""How the handlers reach both ends: endpoints and credentials, looked up at call time.

Nothing of this is ever a resource input: a rotated token, a new port of the rehearsal or a new
password is no difference, and `refresh` and `destroy` work with those of today.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..clock import SystemClock
from ..errors import VpnError
from ..rehearsal import instance
from .handler import Context
from .values import Props, reveal

if TYPE_CHECKING:
    from ..cloud.api import Client
    from ..office.login import Login

# Stack configuration of this run (by way of the provider's inputs) -> environment.
PASSWORDS = {
    "rtxPassword": "SAKURA_RTX_PASSWORD",
    "rtxAdministratorPassword": "SAKURA_RTX_ADMINISTRATOR_PASSWORD",
}


def _config(ctx: Context) -> dict[str, str]:
    return {key: str(value) for key, value in reveal(ctx.config).items() if value}


def client(inputs: Props, ctx: Context, *, calm: bool = False) -> Client:
    """The API client for a resource: the rehearsal's own API if the resource says so.

    A `calm` one is not interrupted by Ctrl-C.
    """
    from ..cloud.api import Client
    from ..cloud.credentials import resolve

    config, environ = _config(ctx), dict(os.environ)
    if inputs.get("rehearsal"):
        ends = instance.endpoints()
        # Real credentials of the environment must never travel to a stand-in.
        given = {"apiToken": ends.api_token, "apiSecret": ends.api_secret, **config}
        credentials = resolve(given, {}, Path("/nonexistent"))
        root = ends.api_root
    else:
        credentials = resolve(config, environ, Path.home())
        root = ""
    ctx.hidden.update({credentials.token, credentials.secret})
    clock = SystemClock() if calm else SystemClock(ctx.cancelled)
    return Client(
        credentials, inputs["zone"], root_url=root or None, clock=clock, progress=ctx.info
    )


def login(router: Mapping[str, str | int], rehearsal: bool, ctx: Context) -> Login:
    """The way to the RTX: what the site file says, and for the rest the rehearsal's router."""
    from ..office.login import Login

    known = _config(ctx)
    for key, variable in PASSWORDS.items():
        if key not in known and not rehearsal and os.environ.get(variable):
            known[key] = os.environ[variable]
    where: dict[str, str | int] = {"port": 22, "hostKey": ""}
    if rehearsal:
        ends = instance.endpoints()
        where = {
            "host": ends.ssh_host,
            "port": ends.ssh_port,
            "hostKey": ends.host_key,
            "user": ends.user,
        }
        known = {
            "rtxPassword": ends.password,
            "rtxAdministratorPassword": ends.admin_password,
            **known,
        }
    where |= router
    if "rtxPassword" not in known:
        raise VpnError(
            f"no password for the RTX at {where['host']}",
            remedy="pulumi config set --secret rtxPassword, or set SAKURA_RTX_PASSWORD",
        )
    password = known["rtxPassword"]
    administrator = known.get("rtxAdministratorPassword", "")
    ctx.hidden.update(filter(None, (password, administrator)))
    return Login(
        host=str(where["host"]),
        port=int(where["port"]),
        user=str(where["user"]),
        password=password,
        administrator_password=administrator,
        host_key=str(where["hostKey"]),
    )
