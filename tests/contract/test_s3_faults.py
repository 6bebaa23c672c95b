"""What goes wrong with S3, on real servers: wrong keys, no bucket, nobody there, conditions that are ignored."""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest

from gvio.errors import ConflictError, StoreError
from gvio.store.local import LocalStore
from gvio.store.objects import open_store
from gvio.store.probe import probe_conditional_writes
from gvio.store.s3 import S3Store
from gvio.store.writing import write_release

pytestmark = [pytest.mark.enable_socket, pytest.mark.usefixtures("s3_credentials")]


class Careless(BaseHTTPRequestHandler):
    """As much of S3 as the stores use, with every `If-…` header ignored, as some gateways do."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    honours: tuple[str, ...] = ()

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if "If-None-Match" in self.headers and "If-None-Match" in self.honours and self.path in self.objects:
            return self._answer(412, b"<Error><Code>PreconditionFailed</Code></Error>")
        self.objects[self.path] = data
        return self._answer(200)

    def do_GET(self) -> None:
        if "list-type" in self.path:
            return self._answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        if self.path not in self.objects:
            return self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return self._answer(200, self.objects[self.path])

    def do_DELETE(self) -> None:
        self.objects.pop(self.path, None)
        self._answer(204)

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"e"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep the tests' output quiet."""


@contextlib.contextmanager
def careless_server(*honours: str) -> Iterator[tuple[str, dict[str, bytes]]]:
    objects: dict[str, bytes] = {}
    handler = type("Handler", (Careless,), {"objects": objects, "honours": honours})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", objects
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(("honours", "header"), [((), "If-None-Match"), (("If-None-Match",), "If-Match")])
def test_a_store_that_ignores_conditions_is_refused_before_anything_is_sent(make_release, honours, header) -> None:
    with careless_server(*honours) as (endpoint, objects):
        store = open_store("s3://bucket/prefix", endpoint)
        expected = rf"s3://bucket/prefix: the store ignores conditional writes \({header}\)\. Publish to a folder or"
        with pytest.raises(StoreError, match=expected):
            probe_conditional_writes(store)
        assert objects == {}
        with pytest.raises(StoreError, match=expected):
            write_release(store, "testland", make_release())
        assert objects == {}


class Faulty(LocalStore):
    """A folder whose compare-and-swap is wrong in other ways than accepting everything."""

    def __init__(self, root: Path, *, forgets: bool) -> None:
        super().__init__(root)
        self._forgets = forgets

    def read_versioned(self, key: str) -> tuple[bytes, str] | None:
        return None if self._forgets else super().read_versioned(key)

    def replace(self, key: str, data: bytes, etag: str | None, media_type: str = "application/json") -> None:
        if etag is not None:
            raise ConflictError("refused")
        super().replace(key, data, etag, media_type)


@pytest.mark.parametrize(
    ("forgets", "message"),
    [
        (True, "the store does not return what was just written"),
        (False, "the store refuses a conditional write that should succeed"),
    ],
)
def test_a_store_that_forgets_or_refuses_everything_is_refused(tmp_path: Path, forgets: bool, message: str) -> None:
    store = Faulty(tmp_path, forgets=forgets)
    with pytest.raises(StoreError, match=message):
        probe_conditional_writes(store)
    assert store.list_("") == {}


def test_wrong_keys_are_told_without_repeating_them(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    store = open_store("s3://gvio-contract/x", s3_endpoint)
    for attempt in (
        lambda: store.get("a"),
        lambda: store.exists("a"),
        lambda: store.list_(""),
        lambda: store.delete("a"),
    ):
        with pytest.raises(StoreError, match=r"access is denied \(.*\)\. Set AWS_ACCESS_KEY_ID") as caught:
            attempt()
        assert "not-the-secret" not in str(caught.value)
        assert "gvio-test-id" not in str(caught.value)


def test_no_keys_are_told(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(StoreError, match=r"s3://gvio-contract/a: no usable S3 credentials"):
        open_store("s3://gvio-contract", s3_endpoint).get("a")


def test_a_bucket_that_is_not_there_is_told(s3_endpoint: str) -> None:
    store = open_store("s3://no-such-bucket-here/x", s3_endpoint)
    attempts = [
        lambda: store.get("a"),
        lambda: store.exists("a"),
        lambda: store.list_(""),
        lambda: store.read_versioned("a"),
        lambda: store.put_new("a", b"1", "text/plain"),
        lambda: store.replace("a", b"1", None),
    ]
    for attempt in attempts:
        with pytest.raises(StoreError, match=r"there is no such bucket\. Create the bucket"):
            attempt()


def test_a_server_that_is_not_there_is_told() -> None:
    with careless_server() as (endpoint, _):
        pass
    store = open_store("s3://bucket", endpoint)
    with pytest.raises(StoreError, match=r"s3://bucket/a: the S3 server does not answer .*Check AWS_ENDPOINT_URL"):
        store.get("a")


def test_a_big_object_goes_in_parts_and_stays_immutable(s3_endpoint: str) -> None:
    client = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")
    store = S3Store(client, "gvio-contract", uuid.uuid4().hex, part_bytes=5 * 2**20)
    data = bytes(range(256)) * (11 * 2**12)  # 11 MB: three parts
    assert store.put_new("big.tif", data, "image/tiff") is True
    assert store.get("big.tif") == data
    prefix = store.url.removeprefix("s3://gvio-contract/")
    assert client.head_object(Bucket="gvio-contract", Key=f"{prefix}/big.tif")["ETag"].endswith('-3"')
    assert store.put_new("big.tif", data, "image/tiff") is False
    with pytest.raises(StoreError, match="holds other bytes"):
        store.put_new("big.tif", data[:-1] + b"x", "image/tiff")
    assert store.get("big.tif") == data
    assert not client.list_multipart_uploads(Bucket="gvio-contract").get("Uploads")


def test_objects_carry_their_media_type(s3_endpoint: str) -> None:
    client = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")
    store = S3Store(client, "gvio-contract", uuid.uuid4().hex)
    store.put_new("a.md", b"#", "text/markdown; charset=utf-8")
    store.replace("latest.json", json.dumps({}).encode(), None)
    place = {"Bucket": "gvio-contract"}
    prefix = store.url.removeprefix("s3://gvio-contract/")
    assert client.head_object(**place, Key=f"{prefix}/a.md")["ContentType"] == "text/markdown; charset=utf-8"
    assert client.head_object(**place, Key=f"{prefix}/latest.json")["ContentType"] == "application/json"
