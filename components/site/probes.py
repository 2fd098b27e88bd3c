"""Probes in the site file: the user's own commands, beside our own proof by traffic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from pydantic import Field

from ..errors import Problem
from .base import Part, written_as
from .public_key import cut_off

# With an RSA key pinned pulumi-command offers `ssh-rsa` alone, a SHA-1 signature that OpenSSH
# refuses since 8.8 (measured, pulumi 6); every OpenSSH server has one of these beside it.
HOST_KEY: Final = r"^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/=]+( .*)?$"
HOST_KEY_MEANS: Final = (
    "the host's ssh-ed25519 or ecdsa-sha2 public key line (with an RSA key the login would fail: "
    "pulumi-command has only SHA-1 for it)"
)
NAME: Final = r"^[a-z][a-z0-9-]{0,30}$"
NAME_MEANS: Final = "1 to 31 of a-z 0-9 -, a letter first"
_HostKey = Annotated[str, written_as(HOST_KEY, HOST_KEY_MEANS)]
# The length apart: a counted \w takes pydantic 20 ms to compile, in every preview.
_USER: Final = r"^[\w.@-]+$"
_VIA: Final = r"^[\w.-]+@[A-Za-z0-9.-]+(:[0-9]{1,5})?$"


class Probe(Part):
    """A command that runs once the tunnel carries traffic, and again after each change of it.

    With `host` it runs there, as `user` over SSH on `port`, else where Pulumi runs.  `host_key`
    pins the host; `via` is a bastion (`user@host[:port]`) that `via_host_key` pins in turn.  A
    command that fails makes `up` fail, and nothing goes back.  What it prints is kept as a secret
    unless `show_output` says that it holds none.
    """

    name: Annotated[str, written_as(NAME, NAME_MEANS)]
    command: Annotated[str, Field(min_length=1)]
    host: Annotated[str, Field(min_length=1)] | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    user: Annotated[str, written_as(_USER, "a user of the host", max_length=64)] | None = None
    host_key: _HostKey | None = None
    via: Annotated[str, written_as(_VIA, "user@host or user@host:port")] | None = None
    via_host_key: _HostKey | None = None
    show_output: bool = False


_REMOTE: Final = ("port", "user", "host_key", "via", "via_host_key")
# A key that another one needs, and why.
_NEEDS: Final = (
    ("host", "user", "this key is required beside host"),
    ("host", "host_key", "this key is required beside host: an unknown host is never asked"),
    ("via", "via_host_key", "this key is required beside via"),
    ("via_host_key", "via", "this key is required beside via_host_key"),
)


def contradictions(probes: Sequence[Probe]) -> Iterator[Problem]:
    """What only shows when the values are seen together."""
    for index, probe in enumerate(probes):
        place = f"probes.{index}."
        for key in ("host_key", "via_host_key"):
            yield from cut_off(f"{place}{key}", getattr(probe, key))
        if probe.name in [other.name for other in probes[:index]]:
            yield Problem(f"{place}name", probe.name, "each name once")
        if probe.host is None:
            for key in _REMOTE:
                if getattr(probe, key) is not None:
                    allowed = "nothing: without host the command runs where Pulumi runs"
                    yield Problem(f"{place}{key}", str(getattr(probe, key)), allowed)
            continue
        for key, other, why in _NEEDS:
            if getattr(probe, key) is not None and getattr(probe, other) is None:
                yield Problem(f"{place}{other}", "nothing", why)


def host_key_problem(place: str, text: str) -> Problem | None:
    """What is wrong with the pinned key of a host, if something is."""
    if re.match(HOST_KEY, text):
        return next(cut_off(place, text), None)
    return Problem(place, text.split(" ")[0] or "nothing", HOST_KEY_MEANS)
