"""A rehearsal as its users see it: a folder with state, and one background process that serves it.

The process is known by the instance id that it answers with over its control port, never by a
process id: after a reboot of the machine another program may have that number.  Everything that
belongs together lives in one folder and dies with it, the Pulumi backend of the demo included.

The provider imports this module on every call, so it needs the standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

from ..errors import VpnError

FOLDER_VARIABLE: Final = "SAKURA_RTX_REHEARSAL"
# Says which folder a caller means: a copy of a folder has the id and the token of the original.
FOLDER_HEADER: Final = "X-Rehearsal-Folder"
INSTANCE: Final = "instance"
ENDPOINTS: Final = "endpoints.json"
CREDENTIALS: Final = "credentials.json"
LOG: Final = "log"
BACKEND: Final = "backend"
BACKEND_INSTANCE: Final = "backend.instance"
START_LOCK: Final = "lock"
SERVER_LOCK: Final = "server.lock"

START_SECONDS: Final = 20.0
STOP_SECONDS: Final = 10.0
_ANSWER_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.05
_LOG_LINES: Final = 15
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# An id whose writing was killed.
_CUT_OFF: Final = re.compile(rf"{INSTANCE}\.\d+\.new")
_REMEDY: Final = "sakura-rtx rehearsal start"

# Held so that a child that is still at work is not complained about when its handle is collected.
_children: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Endpoints:
    """Where the rehearsal listens and what logs in there, as it is true now.

    `api_root` is what stands before the zone (`http://127.0.0.1:PORT/cloud/zone`), `host_key` the
    RTX's public key as an OpenSSH line.
    """

    instance: str
    api_root: str
    ssh_host: str
    ssh_port: int
    host_key: str
    api_token: str = field(repr=False)
    api_secret: str = field(repr=False)
    user: str
    password: str = field(repr=False)
    admin_password: str = field(repr=False)


@dataclass(frozen=True)
class Status:
    """What is true about a rehearsal folder; without `running`, `ports` and `reason` are empty.

    `reason` is what the link between the ends says: why there is traffic or none; `ike`: it is a
    real key exchange.
    """

    folder: Path
    running: bool
    instance: str
    ports: dict[str, int]
    reason: str
    ike: bool = False


def folder() -> Path:
    """Where the rehearsal lives: `$SAKURA_RTX_REHEARSAL`, else `.rehearsal` here."""
    return Path(os.environ.get(FOLDER_VARIABLE) or ".rehearsal").absolute()


_default_folder = folder


def endpoints(folder: Path | None = None) -> Endpoints:
    """Ports and credentials of the rehearsal that answers; raises `VpnError` if none does."""
    place = _place(folder)
    ask(place, "GET", "/health")
    ends, secret = _read_json(place / ENDPOINTS), _read_json(place / CREDENTIALS)
    return Endpoints(
        instance=ends["instance"],
        api_root=f"http://127.0.0.1:{ends['ports']['api']}/cloud/zone",
        ssh_host="127.0.0.1",
        ssh_port=ends["ports"]["ssh"],
        host_key=ends["host_key"],
        api_token=secret["api_token"],
        api_secret=secret["api_secret"],
        user=secret["user"],
        password=secret["password"],
        admin_password=secret["admin_password"],
    )


def ask(
    folder: Path | None,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    timeout: float = _ANSWER_SECONDS,
) -> dict[str, Any]:
    """One question over the control port; raises `VpnError` if this folder's process is not there.

    `timeout` in seconds.  An answer with another instance id comes from a stranger and counts as
    none; an error that the process itself reports is raised with its own words.
    """
    place = _place(folder)
    answer = _answer(place, method, path, body, timeout)
    if answer is None:
        raise VpnError(f"no rehearsal answers for {place}", remedy=_REMEDY)
    if "error" in answer:
        raise VpnError(str(answer["error"]), attempted=f"rehearsal: {method} {path}")
    return answer


def start(folder: Path | None = None, *, ike: bool = False) -> Literal["running", "resumed", "new"]:
    """Make sure that the rehearsal answers, and say whether it did, was resumed or is new.

    `ike` joins the ends by real IKE daemons (see `ike.host.unavailable`); one that runs with the
    model instead is left alone, and an error.

    Waits for its first answer (at most 20 s).  A resumed RTX boots from its saved configuration,
    as after a power loss, so the demo's backend describes it no longer until it is claimed anew.
    Calls at the same time wait for each other.
    """
    place = _place(folder)
    _refuse_strangers(place)
    with _locked(place):
        if running := _answer(place, "GET", "/health", None, _ANSWER_SECONDS):
            if ike and not running.get("ike"):
                raise VpnError(
                    f"the rehearsal in {place} runs already, and its link is the model",
                    state="it was left as it is",
                    remedy="sakura-rtx rehearsal stop, then start it again with --ike",
                )
            return "running"
        new = _prepare(place)
        if not new:
            (place / BACKEND_INSTANCE).unlink(missing_ok=True)
        _spawn(place, ["--ike"] if ike else [])
        return "new" if new else "resumed"


def stop(folder: Path | None = None) -> bool:
    """End the process and wait until it is gone; whether there was one.  State stays."""
    place = _place(folder)
    if not place.is_dir():
        return False
    _refuse_strangers(place)
    with _locked(place):
        return _stop(place)


def reset(folder: Path | None = None) -> None:
    """End the process and delete everything in the folder, the demo's Pulumi backend included."""
    place = _place(folder)
    if not place.is_dir():
        return
    _refuse_strangers(place)
    with _locked(place):
        _stop(place)
        # The id goes first: a process that was not to be stopped ends when it misses it.
        (place / INSTANCE).unlink(missing_ok=True)
        for entry in place.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != START_LOCK:
                entry.unlink()
        (place / START_LOCK).unlink()


def status(folder: Path | None = None) -> Status:
    """Whether the rehearsal answers, on which ports, and what its link says."""
    place = _place(folder)
    answer = _answer(place, "GET", "/health", None, _ANSWER_SECONDS)
    if answer is None:
        return Status(place, False, _text(place / INSTANCE), {}, "")
    ike = bool(answer.get("ike"))
    return Status(place, True, answer["instance"], answer["ports"], answer["reason"], ike)


def backend_matches(folder: Path | None = None) -> bool:
    """Whether the demo's Pulumi backend was made with the instance that the folder holds now."""
    place = _place(folder)
    made_with = _text(place / BACKEND_INSTANCE)
    return bool(made_with) and made_with == _text(place / INSTANCE)


def claim_backend(folder: Path | None = None) -> None:
    """Note that the demo's Pulumi backend now describes this instance (after `up --refresh`)."""
    place = _place(folder)
    write_atomically(place / BACKEND_INSTANCE, _text(place / INSTANCE) + "\n")


def write_atomically(path: Path, text: str) -> None:
    """Replace a file at once, readable by its owner only: a reader sees the old or the new text."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)  # a full disk: the next start must not stumble over it
        raise


def _place(folder: Path | None) -> Path:
    return Path(folder).absolute() if folder is not None else _default_folder()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _answer(
    place: Path, method: str, path: str, body: dict[str, Any] | None, timeout: float
) -> dict[str, Any] | None:
    """What this folder's process answers, None if it does not."""
    instance, ends = _text(place / INSTANCE), _read_json(place / ENDPOINTS)
    token = _read_json(place / CREDENTIALS).get("control_token")
    if not instance or ends.get("instance") != instance or not token:
        return None
    connection = http.client.HTTPConnection("127.0.0.1", ends["ports"]["control"], timeout=timeout)
    try:
        headers = {"Authorization": f"Bearer {token}", FOLDER_HEADER: quote(str(place))}
        connection.request(method, path, json.dumps(body or {}), headers)
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return answer if isinstance(answer, dict) and answer.get("instance") == instance else None


def _answers(place: Path) -> bool:
    return _answer(place, "GET", "/health", None, _ANSWER_SECONDS) is not None


def _refuse_strangers(place: Path) -> None:
    """Refuse a folder with other people's files: `reset` would delete them."""
    if not place.exists():
        return
    if not _is_ours(place):
        raise VpnError(
            f"{place} is not a rehearsal folder",
            state="it holds something else; nothing was changed",
            remedy="name a new or empty folder",
        )


def _is_ours(place: Path) -> bool:
    """Whether the folder holds an id of ours, or nothing yet but what a start makes first."""
    if not place.is_dir():
        return False
    if any(_ID.fullmatch(_text(place / name)) for name in (INSTANCE, BACKEND_INSTANCE)):
        return True
    names = {entry.name for entry in place.iterdir() if not _CUT_OFF.fullmatch(entry.name)}
    return names <= {START_LOCK, SERVER_LOCK, LOG}


@contextlib.contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Let one process at a time start, stop or reset the rehearsal of this folder."""
    while True:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = (place / START_LOCK).open("w", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX)
        # A reset that we waited for has taken the file away: what we hold locks nothing then.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), (place / START_LOCK).stat()):
                break
        file.close()
    with file:
        yield


def _prepare(place: Path) -> bool:
    """Give the folder an instance id and a backend if it has none; whether the id is new."""
    new = not _text(place / INSTANCE)
    if new:
        write_atomically(place / INSTANCE, f"{uuid.uuid4()}\n")
    if not (place / BACKEND).is_dir():
        (place / BACKEND).mkdir(mode=0o700)
        claim_backend(place)
    return new


def _spawn(place: Path, options: Sequence[str]) -> None:
    """Start the background process and wait for its first answer."""
    with os.fdopen(
        os.open(place / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab"
    ) as log:
        begin = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", "components.rehearsal.daemon", str(place), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
        )
    _children.append(process)
    if _wait_for(lambda: process.poll() is not None or _answers(place), START_SECONDS):
        if process.poll() is None:
            return
        what = f"the rehearsal ended at once (exit code {process.returncode})"
    else:
        # Left running it would hold the folder against the next try.
        process.terminate()
        what = f"the rehearsal did not answer within {START_SECONDS:.0f} s"
    raise VpnError(
        what,
        attempted=f"start the rehearsal in {place}",
        state=f"last lines of {place / LOG}:\n{_last_lines(place / LOG, begin)}",
        remedy="sakura-rtx rehearsal reset, if the state in the folder is damaged",
    )


def _stop(place: Path) -> bool:
    """Ask the process to end and wait until it has let go of the folder."""
    answered = _answer(place, "POST", "/stop", None, _ANSWER_SECONDS) is not None
    if not _wait_for(lambda: not _served(place), STOP_SECONDS if answered else _ANSWER_SECONDS):
        raise VpnError(
            f"the rehearsal in {place} does not end",
            state="a process still holds the folder",
            remedy=f"see {place / LOG}; delete the folder: the process ends by itself",
        )
    return answered


def _served(place: Path) -> bool:
    """Whether some process holds the folder's server lock."""
    for child in _children:
        child.poll()
    try:
        file = (place / SERVER_LOCK).open("r", encoding="utf-8")
    except FileNotFoundError:
        return False
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _last_lines(path: Path, begin: int) -> str:
    with path.open("rb") as file:
        file.seek(begin)
        lines = file.read().decode("utf-8", "replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-_LOG_LINES:]) or "    (nothing)"


def _wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` came true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
