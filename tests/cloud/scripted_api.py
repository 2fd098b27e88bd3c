"""A server that says exactly what it is told to, for tests of the HTTP client."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from components.cloud.credentials import Credentials

TOKEN, SECRET = "token-canary", "secret-canary"
CREDENTIALS = Credentials(TOKEN, SECRET, "environment SAKURA_ACCESS_TOKEN")
GOOD: dict[str, Any] = {"is_ok": True}
RESET, CUT = "reset", "cut"


def refusal(code: str, message: str = "要求された操作を行えません。") -> dict[str, Any]:
    return {"is_fatal": True, "error_code": code, "error_msg": message}


class Script:
    """Answers to give, one a request, the last one for ever; what was asked is in `asked`.

    An answer is (status, body) or (status, body, headers), or `RESET`, or `CUT`, or a callable that
    takes its time and gives one of these.
    """

    def __init__(self) -> None:
        self.answers: list[Any] = [(200, GOOD)]
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.root = ""

    def says(self, *answers: Any) -> None:
        self.answers = list(answers)

    def next(self) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer() if callable(answer) else answer


@contextmanager
def scripted() -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.asked.append((self.command, self.path, dict(self.headers), body))
            answer = script.next()
            if answer == RESET:
                self.close_connection = True
                return
            status, content, headers = 200, b'{"is_ok": tr', {"Content-Length": "900"}
            if answer != CUT:
                status, content, *rest = answer
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                headers = {"Content-Length": str(len(content)), **(rest[0] if rest else {})}
            self.close_connection = answer == CUT
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, *args: Any) -> None:
            pass

        def handle(self) -> None:
            with suppress(OSError):  # the client went away
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    script.root = f"http://127.0.0.1:{server.server_address[1]}/cloud/zone"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
