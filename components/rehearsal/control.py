"""The control port of a rehearsal: a few questions and orders as JSON over HTTP, on loopback.

Every answer names the instance, so that a caller never takes a stranger for its own rehearsal;
every call carries the token that only the folder's owner can read.
"""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from .instance import FOLDER_HEADER

Answer = dict[str, Any]
Action = Callable[[Answer], Answer]

_LONGEST_BODY: Final = 1 << 20  # bytes


class ControlServer:
    """Serves `actions` ("GET /health" and so on): each takes and gives a JSON object."""

    def __init__(
        self, instance: str, token: str, folder: Path, actions: Mapping[str, Action]
    ) -> None:
        served = {"instance": instance, "token": token, "folder": folder, "actions": actions}
        handler = type("Handler", (_Handler,), served)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Answer, in threads of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    instance: str
    token: str
    folder: Path
    actions: Mapping[str, Action]

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        status, answer = self._answer()
        body = json.dumps({"instance": self.instance, **answer}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> tuple[int, Answer]:
        length = min(int(self.headers.get("Content-Length") or 0), _LONGEST_BODY)
        content = self.rfile.read(length)
        given = self.headers.get("Authorization") or ""
        if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            return 401, {"error": "the control token is missing or wrong"}
        meant = self.headers.get(FOLDER_HEADER)
        if meant is not None and Path(unquote(meant)).resolve() != self.folder.resolve():
            return 409, {"error": f"this rehearsal lives in {self.folder}", "instance": ""}
        action = self.actions.get(f"{self.command} {self.path}")
        if action is None:
            return 404, {"error": f"no such action: {self.command} {self.path}"}
        try:
            body = json.loads(content or b"{}")
            return 200, action(body if isinstance(body, dict) else {})
        except (ValueError, KeyError, TypeError) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it is given
        """Say nothing: what is typed on the router may hold a key."""
