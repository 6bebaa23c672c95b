"""A monitor of somebody's: an HTTP server that keeps what it is asked and told."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def monitor() -> Iterator[Any]:
    """A server that answers with `answer`; `seen`: the path of every GET; path, content type and body of every POST."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._keep(self.path)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._keep((self.path, self.headers["Content-Type"], body))

        def _keep(self, seen: object) -> None:
            self.server.seen.append(seen)  # type: ignore[attr-defined]
            self.send_response(self.server.answer)  # type: ignore[attr-defined]
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server: Any = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.answer = [], 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
