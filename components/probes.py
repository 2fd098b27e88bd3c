"""Probes: what the user runs to see for himself that the site does what it is for.

They are run by pulumi-command, which is good at hosts with a shell; the router is none of them (it
refuses SSH `exec`, pulumi 6).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypedDict

import pulumi

from .errors import Problem, SpecError
from .site import probes as of_site

Text = pulumi.Input[str]
DIAL_ERRORS: Final = 1  # so two attempts: the default of ten locks accounts out (pulumi 6)


@dataclass(frozen=True, kw_only=True)
class SshHost:
    """A host that is reached by SSH; `host_key`, a public key line, pins it and is required.

    The key must be ssh-ed25519 or ecdsa-sha2: with an RSA key pinned pulumi-command would use
    SHA-1, which OpenSSH refuses.  Without `private_key` (its text) and `password` the SSH agent
    logs in.  Raises `SpecError`.
    """

    host: Text
    user: Text
    host_key: Text
    port: pulumi.Input[int] = 22
    private_key: Text | None = field(default=None, repr=False)
    private_key_passphrase: Text | None = field(default=None, repr=False)
    password: Text | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.host_key, str):
            return
        if problem := of_site.host_key_problem("host_key", self.host_key):
            raise SpecError([problem], source=f"SSH host {_shown(self.host)}")


@dataclass(frozen=True, kw_only=True)
class LocalProbe:
    """A command for `/bin/sh` where Pulumi runs, in the folder of the program.

    `name` is 1 to 31 of a-z 0-9 - and begins with a letter.  What the command prints is kept as a
    secret unless `show_output` says that it holds none.  Raises `SpecError` for a wrong name.
    """

    name: str
    command: Text
    show_output: bool = False

    def __post_init__(self) -> None:
        _check_name(self.name)


@dataclass(frozen=True, kw_only=True)
class RemoteProbe(SshHost):
    """A command for the login shell of a host in the office or the cloud LAN; else as `LocalProbe`.

    `via` is a bastion in front of the host.
    """

    name: str
    command: Text
    via: SshHost | None = None
    show_output: bool = False

    def __post_init__(self) -> None:
        _check_name(self.name)
        super().__post_init__()


Probe = LocalProbe | RemoteProbe


class ProbeLogin(TypedDict, total=False):
    """What logs in to the hosts of the site file's probes and their bastions, all secret.

    `key` is the text of a private key, `keyPassphrase` opens it.  Left out: the SSH agent.
    """

    key: Text | None
    keyPassphrase: Text | None
    password: Text | None


def of(entries: Sequence[of_site.Probe], login: ProbeLogin) -> list[Probe]:
    """The probes that a site file describes."""
    return [_remote(each, login) if each.host else _local(each) for each in entries]


def mark(agreed: Mapping[str, Any]) -> str:
    """12 hex digits that change with anything that both ends agree on; it must hold no key."""
    return hashlib.sha256(json.dumps(agreed, sort_keys=True).encode()).hexdigest()[:12]


def check(probes: Sequence[Probe]) -> None:
    """Raise `SpecError` if two probes have one name."""
    names = [probe.name for probe in probes]
    if double := sorted({name for name in names if names.count(name) > 1}):
        raise SpecError([Problem("probes", ", ".join(double), "each name once")])


def register(
    owner: str,
    probes: Sequence[Probe],
    agreement: pulumi.Output[str],
    opts: pulumi.ResourceOptions,
) -> dict[str, pulumi.Output[str]]:
    """Make a command of each probe; what they print, by name.

    `agreement` (see `mark`) ends what an update runs, as a comment: a changed text runs it again in
    place, where a changed trigger would replace the resource, and a variable needs the server's
    leave (pulumi 6).  A creation runs the command as it is, so that its preview shows it before the
    agreement is known.
    """
    return {
        probe.name: _register(f"{owner}-probe-{probe.name}", probe, agreement, opts)
        for probe in probes
    }


def _register(
    name: str, probe: Probe, agreement: pulumi.Output[str], opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    # Late: it takes as long to import as pulumi itself, and most programs have no probe.
    from pulumi_command import local, remote

    text = pulumi.Output.all(probe.command, agreement).apply(lambda both: _marked(*both))
    quiet = not probe.show_output
    if quiet:
        hidden = pulumi.ResourceOptions(additional_secret_outputs=["stdout", "stderr"])
        opts = pulumi.ResourceOptions.merge(opts, hidden)
    common: dict[str, Any] = {
        "create": probe.command,
        "update": text,
        "add_previous_output_in_env": False,
    }
    printed: pulumi.Output[str]
    if isinstance(probe, LocalProbe):
        logging = local.Logging.NONE if quiet else None
        printed = local.Command(name, opts=opts, logging=logging, **common).stdout
        return printed
    via = remote.ProxyConnectionArgs(**_connection(probe.via)) if probe.via else None
    printed = remote.Command(
        name,
        opts=opts,
        connection=remote.ConnectionArgs(**_connection(probe), proxy=via),
        logging=remote.Logging.NONE if quiet else None,
        **common,
    ).stdout
    return printed


def _marked(command: str, agreement: str) -> str:
    """The comment on a line of its own below several: it may follow the end of a here document."""
    text = command.rstrip()
    return f"{text}{chr(10) if chr(10) in text else ' '}# agreement {agreement}"


def _connection(host: SshHost) -> dict[str, Any]:
    return {
        "host": host.host,
        "port": host.port,
        "user": host.user,
        "host_key": host.host_key,
        "private_key": host.private_key,
        "private_key_password": host.private_key_passphrase,
        "password": host.password,
        "dial_error_limit": DIAL_ERRORS,
    }


def _local(entry: of_site.Probe) -> LocalProbe:
    return LocalProbe(name=entry.name, command=entry.command, show_output=entry.show_output)


def _remote(entry: of_site.Probe, login: ProbeLogin) -> RemoteProbe:
    secrets = {
        "private_key": login.get("key"),
        "private_key_passphrase": login.get("keyPassphrase"),
        "password": login.get("password"),
    }
    via = None
    if entry.via:
        user, _, place = entry.via.rpartition("@")
        host, _, port = place.partition(":")
        key = entry.via_host_key or ""
        via = SshHost(host=host, port=int(port or 22), user=user, host_key=key, **secrets)
    return RemoteProbe(
        name=entry.name,
        command=entry.command,
        host=entry.host or "",
        port=entry.port or 22,
        user=entry.user or "",
        host_key=entry.host_key or "",
        via=via,
        show_output=entry.show_output,
        **secrets,
    )


def _check_name(name: str) -> None:
    if not re.fullmatch(of_site.NAME, name):
        raise SpecError([Problem("name", repr(name), of_site.NAME_MEANS)], source="probe")


def _shown(value: Text) -> str:
    return value if isinstance(value, str) else "of this program"
