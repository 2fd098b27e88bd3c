"""A preview says what is wrong with both ends: errors stop it, warnings have their code."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Clone

pytestmark = pytest.mark.engine

CANARY = "canary0key"
SITE = f"""
config:
  sakura-rtx-vpn:psk: {CANARY}
  sakura-rtx-vpn:site:
    cloud: {{zone: is1b, lan: 192.168.2.0/24}}
    office:
      router: {{host: 192.0.2.77, user: ops}}
      lan: 192.168.1.0/24
      wan: {{address: 198.51.100.20}}
      tunnel: 2
      extra_lines: |
        ipsec ike send info 2 off
        ip tunnel tcp mss limit off
    ipsec: {{hash: sha1, dh_group: modp1024}}
    accept: {{weak-hash: until the branch has a new router}}
"""


def test_findings_of_each_severity_in_a_real_preview(clone: Clone, tmp_path: Path) -> None:
    site = clone.root / "stacks" / "Pulumi.tokyo.yaml"
    site.write_text(SITE)
    for name in [name for name in clone.env if name.startswith(("SAKURA", "USACLOUD", "PULUMI"))]:
        del clone.env[name]
    (tmp_path / "backend").mkdir()
    clone.env |= {
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": (tmp_path / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "of the user",
    }
    output = clone.command("make", "preview", "SITE=tokyo", "ARGS=--color=never", rc=2)
    said = output.splitlines()
    warned = [line.split(": ")[1] for line in said if line.startswith("warning: ")]
    assert warned == ["delete-notice-off", "weak-dh-group", "short-key"]
    # At times the engine adds that its monitor has ended, to a program that is still busy.
    (stopped,) = (line for line in said if line.startswith("error: ") and " problem: " in line)
    assert "sakurartx:index:Tunnel resource 'tokyo-tunnel' has a problem: lines: " in stopped
    assert "mss-limit-missing: ip tunnel tcp mss limit off" in stopped
    assert "or accept it in the site file: accept: {mss-limit-missing: why}" in output
    # Accepted, it is no warning, and a review sees it with its reason.
    assert output.count("weak-hash") == 1
    assert "accepted in the site file: weak-hash: until the branch has a new router\n" in output
    assert CANARY not in output
    assert not clone.folder.exists()
