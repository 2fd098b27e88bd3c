"""What the figures were measured on: without it they say nothing."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

_PACKAGES: Final = ("pulumi", "asyncssh", "pydantic", "netmiko", "hier-config")
_CPUINFO: Final = Path("/proc/cpuinfo")
# Its first line names the version; `--version` asks a daemon that may not run.
_DAEMON: Final = ("swanctl", "--help")


def line() -> str:
    """Processor, cores, how busy it is, and the versions of what is measured."""
    load = os.getloadavg()[0]
    parts = [f"{os.cpu_count()} cores, {_processor()}", f"load {load:.1f} before", *_versions()]
    return "; ".join(parts)


def _processor() -> str:
    if _CPUINFO.exists():
        for each in _CPUINFO.read_text().splitlines():
            if each.startswith("model name"):
                return each.partition(":")[2].strip()
    return platform.machine()


def _versions() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"no {name}"
    try:
        said = subprocess.run(_DAEMON, capture_output=True, text=True, check=False).stdout.split()
        yield " ".join(said[:2])
    except OSError:
        yield "no strongSwan"
