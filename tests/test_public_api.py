"""What other people's programs import: the names, their descriptions, their types."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import components

ROOT = Path(__file__).resolve().parents[1]

# A name that goes breaks programs, one that comes is a promise: both on purpose.
NAMES = {
    "Access",
    "ApiError",
    "DeviceError",
    "LocalProbe",
    "ProbeLogin",
    "Provider",
    "RemoteProbe",
    "Site",
    "SiteToSiteVpn",
    "SpecError",
    "SshHost",
    "VerifyError",
    "VpnError",
}
PARAMETERS = ["name", "site", "psk", "access", "router", "probes", "probe_login", "opts"]

PROGRAM = """
from collections.abc import Mapping
from typing import Any, assert_type

import pulumi
from pulumi import Output

from components import LocalProbe, RemoteProbe, Site, SiteToSiteVpn, SpecError, SshHost

site = assert_type(Site.parse({}), Site)
assert_type(Site.load("site.yaml"), Site)
one = SiteToSiteVpn(
    "one",
    site,
    psk=Output.secret("key"),
    access={"rtxPassword": "secret", "apiToken": None},
    probes=[LocalProbe(name="here", command=Output.concat("ping ", "a"))],
    probe_login={"key": Output.secret("key")},
    opts=pulumi.ResourceOptions(protect=True),
)
bastion = SshHost(host="bastion", user="ops", host_key="ssh-ed25519 AAAA")
there = RemoteProbe(
    name="there", command="true", host=one.vpc_router_address, user="ops",
    host_key="ssh-ed25519 AAAA", via=bastion,
)
stack = pulumi.StackReference("organization/hub/prod")
SiteToSiteVpn("two", site, router=one, probes=[there])
SiteToSiteVpn("three", site, router=one.router_id)
SiteToSiteVpn("four", site, router=stack.require_output("router_id"))

assert_type(one.psk, Output[str])
assert_type(one.vpc_router_address, Output[str])
assert_type(one.vpc_router_addresses, Output[list[str]])
assert_type(one.cloud_prefixes, Output[list[str]])
assert_type(one.agreement, Output[list[dict[str, Any]]])
assert_type(one.verified, Output[Mapping[str, Any]])
assert_type(one.router_id, Output[str])
assert_type(one.probe_outputs, dict[str, Output[str]])
assert_type(SpecError([]).problems[0].path, str)

SiteToSiteVpn("a", site, tunnel=2)  # type: ignore[call-arg]
SiteToSiteVpn("b", site, access={"rtxPasswort": ""})  # type: ignore[arg-type]
SiteToSiteVpn("c", site, router=2)  # type: ignore[arg-type]
SiteToSiteVpn("d", site, probes=["ping"])  # type: ignore[list-item]
RemoteProbe(name="e", command="true", host="h", user="ops")  # type: ignore[call-arg]
"""


def test_the_names_are_these() -> None:
    assert set(components.__all__) == NAMES
    assert components.__all__ == sorted(components.__all__)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_is_there_and_described(name: str) -> None:
    thing = getattr(components, name)
    assert inspect.getdoc(thing)
    for member, value in vars(thing).items():
        if not member.startswith("_") and (callable(value) or isinstance(value, property)):
            assert inspect.getdoc(value), member


def test_the_component_takes_these() -> None:
    signature = inspect.signature(components.SiteToSiteVpn)
    assert list(signature.parameters) == PARAMETERS
    keyword_only = [p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    assert keyword_only == PARAMETERS[2:]


def test_another_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Tunnel'"):
        _ = components.Tunnel


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert components.__version__ == project["version"]


def test_programs_are_typed(tmp_path: Path) -> None:
    """Strict, and every wrong use of `PROGRAM` is one: an ignore without an error is an error."""
    (tmp_path / "program.py").write_text(PROGRAM)
    for example in (ROOT / "examples").glob("*/__main__.py"):
        shutil.copy(example, tmp_path / f"{example.parent.name.replace('-', '_')}.py")
    files = sorted(map(str, tmp_path.glob("*.py")))
    assert len(files) >= 3
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
