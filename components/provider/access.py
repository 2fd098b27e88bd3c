"""How the handlers reach both ends: endpoints and credentials, looked up at call time.

Nothing of this is ever a resource input: a rotated token, a new port of the rehearsal or a new
password is no difference, and `refresh` and `destroy` work with those of today.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..clock import SystemClock
from ..errors import LoginRefused, VpnError
from .handler import Context
from .values import Props, reveal

if TYPE_CHECKING:
    from ..cloud.api import Client
    from ..office.login import Bastion, Login

# Stack configuration of this run (by way of the provider's inputs) -> environment.  A key in the
# environment may also be the path of its file.
SECRETS: Final = {
    "rtxPassword": "SAKURA_RTX_PASSWORD",
    "rtxAdministratorPassword": "SAKURA_RTX_ADMINISTRATOR_PASSWORD",
    "rtxKey": "SAKURA_RTX_KEY",
    "rtxAnonymousPassword": "SAKURA_RTX_ANONYMOUS_PASSWORD",
    "rtxKeyPassphrase": "SAKURA_RTX_KEY_PASSPHRASE",
    "rtxViaKey": "SAKURA_RTX_VIA_KEY",
}
_VIA: Final = re.compile(r"([^@\s]+)@([^@:\s]+)(?::([0-9]{1,5}))?")


def _config(ctx: Context) -> dict[str, str]:
    return {key: str(value) for key, value in reveal(ctx.config).items() if value}


def client(inputs: Props, ctx: Context, *, calm: bool = False) -> Client:
    """The API client for a resource: the rehearsal's own API if the resource says so.

    A `calm` one is not interrupted by Ctrl-C.
    """
    from ..cloud.api import Client
    from ..cloud.credentials import resolve
    from ..cloud.limits import shared_limiter

    config, environ = _config(ctx), dict(os.environ)
    if inputs.get("rehearsal"):
        from ..rehearsal import instance

        ends = instance.endpoints()
        # Real credentials of the environment must never travel to a stand-in.
        given = {"apiToken": ends.api_token, "apiSecret": ends.api_secret, **config}
        credentials = resolve(given, {}, Path("/nonexistent"))
        root, limiter = ends.api_root, None
    else:
        credentials = resolve(config, environ, Path.home())
        root = ""
        limiter = shared_limiter(credentials.root_url or "", credentials.limits.rate)
    ctx.hidden.update({credentials.token, credentials.secret})
    clock = SystemClock() if calm else SystemClock(ctx.cancelled)
    return Client(
        credentials,
        inputs["zone"],
        root_url=root or None,
        clock=clock,
        progress=ctx.info,
        limiter=limiter,
    )


def login(router: Mapping[str, str | int], rehearsal: bool, ctx: Context) -> Login:
    """The way to the RTX: what the site file says, or the rehearsal's router.

    With a private key no password is needed, and none is used to log in.  A rehearsal never
    reaches a real router that the site file describes; a file that names no host speaks of the
    rehearsal's.
    """
    from ..office.login import Login

    known, where = _config(ctx), {"port": 22, "hostKey": "", **router}
    if rehearsal:
        from ..rehearsal import instance

        ends = instance.endpoints()
        where = {
            "host": ends.ssh_host,
            "port": ends.ssh_port,
            "hostKey": ends.host_key,
            "user": ends.user,
            **({} if "host" in router else router),
        }
        known = {
            "rtxPassword": ends.password,
            "rtxAdministratorPassword": ends.admin_password,
            **{name: known[name] for name in known.keys() - {"rtxKey"}},
        }
    else:
        environ = {name: os.environ.get(variable) for name, variable in SECRETS.items()}
        known = {name: value for name, value in environ.items() if value} | known
    given = known.get("rtxKey") or str(where.get("key", ""))
    key = _key(given, "office.router.key, SAKURA_RTX_KEY")
    if not key and "rtxPassword" not in known:
        raise LoginRefused(
            f"no password for the RTX at {where['host']}, and no key",
            remedy="pulumi config set --secret rtxPassword (or rtxKey), or set "
            "SAKURA_RTX_PASSWORD (or SAKURA_RTX_KEY)",
        )
    via = _bastion(where, known)
    texts = [key, via.key if via else "", *(known.get(name, "") for name in SECRETS)]
    ctx.hidden.update(filter(None, texts))
    return Login(
        host=str(where["host"]),
        port=int(where["port"]),
        user=str(where["user"]),
        password="" if key else known["rtxPassword"],
        administrator_password=known.get("rtxAdministratorPassword", ""),
        host_key=str(where["hostKey"]),
        key=key,
        key_passphrase=known.get("rtxKeyPassphrase", ""),
        anonymous_password=known.get("rtxAnonymousPassword", ""),
        via=via,
    )


def _bastion(where: Mapping[str, str | int], known: Mapping[str, str]) -> Bastion | None:
    """The bastion of `via: user@host[:port]`."""
    from ..office.login import Bastion

    if "via" not in where:
        return None
    given = _VIA.fullmatch(str(where["via"]))
    if given is None:
        raise VpnError("the bastion is not written as user@host[:port]", remedy="office.router.via")
    return Bastion(
        host=given[2],
        user=given[1],
        host_key=str(where.get("viaHostKey", "")),
        port=int(given[3] or 22),
        key=_key(known.get("rtxViaKey", ""), "SAKURA_RTX_VIA_KEY"),
    )


def _key(given: str, whence: str) -> str:
    """The text of a private key that is given as it is, or by the path of its file."""
    if not given or "PRIVATE KEY" in given:
        return given
    try:
        return Path(given).expanduser().read_text("ascii")
    except (OSError, ValueError):
        # What was given may be a mangled key: it is not shown.
        raise VpnError(
            f"the file of a private key cannot be read ({whence})",
            remedy="give the path of the file, or the key itself with its BEGIN and END lines",
        ) from None
