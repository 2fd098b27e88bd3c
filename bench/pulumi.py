"""What a site costs in the real CLI, beside the plainest provider with as many resources.

Both stacks stand; then each command is run on the one and on the other in turn, so that what else
the machine does slows both down alike.  Both plugins are executables of the same interpreter.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from components.rehearsal import instance

from .table import Row

PROJECT: Final = Path(__file__).resolve().parents[1]
BIN: Final = Path(sys.prefix) / "bin"
PLUGIN: Final = BIN / "pulumi-resource-sakurartx"
TURNS: Final = 15
STARTS: Final = 21
# What a user types at a site where nothing is to be done.
COMMANDS: Final = {"preview": ("preview",), "no-op up": ("up", "--yes")}
QUIET: Final = ("--non-interactive", "--suppress-progress", "--color=never")
_PROJECT_FILE: Final = """\
name: {name}
runtime: {{name: python, options: {{toolchain: pip, virtualenv: {venv}}}}}
stackConfigDir: stacks
plugins: {{providers: [{{name: {plugin}, path: {path}}}]}}
"""


@dataclass(frozen=True)
class Stack:
    """A project in a folder with one stack."""

    folder: Path
    cli: Path
    env: dict[str, str]

    def run(self, *words: str) -> str:
        """The output of one command of the CLI."""
        done = subprocess.run(
            [self.cli, *words],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def seconds(self, *words: str) -> float:
        """How long a command takes that must find nothing to do."""
        begin = time.perf_counter()
        said = self.run(*words, *QUIET)
        seconds = time.perf_counter() - begin
        assert "8 unchanged" in said, said
        return seconds


def _stack(folder: Path, name: str, plugin: str, path: Path, rehearsal: Path) -> Stack:
    """A project with a backend of its own, without its program yet."""
    from tools import cli  # only this bench needs it: it may build the CLI

    pulumi = cli.ready(os.environ)
    (folder / "backend").mkdir(parents=True)
    text = _PROJECT_FILE.format(name=name, plugin=plugin, path=path, venv=sys.prefix)
    (folder / "Pulumi.yaml").write_text(text)
    env = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI")} | {
        "PATH": f"{BIN}:{pulumi.parent}:{os.environ['PATH']}",
        "PULUMI_BACKEND_URL": (folder / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "rehearsal",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_STACK": "demo",
        instance.FOLDER_VARIABLE: str(rehearsal),
        **_compiled(folder.parent),
    }
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return Stack(folder, pulumi, env)


def _compiled(folder: Path) -> dict[str, str]:
    """Python is to find what it has compiled before, as it does wherever it is installed."""
    return {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def _ours(folder: Path, rehearsal: Path) -> Stack:
    made = _stack(folder, "sakura-rtx-vpn", "sakurartx", BIN, rehearsal)
    (folder / "stacks").mkdir()
    shutil.copy2(PROJECT / "__main__.py", folder)
    shutil.copy2(PROJECT / "stacks" / "Pulumi.demo.yaml", folder / "stacks")
    return made


def _example(folder: Path, rehearsal: Path) -> Stack:
    source = Path(__file__).parent / "example_provider"
    made = _stack(folder, "notes", "example", folder, rehearsal)
    shutil.copy2(source / "program.py", folder / "__main__.py")
    plugin = folder / "pulumi-resource-example"
    plugin.write_text(f"#!{sys.executable}\n{(source / 'plugin.py').read_text()}")
    plugin.chmod(0o755)
    return made


@contextmanager
def stacks() -> Iterator[tuple[Stack, Stack]]:
    """Ours and the example's, made; the demo's both ends run meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        rehearsal = root / "rehearsal"
        instance.start(rehearsal)
        try:
            both = _ours(root / "ours", rehearsal), _example(root / "example", rehearsal)
            for one in both:
                one.run("stack", "init", "demo", "--non-interactive")
                one.run("up", "--yes", "--skip-preview", *QUIET)
            yield both
        finally:
            instance.stop(rehearsal)


def _command(name: str, both: tuple[Stack, Stack]) -> Row:
    turns = [[one.seconds(*COMMANDS[name]) for one in both] for _ in range(TURNS)]
    ours, theirs = map(statistics.median, zip(*turns, strict=True))
    note = f"medians of {TURNS}, in turn"
    return Row(f"{name} (example provider)", ours, theirs, "s", ours / theirs, 1.25, note)


def start_seconds(plugin: Path) -> float:
    """From the start of a plugin until the engine may call it."""
    begin = time.perf_counter()
    process = subprocess.Popen([plugin, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = process.stdout.readline()
    seconds = time.perf_counter() - begin
    process.terminate()
    process.wait()
    assert port.strip().isdigit()
    return seconds


def _start(example: Path) -> Row:
    both: tuple[Callable[[], float], ...] = tuple(
        lambda p=plugin: start_seconds(p)  # type: ignore[misc]
        for plugin in (PLUGIN, example)
    )
    turns = [[one() for one in both] for _ in range(STARTS)]
    ours, theirs = (statistics.median(each) * 1000 for each in zip(*turns, strict=True))
    note = f"median of {STARTS}; the example's {theirs:.0f} ms"
    return Row("plugin up", ours, 250.0, "ms", ours / 250, 1.0, note)


def rows() -> list[Row]:
    """The commands beside the example's, and the start of the plugin."""
    with stacks() as both:
        found = [_command(name, both) for name in COMMANDS]
        return [*found, _start(both[1].folder / "pulumi-resource-example")]
