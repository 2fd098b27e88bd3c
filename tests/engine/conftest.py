"""A clone of the project with its own rehearsal, driven as a user does it: `make`, and by hand.

Every clone is searched at its end for canaries: keys and passwords that must appear nowhere.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.errors import VpnError
from components.rehearsal import instance

PROJECT = Path(__file__).resolve().parents[2]
SITE_KEY = "sakura-rtx-vpn:site"
SECONDS = 240
# Where a canary may stand: the rehearsed ends keep their keys as the real ends do.
OF_THE_ENDS = ("rtx/saved.cfg", "api.json", "credentials.json")


class Clone:
    """A copy of the tracked files, the project's own virtual environment, a demo of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root / "clone"
        without_tests = ("--", ".", ":!tests")
        listing = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *without_tests],
            cwd=PROJECT,
            capture_output=True,
            check=True,
            text=True,
        )
        # With what is compiled: it holds as long as the file it is of has the same time.
        compiled = [
            str(file.relative_to(PROJECT))
            for part in ("components", "tools")
            for file in (PROJECT / part).rglob("__pycache__/*.pyc")
        ]
        names = [*listing.stdout.split("\0"), *compiled]
        for name in filter(None, names):
            if (PROJECT / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, self.root / name)
        self._borrow_venv()
        self.site_file = self.root / "stacks" / "Pulumi.demo.yaml"
        self.folder = self.root / ".rehearsal"
        self.canaries: set[str] = set()
        self.seen = ""
        hostile = ("PULUMI_BACKEND_URL", "PULUMI_STACK", "SAKURA_ACCESS_TOKEN")
        self.env = {**os.environ, **dict.fromkeys(hostile, "from-the-users-environment")}
        # `make test ARGS=...` hands its variables on to every make below it.
        of_make = ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "ARGS", "SITE")
        for name in ("SAKURA_RTX_REHEARSAL", *of_make):
            self.env.pop(name, None)

    def _borrow_venv(self) -> None:
        """A `.venv` of the clone's own whose packages are the project's: made in no time."""
        own, project = self.root / ".venv", PROJECT / ".venv"
        (own / "bin").mkdir(parents=True)
        shutil.copy2(project / "pyvenv.cfg", own)
        (own / "lib").symlink_to(project / "lib")
        for name in ("python", "python3"):
            (own / "bin" / name).symlink_to((project / "bin" / "python").resolve())
        for name in ("sakura-rtx", "pulumi-resource-sakurartx"):
            script = (project / "bin" / name).read_text()
            (own / "bin" / name).write_text(script.replace(str(PROJECT), str(self.root)))
            (own / "bin" / name).chmod(0o755)
        stamp = "import json; from tools import setup; print(json.dumps(setup.stamp()))"
        done = subprocess.run(
            ["python3", "-c", stamp], cwd=self.root, capture_output=True, text=True, check=True
        )
        (own / "made-from.json").write_text(done.stdout)

    def command(self, *words: str, rc: int | None = 0) -> str:
        """Run a command in the clone; what it printed, both streams."""
        done = subprocess.run(
            words,
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.seen += done.stdout
        if rc is not None:
            assert done.returncode == rc, done.stdout
        return done.stdout

    def make(self, target: str, *arguments: str, rc: int = 0) -> str:
        """`make target ARGS=...`; make's own exit code for any failure is 2."""
        return self.command("make", target, f"ARGS={' '.join(arguments)}", rc=rc)

    def up(self, *arguments: str, rc: int = 0) -> str:
        return self.make("up", "--suppress-progress", "--color=never", *arguments, rc=rc)

    def create(self) -> str:
        """The first `make up`, without waiting for a VPC router to boot in real time."""
        with self.fast_forward():
            return self.up("--skip-preview")

    def down(self) -> None:
        """`make down`, without waiting for a VPC router to stop in real time."""
        with self.fast_forward():
            self.make("down", "--skip-preview", "--color=never", "--suppress-progress")

    def unchanged(self) -> None:
        self.make("preview", "--expect-no-changes")

    def outputs(self, *, secrets: bool = False) -> dict[str, Any]:
        """`make outputs`; only JSON may stand on stdout."""
        words = ["make", "outputs", f"ARGS={'--show-secrets' if secrets else ''}"]
        done = subprocess.run(
            words, cwd=self.root, env=self.env, capture_output=True, text=True, check=True
        )
        if not secrets:
            self.seen += done.stdout
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def rehearsal(self, *words: str, rc: int | None = 0) -> str:
        return self.command(".venv/bin/sakura-rtx", "rehearsal", *words, rc=rc)

    def typed(self, *lines: str, rc: int | None = 0) -> str:
        """What the RTX shows when these lines are typed at an administrator's console."""
        text = subprocess.run(
            [".venv/bin/sakura-rtx", "rehearsal", "type", *lines],
            cwd=self.root,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if rc is not None:
            assert text.returncode == rc, text.stdout + text.stderr
        return text.stdout

    def configuration(self) -> list[str]:
        """`show config` without its head."""
        lines = self.typed("show config").splitlines()
        return [line for line in lines if line and not line.startswith("#")]

    def passes(self) -> bool:
        """Whether one ping goes through the tunnel."""
        ping = "ping -sa 192.168.1.1 -c 1 -w 1 192.168.2.1"
        return "0.0%" in self.typed(ping).replace("100.0%", "")

    def advance(self, seconds: float) -> None:
        self.rehearsal("advance", str(seconds))

    @contextlib.contextmanager
    def fast_forward(self) -> Iterator[None]:
        """Let ten times as much time pass at both ends meanwhile: DPD and back-off come sooner."""
        done = threading.Event()

        def forward() -> None:
            while not done.wait(0.5):
                with contextlib.suppress(VpnError):  # not started yet
                    instance.ask(self.folder, "POST", "/advance", {"seconds": 4.5})

        thread = threading.Thread(target=forward)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def cloud(self) -> dict[str, Any]:
        """Everything that exists at the rehearsed API, in the demo's zone."""
        stored = json.loads((self.folder / "api.json").read_text())
        found: dict[str, Any] = stored["zones"]["is1b"]
        return found

    def both_ends(self) -> tuple[list[str], Any]:
        """Both ends as they are, to compare: what exists, stored and applied settings."""
        cloud = self.cloud()
        routers = [(r["settings"], r["applied"], r["power"]) for r in cloud["routers"].values()]
        return self.configuration(), [
            routers,
            sorted(cloud["internets"]),
            sorted(cloud["switches"]),
        ]

    def edit(self, path: str, value: Any) -> None:
        """Set `path` in the site (`ipsec.hash`), or a key beside it (`:psk`), in the site file."""
        data = yaml.safe_load(self.site_file.read_text())
        place = data["config"]
        if path.startswith(":"):
            place[f"sakura-rtx-vpn{path}"] = value
        else:
            place = place[SITE_KEY]
            *parents, last = path.split(".")
            for step in parents:
                place = place.setdefault(step, {})
            place[last] = value
        self.site_file.write_text(yaml.safe_dump(data))

    def reset_site(self) -> None:
        shutil.copy2(PROJECT / "stacks" / "Pulumi.demo.yaml", self.site_file)

    def pulumi(self, *words: str, given: str = "") -> str:
        """Run the CLI on the demo's own backend; `given` is its stdin."""
        env = {
            **self.env,
            "PULUMI_BACKEND_URL": (self.folder / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "rehearsal",
            "PULUMI_HOME": str(self.folder / "pulumi-home"),
            "PULUMI_STACK": "demo",
            "SAKURA_RTX_REHEARSAL": str(self.folder),
            "PATH": f"{self.root / '.venv' / 'bin'}:{os.environ['PATH']}",
        }
        done = subprocess.run(
            [pulumi(), *words],
            cwd=self.root,
            env=env,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
        )
        self.seen += done.stdout
        return done.stdout

    def secret(self, name: str, value: str) -> None:
        """What `pulumi config set --secret` does; the value is a canary from now on."""
        self.canaries.add(value)
        self.pulumi("config", "set", "--secret", name, given=value)

    def remember_canaries(self) -> None:
        """Whatever is secret at this moment must be found nowhere, at any time."""
        known = json.loads((self.folder / "credentials.json").read_text())
        self.canaries |= {
            known[name] for name in ("api_token", "api_secret", "password", "admin_password")
        }
        if (self.folder / "backend" / ".pulumi" / "stacks").is_dir():
            self.canaries |= {self.outputs(secrets=True).get("psk", "")} - {""}

    def leaks(self) -> list[str]:
        """Where a canary stands although it must not."""
        found = [f"output: {n}" for n, c in enumerate(self.canaries) if c in self.seen]
        for file in self.root.rglob("*"):
            inside = str(file.relative_to(self.root))
            if not file.is_file() or inside.startswith(".venv/") or inside.endswith(OF_THE_ENDS):
                continue
            content = file.read_bytes()
            found += [inside for c in self.canaries if c.encode() in content]
        return found

    def start_up(self) -> subprocess.Popen[str]:
        """`make up` in a session of its own, running."""
        return subprocess.Popen(
            ["make", "up", "ARGS=--suppress-progress --skip-preview --color=never"],
            cwd=self.root,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def end(self) -> None:
        self.rehearsal("stop", rc=None)


def pulumi() -> str:
    """The CLI that `make` uses."""
    program = "import os; from tools import cli; print(cli.ready(os.environ))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def session(leader: int) -> dict[int, str]:
    """The processes of a session, with their command lines."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if int(stat[3]) == leader and stat[0] != "Z":
            found[int(folder.name)] = command
    return found


def kill(pids: Iterator[int] | list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # it may have ended since it was found
            os.kill(pid, signal.SIGKILL)


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Poll a real process; the only kind of waiting that no injected clock can replace."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    made = Clone(tmp_path)
    yield made
    try:
        assert made.leaks() == []
    finally:
        made.end()
