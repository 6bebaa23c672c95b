"""Stands before a real S3 server and loses answers, or answers 409 in its stead, as the test says."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

HOP = {"connection", "transfer-encoding", "keep-alive", "expect"}
CONFLICT = b"<Error><Code>ConditionalRequestConflict</Code><Message>try again</Message></Error>"

Fault = Callable[[str, str], str | None]
"""From method and path to what goes wrong: "lose" (done, no answer), "409" (not done), "409 done", or None."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.server.lock:
            self.server.seen.append((self.command, self.path))
            fault = self.server.fault(self.command, self.path)
        if fault == "409":
            self._send(409, [], CONFLICT)
            return
        status, headers, answer = self._forward(body)
        if fault == "lose":
            self.close_connection = True
        elif fault == "409 done":
            self._send(409, [], CONFLICT)
        else:
            self._send(status, headers, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _any  # noqa: N815

    def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        target = urlsplit(self.server.target)
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=30)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():  # the client's Host too: it is signed
                if name.lower() not in HOP:
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP | {"content-length"}]
            self.length = answer.getheader("Content-Length")
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        length = self.length if self.command == "HEAD" and self.length else str(len(body))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep the tests' output quiet."""


@contextlib.contextmanager
def s3_proxy(target: str, fault: Fault) -> Iterator[Any]:
    """A proxy before `target`; `.url` is its address, `.seen` what was asked, `.fault` may be changed."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.target, server.fault, server.seen, server.lock = target, fault, [], threading.Lock()
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def once(fault: str, method: str, ending: str, times: int = 1) -> Fault:
    """That fault for the first `times` requests of `method` whose path, without query, ends in `ending`."""
    left = [times]

    def decide(asked: str, path: str) -> str | None:
        if asked == method and path.partition("?")[0].endswith(ending) and left[0] > 0:
            left[0] -= 1
            return fault
        return None

    return decide
