"""A thousand site files against a hundred: read, validated, rendered, all of it kept.

`python -m bench.sites FOLDER` is one measurement, a process of its own; it prints seconds and MiB.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from components.office.render import render
from components.site import site_of

from .table import Row

FEW: Final = 100
MANY: Final = 1000
TURNS: Final = 5
_ROOT: Final = Path(__file__).resolve().parents[1]
_DEMO: Final = _ROOT / "stacks" / "Pulumi.demo.yaml"
_KEY: Final = "sakura-rtx-vpn:site"


def _files(folder: Path, count: int) -> None:
    """Site files that differ in every prefix, address and number."""
    demo = yaml.safe_load(_DEMO.read_text())["config"][_KEY]
    for n in range(count):
        cloud, office, wan = f"10.{n // 200}.{n % 200}", f"172.{16 + n // 250}.{n % 250}", n % 250
        site = demo | {
            "cloud": demo["cloud"]
            | {
                "lan": f"{cloud}.0/24",
                "static_routes": [{"prefix": "192.0.2.0/24", "next_hop": f"{cloud}.99"}],
            },
            "office": demo["office"]
            | {
                "lan": f"{office}.0/24",
                "wan": demo["office"]["wan"] | {"address": f"198.51.100.{1 + wan}"},
                "tunnel": 1 + n % 100,
            },
        }
        (folder / f"Pulumi.site-{n}.yaml").write_text(yaml.safe_dump({"config": {_KEY: site}}))


def measured(folder: Path) -> tuple[float, float]:
    """Processor time for all files of the folder (s), the most memory of this process ever (MiB).

    A first file is read beforehand: what is made only once is no matter of numbers.
    """
    files = sorted(folder.iterdir())
    _rendered(files[0])
    begin = time.process_time()
    kept = [_rendered(file) for file in files]
    seconds = time.process_time() - begin
    assert len({text for _, text in kept}) == len(files)
    return seconds, max(_most())


def _rendered(file: Path) -> tuple[object, str]:
    site = site_of(yaml.safe_load(file.read_text())["config"])
    return site, render(site.agreement, site.office_end)


def _most() -> Iterator[float]:
    # Not getrusage: that one remembers the process that started this one.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            yield int(line.split()[1]) / 1024


def _run(folder: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", f"{__package__}.sites", str(folder)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    seconds, memory = map(float, done.stdout.split())
    return seconds, memory


def rows() -> list[Row]:
    """The least of a few turns for each number."""
    with tempfile.TemporaryDirectory() as name:
        folders = {count: Path(name, str(count)) for count in (FEW, MANY)}
        for count, folder in folders.items():
            folder.mkdir()
            _files(folder, count)
        turns = [[_run(folder) for folder in folders.values()] for _ in range(TURNS)]
    (few_s, few_mib), (many_s, many_mib) = (
        (min(s for s, _ in runs), min(m for _, m in runs)) for runs in zip(*turns, strict=True)
    )
    what = f"{MANY:,} site files validated and rendered against {FEW}"
    return [
        Row(what, many_s, few_s, "s", many_s / few_s, 11.0),
        Row(f"{what}: memory", many_mib, few_mib, "MiB", many_mib / few_mib, 6.0),
    ]


if __name__ == "__main__":
    print(*measured(Path(sys.argv[1])))
