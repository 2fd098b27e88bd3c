"""`GET /metrics` over HTTP, on this machine only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from ..errors import VpnError
from .metrics import CONTENT_TYPE, Board

PATH: Final = "/metrics"
_POLL_SECONDS: Final = 0.2
_SILENT_SECONDS: Final = 10  # then whoever has connected and says nothing is dropped


@contextmanager
def served(board: Board, port: int) -> Iterator[int]:
    """Serve the board's metrics on 127.0.0.1 meanwhile; yields the port (0: any free one).

    Raises `VpnError` if the port is taken.
    """
    handler = type("Handler", (_Handler,), {"board": board})
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise VpnError(
            f"port {port} on 127.0.0.1 cannot be listened on: {error.strerror}",
            remedy="--metrics-port with another number",
        ) from None
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    board: Board
    timeout = _SILENT_SECONDS

    def do_GET(self) -> None:
        found = self.path.partition("?")[0] == PATH
        body = (self.board.text() if found else f"see {PATH}\n").encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it is given
        """Say nothing: a line for every scrape hides the decisions."""
