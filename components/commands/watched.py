"""How `watch` reaches the sites that it watches: their files, their credentials, their locks."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from ..backend import Backend, is_dead, of_login
from ..clock import Clock
from ..cloud.api import Client
from ..errors import Problem, SpecError, VpnError
from ..fleet.environment import rehearsal_folder
from ..fleet.project import Project, SiteFile
from ..fleet.record import FOLDER
from ..rehearsal import instance
from ..site import Site
from ..watching import Eye, Limits
from ..watching.eye import SiteEye
from . import access, proving
from .lines import site_in, text_of

API_SECONDS: Final = 120.0
"""Seconds after which an API in trouble is given up until the next try."""


def reach_rehearsal(names: Sequence[str]) -> None:
    """Let what follows find the rehearsal of this site, of which a process reaches one."""
    if len(names) > 1:
        raise SpecError([Problem("--sites", ", ".join(names), "one rehearsed site")])
    for name in names:
        os.environ[instance.FOLDER_VARIABLE] = str(rehearsal_folder(name, instance.folder()))


def limits_of(site: Site, limits: Limits) -> Limits:
    """The limits for this site: the tunnel has the time that its DPD needs to come back."""
    return replace(limits, patience=float(proving.tunnel_of(site).patience))


def eye_of(
    here: Project,
    chosen: SiteFile,
    clock: Clock,
    secrets: Mapping[str, str],
    *,
    all_peers: bool,
) -> tuple[Site, Eye]:
    """How this site is looked at; raises `VpnError` if its file or its credentials will not do."""
    site = site_in(text_of(chosen.file), chosen.file)

    def client() -> Client:
        made = access.api_client(site, secrets)
        made.deadline = clock.now() + API_SECONDS
        return made

    # What is missing is said now, not in the night when it is needed.
    ours = site.cloud.elsewhere is None
    if ours:
        client()
    access.office_login(site, secrets)
    eye = SiteEye(
        tunnel=proving.tunnel_of(site),
        login=lambda: access.office_login(site, secrets),
        client=client if ours else None,
        router_id=lambda made: access.router_id(site, chosen.file, made),
        holders=lambda: holders(here, chosen),
        clock=clock,
        progress=lambda text: proving.say(f"{chosen.name}: {text}"),
        remark=_once(lambda text: proving.say(f"{chosen.name}: {text}")),
        way_in=lambda: proving.way_in(site),
        all_peers=all_peers,
    )
    return site, eye


@contextmanager
def claim(here: Project, chosen: SiteFile) -> Iterator[None]:
    """Mark a site as watched: two that reconnect it would take each other's new SAs away.

    Only processes of this machine that work in the same folder see each other.  Raises `VpnError`
    if one of them watches it already; where the folder cannot be written this is only said.
    """
    file = here.root / FOLDER / f"watch-{chosen.name}.lock"
    try:
        file.parent.mkdir(exist_ok=True)
        held = file.open("a+", encoding="utf-8")
    except OSError as error:
        proving.say(f"{chosen.name}: a second watch would not be noticed: {file}: {error.strerror}")
        yield
        return
    with held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            raise VpnError(
                f"process {held.read().strip()} watches {chosen.name} already",
                remedy="--sites with others; beside that process --once or --tries 0 only look",
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


def secrets_of(here: Project, chosen: SiteFile) -> dict[str, str]:
    """What Pulumi decrypts of a stack's configuration; kept in memory only."""
    from ..fleet import launcher
    from ..fleet.processes import Program
    from ..fleet.stack import config_of

    cli = launcher.cli(here, os.environ)
    version = launcher.version(cli, os.environ)
    place = launcher.place(here, chosen, cli, version, os.environ)
    return config_of(chosen.name, place, Program())


def _once(say: Callable[[str], None]) -> Callable[[str], None]:
    """The same, but for what it has said before."""
    said: set[str] = set()

    def once(text: str) -> None:
        if text not in said:
            said.add(text)
            say(text)

    return once


def holders(here: Project, chosen: SiteFile) -> list[str]:
    """Who holds the lock of a site's stack, as far as a backend of files can tell."""
    if chosen.rehearsed:
        backend: Backend | None = Backend(instance.folder() / instance.BACKEND, here.name)
    else:
        backend = of_login(os.environ, here.name)
    locks = backend.locks(chosen.name) if backend else []
    return [f"the stack is locked by {lock}" for lock in locks if not is_dead(lock)]


def take_credentials(environ: MutableMapping[str, str]) -> None:
    """Put what systemd hands over (`LoadCredential=NAME:file`) where credentials are looked for.

    Only names that are credentials of this project are taken, and what is set already stays.
    Raises `VpnError` for a file that cannot be read.
    """
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return
    try:
        files = sorted(Path(folder).iterdir())
    except OSError as error:
        raise VpnError(f"{folder} ($CREDENTIALS_DIRECTORY): {error.strerror}") from None
    for file in files:
        if re.fullmatch(r"SAKURA(?:CLOUD)?_[A-Z_]+", file.name):
            try:
                environ.setdefault(file.name, file.read_text(encoding="utf-8").rstrip("\n"))
            except (OSError, UnicodeDecodeError):
                raise VpnError(f"the credential {file.name} cannot be read") from None
