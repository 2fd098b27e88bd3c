"""Public key lines in the site file: a cut-off one would show only at the login, after the cloud
end was made.  Pure.

Source: RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709 section 4 (length-prefixed fields, the
first of them the kind).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from typing import Final

from ..errors import Problem

# The kind counts: of an RSA key there are also its exponent and its modulus.
_FIELDS: Final = {"ssh-ed25519": 2, "ssh-rsa": 3, "ssh-dss": 5}
_OF_OTHERS: Final = 3  # ecdsa: its curve and a point


def cut_off(place: str, line: str | None) -> Iterator[Problem]:
    """What is wrong with a line that looks like a public key and is none."""
    if line is None:
        return
    kind, _, rest = line.partition(" ")
    text = rest.partition(" ")[0]
    fields = _fields(text)
    if len(fields) != _FIELDS.get(kind, _OF_OTHERS) or fields[0] != kind.encode():
        yield Problem(
            place,
            f"{kind} ...{text[-8:]} ({len(text)} characters)",
            f"a whole {kind} key, as `ssh-keyscan` or the RTX's `show sshd public key` prints it",
        )


def _fields(text: str) -> list[bytes]:
    """The fields of the blob; none where it is not whole."""
    try:
        blob = b64decode(text, validate=True)
    except binascii.Error:
        return []
    found = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        field, blob = blob[4 : 4 + length], blob[4 + length :]
        if not field or len(field) < length:
            return []
        found.append(field)
    return found
