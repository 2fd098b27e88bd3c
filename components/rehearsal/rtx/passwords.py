"""Login passwords as the configuration keeps them: hashed, never in clear."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

_ROUNDS: Final = 10_000


def encrypted(password: str) -> str:
    """The words that stand for a password in the configuration: `encrypted` and a salted hash."""
    salt = secrets.token_hex(8)
    return f"encrypted {salt}:{_digest(password, salt)}"


def matches(stored: Sequence[str] | None, password: str) -> bool:
    """Whether a password is the stored one (the words after `login user USER`).

    A configuration that came from `show config` holds `*`, which nothing matches.
    """
    if not stored:
        return False
    if stored[0] == "encrypted" and ":" in stored[-1]:
        salt, _, digest = stored[-1].partition(":")
        return hmac.compare_digest(_digest(password, salt), digest)
    return stored[0] not in ("*", "encrypted") and hmac.compare_digest(
        stored[0].encode(), password.encode()
    )


def _digest(password: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _ROUNDS).hex()
