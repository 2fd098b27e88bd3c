"""Many rehearsed sites in one clone, driven by `sakura-rtx fleet`."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from components.errors import VpnError
from components.rehearsal import instance

from .conftest import SECONDS, SITE_KEY, Clone, pulumi

DAEMON = "components.rehearsal.daemon"


@dataclass
class Run:
    """One run of `fleet`: its result, and what it took (`peak_mib` of all its processes but the
    rehearsals)."""

    code: int
    found: dict[str, Any]
    said: str
    seconds: float
    peak_mib: int

    def results(self) -> dict[str, str]:
        return {site: each["result"] for site, each in self.found["sites"].items()}

    def errors(self, site: str) -> str:
        return "\n".join(self.found["sites"][site]["errors"])


class Sites:
    def __init__(self, clone: Clone, count: int) -> None:
        self.clone, self.names = clone, [f"site{number:02}" for number in range(1, count + 1)]
        for name in self.names:
            shutil.copy2(clone.site_file, self.file(name))
        self.env = {**clone.env, "PATH": f"{Path(pulumi()).parent}:{os.environ['PATH']}"}

    def file(self, name: str) -> Path:
        return self.clone.root / "stacks" / f"Pulumi.{name}.yaml"

    def folder(self, name: str) -> Path:
        return self.clone.root / f".rehearsal-{name}"

    def edit(self, name: str, section: str, key: str, value: Any) -> None:
        data = yaml.safe_load(self.file(name).read_text())
        data["config"][SITE_KEY][section][key] = value
        self.file(name).write_text(yaml.safe_dump(data))

    def fleet(self, action: str, *words: str, seconds: float = SECONDS) -> Run:
        command = [".venv/bin/sakura-rtx", "fleet", action, "--json", *words]
        if "--resume" not in words:
            command += ["--sites", "site*"]
        begin = time.monotonic()
        with (
            subprocess.Popen(
                command,
                cwd=self.clone.root,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process,
            peak_of(process.pid) as peak,
        ):
            out, err = process.communicate(timeout=seconds)
        took = time.monotonic() - begin
        self.clone.seen += out + err
        found = json.loads(out) if out else {}
        return Run(process.returncode, found, err, took, max(peak, default=0))

    @contextlib.contextmanager
    def fast_forward(self) -> Iterator[None]:
        """Let ten times as much time pass at all ends meanwhile."""
        done = threading.Event()

        def forward() -> None:
            while not done.wait(0.5):
                for name in self.names:
                    with contextlib.suppress(VpnError):  # not started yet, or busy
                        instance.ask(self.folder(name), "POST", "/advance", {"seconds": 4.5})

        thread = threading.Thread(target=forward)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def command(self, *words: str, rc: int = 0) -> str:
        return self.clone.command(".venv/bin/sakura-rtx", *words, rc=rc)

    def passes(self, name: str) -> bool:
        return "traffic passes" in instance.status(self.folder(name)).reason

    def remember_canaries(self) -> None:
        for name in self.names:
            known = json.loads((self.folder(name) / "credentials.json").read_text())
            secret = ("api_token", "api_secret", "password", "admin_password")
            self.clone.canaries |= {known[each] for each in secret}

    def end(self) -> None:
        for name in self.names:
            instance.stop(self.folder(name))


@contextlib.contextmanager
def peak_of(pid: int) -> Iterator[list[int]]:
    """Samples of what a process and those that it started hold (MiB), the rehearsals left out."""
    done, samples = threading.Event(), list[int]()

    def sample() -> None:
        while not done.wait(0.3):
            samples.append(_resident_of(pid))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()


def _resident_of(leader: int) -> int:
    parents, resident = dict[int, int](), dict[int, int]()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if DAEMON in (folder / "cmdline").read_text():
                continue
            lines = (folder / "status").read_text().splitlines()
            status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
            parents[int(folder.name)] = int(status["PPid"])
            resident[int(folder.name)] = int(status.get("VmRSS", "0 kB").split()[0])
    return sum(kib for each, kib in resident.items() if leader in _line(each, parents)) // 1024


def _line(pid: int, parents: dict[int, int]) -> Sequence[int]:
    line = [pid]
    while (parent := parents.get(line[-1], 0)) > 1:
        line.append(parent)
    return line
