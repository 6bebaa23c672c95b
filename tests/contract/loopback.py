"""A small HTTP(S) file server on loopback whose answers can be made to fail, for the doubles of the archives.

    routes = {"/a.h5": file_route(data), "/search": lambda request: json_answer({}), "/tree/": tree_route(folder)}
    with loopback(routes, tls=True) as server:
        server.faults["/a.h5"] = [drop_after(1000), refuse(503, {"Retry-After": "0"})]  # of loopback_faults
        requests.get(server.url + "/a.h5", verify=server.ca_file)
        server.sent("/a.h5"), [seen.headers.get("Range") for seen in server.seen]

A route is a function from `Request` to `Answer`; the longest matching key counts, one that ends in "/" matches what
lies below. A fault is a function from request and route to `Answer`, used up by one request; the key "*" is any path.
`server.url` names 127.0.0.1 and `server.other_url` localhost: two hosts for cookies and redirects, one certificate. A
session's own `verify` loses against REQUESTS_CA_BUNDLE in the environment: tests set that to `server.ca_file`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qs, unquote


@dataclasses.dataclass(frozen=True)
class Request:
    """What was asked. `path` is without query and unquoted, `target` as sent; `headers` ignore case."""

    method: str
    path: str
    target: str
    query: Mapping[str, list[str]]
    headers: Message
    body: bytes = b""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What is answered; `headers` are pairs, so that several cookies fit.

    `span` are first byte and length within `body`; `cut` breaks the connection after so many bytes of the body, though
    Content-Length promised more; with `pause` the body goes out in pieces of `piece` bytes, each after so many seconds;
    `length` False leaves Content-Length out, the end is the end of the connection.
    """

    status: int = 200
    body: bytes | Path = b""
    headers: tuple[tuple[str, str], ...] = ()
    span: tuple[int, int] | None = None
    cut: int | None = None
    pause: float = 0.0
    piece: int = 65536
    length: bool = True

    @property
    def whole(self) -> int:
        return self.body.stat().st_size if isinstance(self.body, Path) else len(self.body)

    def content(self) -> bytes:
        data = self.body.read_bytes() if isinstance(self.body, Path) else self.body
        first, length = self.span or (0, len(data))
        return data[first : first + length]


Route = Callable[[Request], Answer]
Fault = Callable[[Request, Route], Answer]


@dataclasses.dataclass
class Seen:
    """One request that came, with the status it got and the bytes of body that went out for it."""

    method: str
    path: str
    target: str
    headers: Message
    status: int = 0
    sent: int = 0


# Routes


def file_route(body: bytes | Path, etag: str | None = None, media_type: str = "application/octet-stream") -> Route:
    """Serves one file with ETag, Range and If-Range; `etag` is without quotation marks (None: of the content)."""
    return lambda request: ranged(request, body, etag, media_type)


def tree_route(folder: Path, prefix: str) -> Route:
    """Serves the files below `folder` at URLs below `prefix`; anything else is 404."""

    def route(request: Request) -> Answer:
        path = (folder / request.path.removeprefix(prefix).lstrip("/")).resolve()
        inside = path.is_relative_to(folder.resolve()) and path.is_file()
        return ranged(request, path) if inside else Answer(404, b"not found")

    return route


def ranged(request: Request, body: bytes | Path, etag: str | None = None, media_type: str = "") -> Answer:
    """The whole body, or 206 with the part that `Range: bytes=a-b` asks for, or 416."""
    whole = Answer(body=body).whole
    tag = f'"{etag or _digest(body)}"'
    headers = [("ETag", tag), ("Accept-Ranges", "bytes"), ("Content-Type", media_type or "application/octet-stream")]
    asked = request.headers.get("Range", "")
    condition = request.headers.get("If-Range")
    if not asked.startswith("bytes=") or "," in asked or (condition is not None and condition != tag):
        return Answer(200, body, tuple(headers))
    start, _, end = asked.removeprefix("bytes=").partition("-")
    first = int(start) if start else max(0, whole - int(end))
    last = min(int(end) if start and end else whole - 1, whole - 1)
    if first > last:
        return Answer(416, b"", (*headers, ("Content-Range", f"bytes */{whole}")))
    headers.append(("Content-Range", f"bytes {first}-{last}/{whole}"))
    return Answer(206, body, tuple(headers), span=(first, last - first + 1))


def json_answer(document: Any, status: int = 200, **headers: str) -> Answer:
    """A JSON document; underscores of header names become hyphens."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, json.dumps(document).encode(), (("Content-Type", "application/json"), *named))


def html_answer(title: str, status: int = 200) -> Answer:
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>".encode()
    return Answer(status, page, (("Content-Type", "text/html; charset=utf-8"),))


def redirect_answer(url: str, status: int = 302, cookies: tuple[str, ...] = ()) -> Answer:
    return Answer(status, b"", (("Location", url), *(("Set-Cookie", cookie) for cookie in cookies)))


# Server


class LoopbackServer(ThreadingHTTPServer):
    """`seen` are the requests in order; `faults` by path, used up from the front; `routes` may change while it runs."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, routes: Mapping[str, Route]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.routes = dict(routes)
        self.faults: dict[str, list[Fault]] = {}
        self.seen: list[Seen] = []
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.connections: set[Any] = set()
        self.scheme, self.ca_file = "http", ""
        self.context: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    @property
    def other_url(self) -> str:
        return f"{self.scheme}://localhost:{self.server_port}"

    def sent(self, path: str | None = None) -> int:
        """Bytes of bodies that went out for a path, or for all."""
        return sum(seen.sent for seen in self.seen if path in {None, seen.path})

    def answer(self, request: Request) -> Answer:
        route = self._route(request.path)
        with self.lock:
            queue = self.faults.get(request.path) or self.faults.get("*")
            fault = queue.pop(0) if queue else None
        return route(request) if fault is None else fault(request, route)

    def _route(self, path: str) -> Route:
        keys = [key for key in self.routes if path == key or (key.endswith("/") and path.startswith(key))]
        return self.routes[max(keys, key=len)] if keys else lambda request: Answer(404, b"not found")

    def get_request(self) -> tuple[Any, Any]:
        connection, address = super().get_request()
        if self.context is not None:  # the handshake happens in the connection's own thread
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that break off are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LoopbackServer

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        fields = parse_qs(query, keep_blank_values=True)
        request = Request(self.command, unquote(path), self.path, fields, self.headers, body)
        seen = Seen(self.command, request.path, self.path, self.headers)
        self.server.seen.append(seen)
        answer = self.server.answer(request)
        seen.status = answer.status
        first, length = answer.span or (0, answer.whole)
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.length:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command == "HEAD":
            return
        count = length if answer.cut is None else min(answer.cut, length)
        self._send(answer, first, count, seen)
        if count < length or not answer.length:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def _send(self, answer: Answer, first: int, count: int, seen: Seen) -> None:
        piece = answer.piece if answer.pause else 2**20
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(answer.body.open("rb")) if isinstance(answer.body, Path) else None
            while seen.sent < count:
                if answer.pause and self.server.ended.wait(answer.pause):
                    return
                at, size = first + seen.sent, min(piece, count - seen.sent)
                seen.sent += self._send_piece(answer.body if file is None else file, at, size)

    def _send_piece(self, body: bytes | BinaryIO, at: int, size: int) -> int:
        if isinstance(body, bytes):
            self.connection.sendall(body[at : at + size])
        elif self.server.context is None:
            return int(self.connection.sendfile(body, at, size))
        else:  # Python's sendfile over TLS goes by 8 KiB: the server would be what benchmarks measure
            body.seek(at)
            self.connection.sendall(body.read(size))
        return size

    def log_message(self, *args: object) -> None:
        """Keep the tests' output quiet."""


@contextlib.contextmanager
def loopback(routes: Mapping[str, Route], tls: bool = False) -> Iterator[LoopbackServer]:
    """A running server; with `tls` its certificate is signed by the authority in `server.ca_file` (PEM)."""
    with contextlib.ExitStack() as stack:
        server = LoopbackServer(routes)
        if tls:
            _certify(server, Path(stack.enter_context(tempfile.TemporaryDirectory())))
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            server.server_close()
            thread.join()
            _hang_up(server)


def _hang_up(server: LoopbackServer) -> None:
    """End the connections that clients keep open, and wait for their threads to close them."""
    for connection in list(server.connections):
        with contextlib.suppress(OSError):
            connection.shutdown(2)
    deadline = time.monotonic() + 5
    while server.connections and time.monotonic() < deadline:
        time.sleep(0.005)


def _certify(server: LoopbackServer, folder: Path) -> None:
    import trustme

    authority = trustme.CA()
    server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server.context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    server.scheme, server.ca_file = "https", str(folder / "ca.pem")


def _digest(body: bytes | Path) -> str:
    if isinstance(body, Path):
        status = body.stat()
        return f"{status.st_size:x}-{status.st_mtime_ns:x}"
    return hashlib.sha256(body).hexdigest()[:32]
