"""Somebody else's Pulumi projects: a folder of their own, a venv with the wheel, no clone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .conftest import PROJECT, SECONDS, pulumi

WHEEL_PARTS = ("components", "pyproject.toml", "README.md", "LICENSE")


def built(folder: Path) -> Path:
    """The wheel of the project, built from a copy: a build leaves things behind."""
    source = folder / "source"
    for name in WHEEL_PARTS:
        place = PROJECT / name
        if place.is_dir():
            shutil.copytree(place, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(place, source / name)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    _run(sys.executable, "-m", "pip", "wheel", *offline, "-w", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    return wheel


def _run(*words: str) -> None:
    subprocess.run(words, check=True, timeout=SECONDS, stdin=subprocess.DEVNULL)


class Elsewhere:
    """Projects side by side on one backend; `venv` holds the wheel and what it depends on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / "venv"
        _run(sys.executable, "-m", "venv", "--without-pip", str(self.venv))
        self._borrow_dependencies()
        for part in ("wheel", "backend"):
            (root / part).mkdir()
        self.wheel = built(root / "wheel")
        pip = (sys.executable, "-m", "pip", "--python", str(self.venv / "bin" / "python"))
        _run(*pip, "install", "--no-deps", "--no-index", "--quiet", str(self.wheel))
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("SAKURA", "PULUMI"))},
            "PULUMI_BACKEND_URL": (root / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "elsewhere",
            "PULUMI_HOME": str(root / "pulumi-home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # As in an activated environment, whatever the tests were started with.
            "PATH": os.pathsep.join(
                [str(Path(pulumi()).parent), str(self.venv / "bin"), os.environ["PATH"]]
            ),
        }
        self.seen = ""

    def _borrow_dependencies(self) -> None:
        """What pip would fetch, from the environment of the tests; not the project itself, which
        is installed there by a hook that a plain path does not run."""
        packages = sysconfig.get_path("purelib")
        inside = self.venv / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
        (inside / "borrowed.pth").write_text(f"{packages}\n")

    def project(self, name: str, stack: str, program: str | Path) -> Path:
        """A project with a stack: a copy of an example, or a program with a `Pulumi.yaml`."""
        folder = self.root / name
        if isinstance(program, Path):
            shutil.copytree(program, folder)
        else:
            folder.mkdir()
            (folder / "__main__.py").write_text(program)
            text = (PROJECT / "examples" / "probes" / "Pulumi.yaml").read_text()
            (folder / "Pulumi.yaml").write_text(text.replace("name: probes", f"name: {name}", 1))
        (folder / "venv").symlink_to(self.venv)
        self.pulumi(folder, "stack", "init", stack)
        return folder

    def command(self, folder: Path, *words: str, rc: int = 0) -> str:
        """Run a command in a folder; what it printed, both streams."""
        done = subprocess.run(
            words,
            cwd=folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.seen += done.stdout
        assert done.returncode == rc, done.stdout
        return done.stdout

    @contextmanager
    def rehearsal(self, folder: Path) -> Iterator[Path]:
        """A rehearsal of a project's own, where its program looks for one."""
        command = str(self.venv / "bin" / "sakura-rtx")
        self.command(folder, command, "rehearsal", "start")
        try:
            yield folder / ".rehearsal"
        finally:
            self.command(folder, command, "rehearsal", "stop")

    def leaks(self, canary: str) -> list[str]:
        """Where a secret stands although it must not: said, in a project, or in the backend.

        The rehearsed ends keep their keys as the real ends do.
        """
        found = ["output"] if canary in self.seen else []
        for file in self.root.rglob("*"):
            ours = not {"venv", ".rehearsal"} & set(file.relative_to(self.root).parts)
            if ours and file.is_file() and canary.encode() in file.read_bytes():
                found.append(str(file))
        return found

    def pulumi(self, folder: Path, *words: str, rc: int = 0) -> str:
        return self.command(folder, "pulumi", *words, "--color=never", "--non-interactive", rc=rc)

    def up(self, folder: Path, *words: str, rc: int = 0) -> str:
        quick = ("--yes", "--skip-preview", "--suppress-progress")
        return self.pulumi(folder, "up", *quick, *words, rc=rc)
