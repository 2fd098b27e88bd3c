"""A preview of a real site reaches nothing and needs no credential; other sites need a login."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from . import golden
from .conftest import Clone

pytestmark = pytest.mark.engine

SITE = """
config:
  sakura-rtx-vpn:site:
    cloud: {zone: is1b, lan: 192.168.2.0/24}
    office:
      router: {host: 192.0.2.77, user: ops}
      lan: 192.168.1.0/24
      wan: {address: 198.51.100.20}
      tunnel: 2
"""


def test_preview_of_a_real_site(clone: Clone, tmp_path: Path) -> None:
    site = clone.root / "stacks" / "Pulumi.tokyo.yaml"
    site.write_text(SITE)
    for name in [name for name in clone.env if name.startswith(("SAKURA", "USACLOUD", "PULUMI"))]:
        del clone.env[name]
    clone.env["PULUMI_HOME"] = str(tmp_path / "home")

    output = clone.command("make", "preview", "SITE=tokyo", rc=2)
    assert "Site tokyo uses your own Pulumi login, and there is none" in output

    (tmp_path / "backend").mkdir()
    clone.env |= {
        "PULUMI_BACKEND_URL": (tmp_path / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "of the user",
    }
    output = clone.command("make", "preview", "SITE=tokyo", "ARGS=--color=never")
    assert "ipsec ike encryption 2 aes256-cbc" in output
    assert "ipsec auto refresh 2 off" in output
    assert "8 to create" in output
    golden.compare(output, "new-site")
    assert not clone.folder.exists()  # no rehearsal is started for a site of the user's

    # Without credentials `up` stops at the first thing it would make, and says where it looked.
    clone.env["HOME"] = str(tmp_path)
    clone.env["XDG_CACHE_HOME"] = cache()
    output = clone.command(
        "make", "up", "SITE=tokyo", "ARGS=--skip-preview --color=never --suppress-progress", rc=2
    )
    assert "SAKURA_ACCESS_TOKEN" in output
    assert "Traceback" not in output


def cache() -> str:
    """Where the built CLI is, if it was built here."""
    return os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
