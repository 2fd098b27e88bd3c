"""HTTP around the cloud: paths, credentials, headers, JSON (sakura-vpcrouter-api 1.1 to 1.4)."""

from __future__ import annotations

import base64
import binascii
import json
import re
import socket
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from .cloud import Call, Sakura
from .errors import STATUS, Refused, error_body
from .faults import FAILED_CREATION, NOT_JSON, RESET_AFTER, RESET_BEFORE, Fault
from .request import Reply, Request

ROOT: Final = "/cloud/zone"
_PATH: Final = re.compile(rf"{ROOT}/(?P<zone>[^/]+)/api/cloud/1\.1(?P<path>/.+)")
_GATEWAY_PAGE: Final = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_RESET: Final = struct.pack("ii", 1, 0)


class SakuraServer:
    """The API on 127.0.0.1.  `port` 0 takes any free one; `log` gets one line a request.

    A line holds method, zone, path and status: never a header, a query or a body.
    """

    def __init__(
        self, sakura: Sakura, port: int = 0, *, log: Callable[[str], None] | None = None
    ) -> None:
        self._server = _Server(("127.0.0.1", port), sakura, log or (lambda _: None))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def root(self) -> str:
        """What a client takes for its API root: the zone follows."""
        return f"http://127.0.0.1:{self.port}{ROOT}"

    def start(self) -> None:
        """Answer requests, in threads of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and drop the connections that are open."""
        self._server.stopping.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.drop_connections()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, address: tuple[str, int], sakura: Sakura, log: Callable[[str], None]
    ) -> None:
        super().__init__(address, _Handler)
        self.sakura, self.log = sakura, log
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._open_lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event; anything else is a defect here."""
        error = sys.exception()
        if not isinstance(error, OSError):
            # Place and kind only: the text of an error may hold what a client sent.
            place = traceback.extract_tb(error.__traceback__)[-1] if error else "nowhere"
            self.log(f"internal error: {type(error).__name__} at {place}")

    def drop_connections(self) -> None:
        with self._open_lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # already gone


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle_any(self) -> None:
        target, _, query = self.path.partition("?")
        match = _PATH.fullmatch(target)
        path = match["path"] if match else target
        zone = match["zone"] if match else "-"
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.sakura.faults.take(self.command, path)
        kind = fault.kind if fault else None
        if callable(kind):
            kind()
        if fault and kind != RESET_AFTER:
            self.server.stopping.wait(fault.seconds)
        self._place = (zone, path)
        if kind == RESET_BEFORE:
            self._drop()
        elif kind == NOT_JSON:
            self._send(502, _GATEWAY_PAGE.encode(), "text/html")
        elif fault and kind in STATUS:
            self._send_fault(fault)
        else:
            place = path if match else ""
            reply = self._reply(zone, place, query, text, fails=kind == FAILED_CREATION)
            if fault and kind == RESET_AFTER:
                self.server.stopping.wait(fault.seconds)
                self._drop()
            else:
                self._send_json(reply.status, reply.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any  # noqa: N815 - the base class looks for these names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: its lines would hold queries."""

    def version_string(self) -> str:
        return "Apache"

    def _reply(self, zone: str, path: str, query: str, text: bytes, *, fails: bool) -> Reply:
        try:
            body = json.loads(text) if text else None
        except ValueError:
            refused = Refused("bad_request", "body")
            return Reply(refused.status, refused.body())
        token, secret = _basic(self.headers.get("Authorization") or "")
        request = Request(self.command, zone, path, query, body, token, secret, fails)
        return self.server.sakura.handle(request)

    def _send_fault(self, fault: Fault) -> None:
        code = str(fault.kind)
        status = fault.status or Refused(code).status
        wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        self._send_json(status, error_body(code, status=status), wait)

    def _send_json(self, status: int, body: Any, extra: dict[str, str] | None = None) -> None:
        if self.headers.get("X-Sakura-Bigint-As-Int") != "1":
            body = _ids_as_text(body)
        text = json.dumps(body, ensure_ascii=False).encode()
        self._send(status, text, "application/json;charset=UTF-8", extra)

    def _send(
        self, status: int, text: bytes, kind: str, extra: dict[str, str] | None = None
    ) -> None:
        self._note(status)
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(text)), **(extra or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _note(self, status: int) -> None:
        """Keep a record, before the answer goes out: who has it may count on that."""
        zone, path = self._place
        self.server.sakura.calls.append(Call(self.command, path, status))
        self.server.log(f"{self.command} {zone} {path} {status or 'dropped'}")

    def _drop(self) -> None:
        """End the connection with a reset."""
        self._note(0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.close_connection = True
        self.connection.close()


def _basic(header: str) -> tuple[str, str]:
    """Token and secret of HTTP Basic; empty ones if there are none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        token, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return token, secret


def _ids_as_text(thing: Any) -> Any:
    """The same answer with its ids as texts; settings are the client's own and stay."""
    if isinstance(thing, list):
        return [_ids_as_text(each) for each in thing]
    if not isinstance(thing, dict):
        return thing
    return {
        key: str(value)
        if key == "ID" and isinstance(value, int)
        else (value if key == "Settings" else _ids_as_text(value))
        for key, value in thing.items()
    }
