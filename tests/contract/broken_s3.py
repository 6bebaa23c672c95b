"""As much of an S3 server as a mirror reads, with objects that break off, stall or bear impossible keys."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

PAGE = 2  # objects a listing holds; a real server gives a thousand


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if "list-type" in query:
            self._send(self._listing(parse_qs(query)))
            return
        data = self.server.objects[path.split("/", 2)[2]]
        fault = self.server.fault
        if fault == "short":
            self._send(data[:-1])
            return
        self._head(len(data))
        if fault is None:
            self.wfile.write(data)
            return
        self.wfile.write(data[: len(data) // 2])
        self.wfile.flush()
        self.server.half_sent.set()
        if fault == "stall":
            self.server.ended.wait(30)
        self.close_connection = True

    def _listing(self, query: dict[str, list[str]]) -> bytes:
        first = int(query.get("continuation-token", ["0"])[0])
        whole = list(self.server.objects.items())
        items = "".join(
            f'<Contents><Key>{escape(key)}</Key><Size>{len(data)}</Size><ETag>"e{len(data)}"</ETag></Contents>'
            for key, data in whole[first : first + PAGE]
        )
        more = first + PAGE < len(whole)
        token = f"<NextContinuationToken>{first + PAGE}</NextContinuationToken>" if more else ""
        truncated = f"<IsTruncated>{str(more).lower()}</IsTruncated>"
        return f"<ListBucketResult>{truncated}{token}{items}</ListBucketResult>".encode()

    def _send(self, body: bytes) -> None:
        self._head(len(body))
        self.wfile.write(body)

    def _head(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Keep the tests' output quiet."""


@contextlib.contextmanager
def broken_s3(objects: dict[str, bytes], fault: str | None = None) -> Iterator[Any]:
    """A server with `objects` by key; `fault` (None, "short", "break", "stall") may be changed while it runs."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.objects, server.fault = objects, fault
    server.half_sent, server.ended = threading.Event(), threading.Event()
    server.daemon_threads = True
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
