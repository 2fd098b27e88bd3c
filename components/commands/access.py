"""How the commands reach both ends: as the provider does, outside of Pulumi.

Secrets come from the environment here (`SAKURA_RTX_PASSWORD` and its siblings, and the API's, see
`cloud.credentials`); those in the stack configuration are encrypted, and only Pulumi can read them.
Who has had it read them gives them as `secrets`, by their names there (`rtxPassword`).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import yaml

from ..errors import ApiError, Problem, SpecError
from ..site import Site

if TYPE_CHECKING:
    from ..cloud.api import Client
    from ..office.login import Login
    from ..provider.handler import Context

Secrets = Mapping[str, str]
NO_SECRETS: Final[Secrets] = MappingProxyType({})

PROJECT_FILE: Final = "Pulumi.yaml"
_URN = "urn:pulumi:site::sakura-rtx-vpn::sakurartx:index:Tunnel::command"


def office_login(site: Site, secrets: Secrets = NO_SECRETS) -> Login:
    """The way to the site's RTX; raises `VpnError` if a password is missing."""
    return login_to(site.office.router.given, site.rehearsal, secrets)


def login_to(
    router: Mapping[str, str | int], rehearsal: bool, secrets: Secrets = NO_SECRETS
) -> Login:
    """The same for what `office.router` of a site file says (`Router.given`)."""
    from ..provider import access

    return access.login(router, rehearsal, _nobody(secrets))


def api_client(site: Site, secrets: Secrets = NO_SECRETS) -> Client:
    """The API of the site's zone, a rehearsal's own for a rehearsal.

    Raises `VpnError` (no rehearsal runs) or `SpecError` (no credentials; the cloud end belongs to
    somebody else).
    """
    refuse_elsewhere(site)
    return client_in(site.cloud.zone, site.rehearsal, secrets)


def refuse_elsewhere(site: Site) -> None:
    """Raise `SpecError` for a site whose cloud end belongs to somebody else."""
    if site.cloud.elsewhere:
        found = f"the VPC router {site.cloud.elsewhere.vip} of somebody else"
        allowed = (
            "a router of ours: only its owner can ask this one; plan, verify, doctor, reconnect "
            "and prove-recovery look at the office end alone"
        )
        raise SpecError([Problem("cloud.elsewhere", found, allowed)])


def client_in(zone: str, rehearsal: bool, secrets: Secrets = NO_SECRETS) -> Client:
    """The same for a zone."""
    from ..provider import access

    return access.client({"zone": zone, "rehearsal": rehearsal}, _nobody(secrets))


def refuse_unnamed(site: Site, file: Path) -> None:
    """Raise `SpecError` where `router_id` cannot tell which router is meant, before it is asked."""
    if not site.cloud.attach:
        project_of(file)
        stack_of(file)


def router_id(site: Site, file: Path, client: Client) -> str:
    """The id of the site's VPC router: the attached one, else that of the site's stack.

    The stack marks its router with a tag made of project, stack and name (`owner_tag`); one that
    was adopted is known by its peer until it is first changed (`router_of_stack`).  Project is
    the name in the `Pulumi.yaml` nearest above the stack file, stack what stands in its own name,
    `Pulumi.<stack>.yaml`; the component is named like the stack, as in this project's program.
    Raises `ApiError` if there is none (the message says what was looked for), `SpecError` if the
    file does not tell.
    """
    from ..cloud.found import router_of_stack
    from ..cloud.objects import as_id, owner_tag

    if site.cloud.attach:
        return site.cloud.attach.router_id
    project, stack = project_of(file), stack_of(file)
    tag, peer = owner_tag(project, stack, f"{stack}-router"), str(site.agreement.office_address)
    found = router_of_stack(client, tag, peer)
    if found is None:
        raise ApiError(
            f"zone {client.zone} has no VPC router of the stack {project}/{stack}",
            attempted=f"look for the tag of {project}/{stack}/{stack}-router",
            remedy="run up first; if the program names its component otherwise, give --router-id",
        )
    return as_id(found["ID"])


def stack_of(file: Path) -> str:
    """The stack of a stack file, `Pulumi.<stack>.yaml`; raises `SpecError` for another name."""
    start, _, rest = file.name.partition(".")
    stack, _, end = rest.rpartition(".")
    if start != "Pulumi" or end != "yaml" or not stack:
        allowed = "a file Pulumi.<stack>.yaml, or --router-id"
        raise SpecError([Problem("--site", str(file), allowed)])
    return stack


def project_of(file: Path) -> str:
    """The project that a stack file belongs to; raises `SpecError` if that cannot be told."""
    for folder in file.resolve().parents:
        project = folder / PROJECT_FILE
        if project.is_file():
            return _name_in(project)
    raise SpecError(
        [Problem("--site", f"{file}, with no {PROJECT_FILE} above it", "--router-id beside it")]
    )


def _name_in(project: Path) -> str:
    try:
        data = yaml.safe_load(project.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        data = None
    name = data.get("name") if isinstance(data, dict) else None
    if not isinstance(name, str):
        raise SpecError([Problem(str(project), "no name", "the name of the project")])
    return name


def _nobody(secrets: Secrets) -> Context:
    """A call of the engine without an engine; what it would show goes to stderr."""
    from ..provider.handler import Context
    from ..provider.values import Secret

    class Terminal(Context):
        def info(self, text: str) -> None:
            print(f"sakura-rtx: {self.scrub(text)}", file=sys.stderr)

        warning = info

    config = {name: Secret(value) for name, value in secrets.items()}
    return Terminal(
        urn=_URN, preview=False, timeout=0, cancelled=threading.Event(), config=config, engine=None
    )
