"""`show sshd ... key`: the router's own key and its users' (4.70, 4.77, 57.12; after samples)."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from . import messages
from .commands import Action, Found
from .dialogue import Job
from .grammar import Refusal

if TYPE_CHECKING:
    from .console import Console

_NAMES: Final = {"ssh-rsa": "RSA", "ssh-ed25519": "ED25519"}


class _Key:
    """A public key as one OpenSSH line; raises `ValueError` if it is none."""

    def __init__(self, line: str) -> None:
        self.kind, coded, *comment = line.split(None, 2)
        self.comment = "".join(comment)
        self._blob = base64.b64decode(coded, validate=True)

    @property
    def bits(self) -> int:
        """The length of an RSA key; what is said of other kinds is assumed."""
        if self.kind != "ssh-rsa":
            return int(self.kind[-3:]) if self.kind[-3:].isdigit() else 256
        fields, rest = [], self._blob
        while rest:
            length = int.from_bytes(rest[:4], "big")
            fields.append(rest[4 : 4 + length])
            rest = rest[4 + length :]
        return int.from_bytes(fields[-1], "big").bit_length()

    @property
    def md5(self) -> str:
        """The fingerprint in pairs of digits."""
        return hashlib.md5(self._blob, usedforsecurity=False).digest().hex(":")

    def printed(self, algorithm: str) -> str:
        """`2048 SHA256:... user1 (RSA)`."""
        digest = base64.b64encode(hashlib.sha256(self._blob).digest()).decode().rstrip("=")
        print_ = f"MD5:{self.md5}" if algorithm == "md5" else f"SHA256:{digest}"
        name = _NAMES.get(self.kind, "ECDSA")
        return " ".join(filter(None, (str(self.bits), print_, self.comment, f"({name})")))


def _public_key(console: Console, found: Found) -> Job:
    """`show sshd public key [fingerprint]` (57.12)."""
    line = console.router.public_key
    if not line:
        return
    key = _Key(line)
    yield f"{key.kind} {key.bits} {key.md5}" if found.values else line


def _host_key(console: Console, found: Found) -> Job:
    """`show sshd host key [type=fingerprint [ALGORITHM]]` (4.70); its shape is assumed."""
    line = console.router.public_key
    if line:
        yield _Key(line).printed(found.values[-1]) if found.values else line


def _user_keys(console: Console, found: Found) -> Job:
    """`show sshd authorized-keys USER|* [type=fingerprint [ALGORITHM]]` (4.77)."""
    router, (name, *options) = console.router, found.values
    users = [words[0] for words in router.running().under("login user")]
    if name not in ("*", *users):
        raise Refusal("no user")
    for user in users if name == "*" else [name]:
        path, lines = router.key_file(user), router.keys(user)
        if name == "*":
            yield f"{user} {path}"
        if not lines:
            yield messages.text("unreadable", console.language, file=path)
        for line in lines:
            with suppress(ValueError):  # a line that holds no key
                yield _Key(line).printed(options[-1]) if options else line


_FINGERPRINT: Final = "[ type=fingerprint [ md5/sha256 ] ]"

KEYS: Final = (
    Action("show sshd public key |               ; 57.12", _public_key, False),
    Action("show sshd public key | fingerprint   ; 57.12 +host key bits", _public_key, False),
    Action(f"show sshd host key | {_FINGERPRINT} ; 4.70 +key login", _host_key, False),
    Action(f"show sshd authorized-keys | USER/* {_FINGERPRINT} ; 4.77 +key login", _user_keys),
)
