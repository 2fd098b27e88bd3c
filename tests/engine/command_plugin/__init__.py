"""A stand-in for `pulumi-resource-command` 1.2.1: the same rules, as measured on the real one.

The unmodified SDK `pulumi_command` talks to it through the real engine.  A local command runs by
`/bin/sh -c` in the folder of the program, a remote one over SSH.  What it does not know it refuses.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from components.errors import VpnError
from components.provider.handler import Context, Diff, Failure, Resource
from components.provider.serve import serve
from components.provider.values import UNKNOWN, Props, Unknown, changes, contains, reveal, top

VERSION = "1.2.1"
COMMON = {"create", "update", "delete", "addPreviousOutputInEnv", "logging", "stdin", "triggers"}
CONNECTION = {
    "host",
    "port",
    "user",
    "hostKey",
    "password",
    "privateKey",
    "privateKeyPassword",
    "dialErrorLimit",
    "perDialTimeout",
    "proxy",
}
SHOWN = {None: "oe", "stdoutAndStderr": "oe", "stdout": "o", "stderr": "e", "none": ""}


class Done(NamedTuple):
    status: int
    out: str
    err: str


class Command(Resource):
    """What both kinds have in common: when which command runs, and what becomes of its output."""

    outputs = ("stdout", "stderr")
    known = COMMON

    def __init__(self, run: Callable[[str, Props], Done]) -> None:
        self._run = run

    def check(self, inputs: Props, ctx: Context) -> Props | list[Failure]:
        strange = [Failure(key, "not known to this stand-in") for key in inputs.keys() - self.known]
        return strange or inputs

    def diff(self, old_inputs: Props, old_state: Props, inputs: Props, ctx: Context) -> Diff:
        changed = [path for path, _ in changes(old_inputs, inputs)]
        return Diff(changed, [path for path in changed if top(path) == "triggers"])

    def preview(self, old_state: Props, inputs: Props, ctx: Context) -> Props:
        return inputs | dict.fromkeys(self.outputs, UNKNOWN)

    def create(self, inputs: Props, ctx: Context) -> tuple[str, Props]:
        return f"command-{uuid.uuid4()}", self._do("create", inputs, {}, ctx)

    def update(self, id: str, old_state: Props, inputs: Props, ctx: Context) -> Props:
        which = "update" if inputs.get("update") is not None else "create"
        return self._do(which, inputs, old_state, ctx)

    def delete(self, id: str, state: Props, ctx: Context) -> None:
        self._do("delete", state, state, ctx)

    def _do(self, which: str, inputs: Props, before: Props, ctx: Context) -> Props:
        plain = reveal(inputs)
        text = plain.get(which)
        if text is None:
            return inputs | {"stdout": "", "stderr": ""}
        if plain.get("addPreviousOutputInEnv", True) and before:
            raise VpnError("this stand-in gives no output of before to a command")
        done = self._run(text, plain)
        shown = SHOWN[plain.get("logging")]
        for letter, part in (("o", done.out), ("e", done.err)):
            if letter in shown and part:
                ctx.info(part)
        if done.status:
            raise VpnError(
                f"Process exited with status {done.status}: running {text!r}:\n{done.out}{done.err}"
            )
        return inputs | {"stdout": done.out.removesuffix("\n"), "stderr": done.err}


class Remote(Command):
    known = COMMON | {"connection"}

    def check(self, inputs: Props, ctx: Context) -> Props | list[Failure]:
        given = reveal(inputs.get("connection"))
        if isinstance(given, dict):
            strange = given.keys() - CONNECTION
            if strange or "host" not in given:
                return [Failure("connection", f"no host, or not known: {sorted(strange)}")]
        elif not contains(given, Unknown):
            return [Failure("connection", "required")]
        return super().check(inputs, ctx)


def local(text: str, inputs: Props) -> Done:
    done = subprocess.run(
        ["/bin/sh", "-c", text],
        input=inputs.get("stdin", ""),
        capture_output=True,
        check=False,
        text=True,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def remote(text: str, inputs: Props) -> Done:
    given = inputs["connection"]
    attempts = given.get("dialErrorLimit", 10) + 1
    for attempt in range(attempts):
        try:
            return asyncio.run(_over_ssh(text, given, inputs.get("stdin", "")))
        except OSError as err:
            if attempt == attempts - 1:
                raise VpnError(f"dial {given['host']}: {err} (tried {attempts} times)") from None
    raise AssertionError("an attempt ends the loop")


async def _over_ssh(text: str, given: Props, stdin: str) -> Done:
    import asyncssh

    def options(host: Props) -> dict[str, Any]:
        trusted: Any = None
        if pinned := host.get("hostKey"):
            trusted = ([asyncssh.import_public_key(pinned)], [], [])
        keys = []
        if key := host.get("privateKey"):
            keys = [asyncssh.import_private_key(key, host.get("privateKeyPassword"))]
        return {
            "port": host.get("port", 22),
            "username": host.get("user", "root"),
            "password": host.get("password"),
            "client_keys": keys,
            "known_hosts": trusted,
            "agent_path": os.environ.get("SSH_AUTH_SOCK"),
            "config": None,
            "connect_timeout": host.get("perDialTimeout", 15),
        }

    try:
        if proxy := given.get("proxy"):
            async with (
                asyncssh.connect(proxy["host"], **options(proxy)) as outer,
                asyncssh.connect(given["host"], tunnel=outer, **options(given)) as inner,
            ):
                return await _exec(inner, text, stdin)
        async with asyncssh.connect(given["host"], **options(given)) as connection:
            return await _exec(connection, text, stdin)
    except asyncssh.HostKeyNotVerifiable:
        raise VpnError("ssh: host key mismatch") from None
    except asyncssh.Error as err:
        raise OSError(f"ssh: {err.reason}") from None


async def _exec(connection: Any, text: str, stdin: str) -> Done:
    done = await connection.run(text, input=stdin)
    return Done(done.exit_status or 0, done.stdout, done.stderr)


PLUGIN = """#!{python}
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from engine.command_plugin import main
main()
"""


def install(project: Path, root: Path, python: str) -> None:
    """Tell a project where the plugin is, as it is told where ours is; `root` holds the tests."""
    folder = project / "stand-in"
    folder.mkdir()
    plugin = folder / "pulumi-resource-command"
    text = PLUGIN.format(python=python, root=str(root), tests=str(root / "tests"))
    plugin.write_text(text)
    plugin.chmod(0o755)
    file = project / "Pulumi.yaml"
    described = yaml.safe_load(file.read_text())
    described["plugins"]["providers"].append({"name": "command", "path": folder.name})
    file.write_text(yaml.safe_dump(described))


def main() -> None:
    kinds = {"command:local:Command": Command(local), "command:remote:Command": Remote(remote)}
    serve(lambda: kinds, version=VERSION)
