"""A release's small objects sent to S3 from far away: as `write_release` does, and with boto3 one after the other.

The server is a stand-in in a process of its own: it waits as long as an answer from far away takes, keeps a checksum
of what came, and refuses a name that it has where asked to. Of a real server on these cores its own CPU would be timed.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import multiprocessing
import os
import random
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.sides import Limit, Row, Side, compared, seconds
from gvio.store.s3 import S3Store
from gvio.store.s3_client import s3_client
from gvio.store.writing import THREADS

BUCKET, LATENCY_S, KILOBYTES = "bench", 0.03, 200
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_EC2_METADATA_DISABLED": "true"}


def rows(*, quick: bool) -> Iterator[Row]:
    """Wall time: what is measured is waiting."""
    count = 64 if quick else 648
    work = f"{count} objects of {KILOBYTES} KB to S3, {LATENCY_S * 1000:.0f} ms away"
    with _environment(KEYS), _server() as url:
        yield _measured(url, work, random.Random(0).randbytes(KILOBYTES * 1024), count)


def _measured(url: str, work: str, data: bytes, count: int) -> Row:
    client = s3_client(url, f"s3://{BUCKET}")
    store = S3Store(client, BUCKET)

    def in_parallel() -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda n: store.put_new(f"ours/{n}", data, "image/tiff"), range(count)))

    def in_turn() -> None:
        for number in range(count):
            client.put_object(Bucket=BUCKET, Key=f"theirs/{number}", Body=data)

    client.put_object(Bucket=BUCKET, Key="first", Body=data)  # the connection, and what boto3 reads from its files
    ours, theirs = (seconds(way, 1, time.perf_counter) for way in (in_parallel, in_turn))
    whole = data * count
    limit = seconds(lambda: client.put_object(Bucket=BUCKET, Key="whole", Body=whole), 1, time.perf_counter)
    with urllib.request.urlopen(f"{url}/") as answer:
        kept: dict[str, str] = json.load(answer)
    wanted = hashlib.md5(data).hexdigest()
    names = [f"/{BUCKET}/{way}/{number}" for way in ("ours", "theirs") for number in range(count)]
    differ = sum(kept.get(name) != wanted for name in names)
    side, note = Side("boto3 in turn", theirs, differ), "wall time; objects that differ"
    return compared("store.objects", work, ours, side, Limit("one object of all the bytes", limit), 0.0, note)


class Handler(http.server.BaseHTTPRequestHandler):
    """PUT keeps the checksum of an object; GET tells all of them."""

    protocol_version = "HTTP/1.1"
    kept: dict[str, str] = {}  # noqa: RUF012 - one server a process
    lock = threading.Lock()

    def do_PUT(self) -> None:
        time.sleep(LATENCY_S)
        checksum = hashlib.md5(self.rfile.read(int(self.headers["Content-Length"]))).hexdigest()
        path = self.path.split("?")[0]
        with self.lock:
            refused = self.headers.get("If-None-Match") == "*" and path in self.kept
            if not refused:
                self.kept[path] = checksum
        self._answer(412 if refused else 200, b"", ETag=f'"{checksum}"')

    def do_GET(self) -> None:
        self._answer(200, json.dumps(self.kept).encode())

    def _answer(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _serve(told: Connection) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.send(server.server_address[1])
        server.serve_forever()


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """URL of the stand-in; it ends with the block."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """These variables, and no other of AWS: the machine's own account is not to be written to."""
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("AWS_")}  # noqa: TID251
    os.environ.update(values)  # noqa: TID251
    try:
        yield
    finally:
        for name in values:
            del os.environ[name]  # noqa: TID251
        os.environ.update(before)  # noqa: TID251
