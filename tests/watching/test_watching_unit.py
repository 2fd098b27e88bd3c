"""The systemd unit that is offered: what it starts is understood, what it hands over is used."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from components import cli
from components.cloud.credentials import resolve
from components.commands import watch, watched
from components.provider.access import SECRETS

UNIT = Path(__file__).resolve().parents[2] / "docs/systemd/sakura-rtx-watch@.service"
TEXT = UNIT.read_text("utf-8")


def values(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", TEXT, re.MULTILINE)


def test_what_it_starts_is_understood() -> None:
    (start,) = values("ExecStart")
    program, *words = shlex.split(start.replace("%i", "tokyo"))
    assert Path(program).name == "sakura-rtx"
    args = cli.parser().parse_args(words)
    assert (args.sites, args.interval) == (["tokyo"], 60)
    (folder,) = values("RuntimeDirectory")
    assert args.metrics_file.parent == Path("/run", folder)
    (seconds,) = values("TimeoutStopSec")
    assert float(seconds) > watch.ENDS_WITHIN
    assert values("RestartPreventExitStatus") == [str(watch.USAGE)]


def test_what_it_hands_over_is_used(tmp_path: Path) -> None:
    names = [value.partition(":")[0] for value in values("LoadCredential")]
    for name in names:
        (tmp_path / name).write_text(f"of {name}")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    watched.take_credentials(environ)
    found = resolve({}, environ, Path("/nonexistent"))
    assert (found.token, found.secret) == (
        "of SAKURA_ACCESS_TOKEN",
        "of SAKURA_ACCESS_TOKEN_SECRET",
    )
    of_the_router = set(names) & set(SECRETS.values())
    assert set(environ) >= of_the_router >= {"SAKURA_RTX_PASSWORD"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_understands_it(tmp_path: Path) -> None:
    file = tmp_path / UNIT.name
    file.write_text(TEXT.replace("/opt/sakura-rtx-vpn/.venv/bin/sakura-rtx", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False
    )
    assert "Unknown" not in done.stderr
