"""How to reach a router.  Apart from the transport, so that nobody pays for SSH who needs none."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Bastion:
    """A host that the connection to the router is made through (`ssh -J`).

    `host_key` pins it as the router's own is pinned.  `key` is the text of a private key; empty:
    the keys of the SSH agent and the user's own key files are tried.  There is no password.
    """

    host: str
    user: str
    host_key: str
    port: int = 22
    key: str = field(default="", repr=False)


@dataclass(frozen=True)
class Login:
    """How to reach a router and who we are there.

    `host_key` is the router's public key as a line of OpenSSH ("ssh-rsa AAAA..."); empty: none is
    pinned, and no login is possible.  `timeout` in seconds of silence.  `key` is the text of a
    private key (OpenSSH or PEM, `key_passphrase` opens it); with one, `password` is not used.
    `anonymous_password` is that of the router's unnamed user (`login password`), which it may ask
    for before it compares with its saved configuration (command reference 57.7).
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    administrator_password: str = field(repr=False)
    host_key: str
    timeout: float = 20.0
    key: str = field(default="", repr=False)
    key_passphrase: str = field(default="", repr=False)
    anonymous_password: str = field(default="", repr=False)
    via: Bastion | None = None
