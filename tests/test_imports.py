"""What each of our processes imports: a preview pays for every module, twice a day or a minute."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import components

ROOT = Path(__file__).resolve().parents[1]

PLUGIN = "import components.provider.main as plugin"
PROGRAM = """
import pulumi, yaml
from pathlib import Path
from components import Site, SiteToSiteVpn, VpnError
config = yaml.safe_load(Path("stacks/Pulumi.demo.yaml").read_text())["config"]
Site.parse(config["sakura-rtx-vpn:site"])
"""
DEVICES = {"asyncssh", "requests", "components.cloud.api", "components.office.session"}

# What the process does, and what must not be there afterwards.
NOT_NEEDED = {
    "the plugin, until the engine knows its port": (
        PLUGIN,
        {
            *DEVICES,
            "pulumi",
            "pydantic",
            "yaml",
            "importlib.metadata",
            "components.cloud",
            "components.ipsec",
            "components.office",
            "components.rehearsal",
        },
    ),
    "the plugin in a preview": (
        f"{PLUGIN}\nplugin.resources()",
        {*DEVICES, "pulumi", "pydantic", "yaml", "components.rehearsal", "components.site"},
    ),
    "the program": (PROGRAM, {*DEVICES, "rich", "components.provider", "components.rehearsal"}),
    "a command of the command line": (
        "from components.cli import parser\nparser(['parse'])",
        {*DEVICES, "pulumi", "pydantic", "yaml", "rich", "importlib.metadata"},
    ),
}


@pytest.mark.parametrize("who", NOT_NEEDED)
def test_nothing_is_imported_that_is_not_needed_there(who: str) -> None:
    program, unwanted = NOT_NEEDED[who]
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(done.stdout.split())
    assert {"components"} <= imported
    assert not imported & unwanted


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert components.__version__ == project["version"]
