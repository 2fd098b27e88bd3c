"""The Pulumi CLI: the user's own where it will do, else one built from its Go module.

Order: `pulumi` on PATH, a build of the pinned version in the user's cache, a new build.  The
pinned version is the one that tools/pulumi-cli/go.mod names.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .base import ROOT, Stop, cache_folder, finish, locked, say

MODULE = ROOT / "tools" / "pulumi-cli"
HOST = ROOT / "tools" / "pulumi-host"
LANGUAGE_HOST = "pulumi-language-python"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"

Version = tuple[int, int, int, bool]

# The floor of the `pulumi` package in pyproject.toml: engine and package come out together and are
# tried together.  It also has all that we call: `up --refresh --run-program` is younger than the
# same option of `refresh` and `destroy`.
OLDEST: Version = (3, 250, 0, True)
# The first Go that fetches the toolchain which a go.mod names.
OLDEST_GO = (1, 21)


def version_of(text: str) -> Version | None:
    """The version in what `pulumi version` prints; the last item is False for a pre-release."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)(-?)", text.strip())
    if found is None:
        return None
    major, minor, patch = (int(part) for part in found.groups()[:3])
    return major, minor, patch, not found[4]


def pinned_version() -> str:
    """The version that is built, such as `v3.274.1`."""
    text = (MODULE / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"github\.com/pulumi/pulumi/pkg/v3 (v\S+)", text)
    if found is None:
        raise Stop(f"{MODULE / 'go.mod'} names no version of github.com/pulumi/pulumi/pkg/v3")
    return found[1]


def users_own(environ: Mapping[str, str]) -> tuple[Path | None, str]:
    """The user's own CLI if it can run this project, else None and why not."""
    path = environ.get("PATH", os.defpath)
    name = shutil.which("pulumi", path=path)
    if name is None or Path(name).resolve().is_relative_to(cache_folder(environ).resolve()):
        return None, "no pulumi on PATH"
    said = _said([name, "version"], environ)
    version = version_of(said)
    if version is None or version < OLDEST:
        oldest = ".".join(str(number) for number in OLDEST[:3])
        return None, f"{name} is {said or 'of an unknown version'}, needed is {oldest} or newer"
    beside = Path(name).resolve().parent / LANGUAGE_HOST
    if not beside.exists() and shutil.which(LANGUAGE_HOST, path=path) is None:
        return None, f"{name} has no {LANGUAGE_HOST} beside it or on PATH"
    return Path(name), ""


def ready(environ: Mapping[str, str]) -> Path:
    """The CLI to use, built first if need be; raises `Stop` where that cannot be done."""
    own, why_not = users_own(environ)
    if own is not None:
        return own
    version = pinned_version()
    built = cache_folder(environ) / f"pulumi-{version}" / "bin" / "pulumi"
    if not built.exists():
        go = _go(environ, why_not)
        with locked(built.parents[1] / "lock"):
            if not built.exists():
                _build(go, version, built, environ, why_not)
    _install_host(built.parent)
    return built


def _go(environ: Mapping[str, str], why_not: str) -> str:
    name = shutil.which("go", path=environ.get("PATH", os.defpath))
    said = _said([name, "version"], {**environ, "GOTOOLCHAIN": "local"}) if name else ""
    found = re.search(r"go(\d+)\.(\d+)", said)
    if name and found and (int(found[1]), int(found[2])) >= OLDEST_GO:
        return name
    is_there = f"{name} is too old ({said})" if name else "no go on PATH"
    raise Stop(
        f"No Pulumi CLI to use ({why_not}), and no Go 1.21 or newer to build one ({is_there}).\n"
        "Do one of these, then run the same command again:\n"
        "  - install Pulumi: https://www.pulumi.com/docs/install/\n"
        "  - install Go: apt-get install golang-go, or brew install go"
    )


def _build(go: str, version: str, target: Path, environ: Mapping[str, str], why_not: str) -> None:
    say(
        f"Building the Pulumi CLI {version} in {target.parent}: {why_not}.\n"
        "Once for each user and machine; about 5 minutes on 2 cores, 3.5 GB for Go's own caches."
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"pulumi.{os.getpid()}.new")
    flags = f"-s -w -X {VERSION_VARIABLE}={version}"
    package = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
    # Other flags would compile all of it again, and the user's may not suit this module.
    env = {"GOTOOLCHAIN": "auto", **environ, "GOFLAGS": "-mod=readonly -buildvcs=false"}
    command = [go, "build", "-trimpath", "-ldflags", flags, "-o", str(new), package]
    try:
        # What is on stdout belongs to the command that needed the CLI.
        code = subprocess.run(
            command, cwd=MODULE, env=env, stdin=subprocess.DEVNULL, stdout=2, check=False
        ).returncode
        if code:
            raise Stop(f"Building the Pulumi CLI failed: `go build` ended with exit code {code}")
        said = _said([str(new), "version"], environ)
        if said != version:
            raise Stop(f"The Pulumi CLI just built says that it is {said!r}, not {version}")
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def _install_host(folder: Path) -> None:
    """Put the Python host beside our own build, where the engine takes it without a warning."""
    for source in HOST.iterdir():
        target, text = folder / source.name, source.read_bytes()
        if target.exists() and target.read_bytes() == text:
            continue
        new = folder / f"{source.name}.{os.getpid()}.new"
        new.write_bytes(text)
        new.chmod(0o755)
        new.replace(target)


def _said(command: list[str], environ: Mapping[str, str]) -> str:
    """What a program prints on stdout; nothing if it cannot be run."""
    env = {**environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        done = subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def main() -> int:
    """Print which CLI is used, after building it if need be."""
    print(ready(os.environ))
    return 0


if __name__ == "__main__":
    finish(main)
