"""How to reach a router.  Apart from the transport, so that nobody pays for SSH who needs none."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Login:
    """How to reach a router and who we are there.

    `host_key` is the router's public key as a line of OpenSSH ("ssh-rsa AAAA..."); empty: none is
    pinned, and no login is possible.  `timeout` in seconds of silence.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    administrator_password: str = field(repr=False)
    host_key: str
    timeout: float = 20.0
