"""Answers that are lost, and conflicts that AWS asks to try again, on a real server behind a proxy that makes them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from s3_proxy import once, s3_proxy

from gvio.errors import ConflictError, StoreError
from gvio.store.documents import read_latest
from gvio.store.objects import open_store
from gvio.store.probe import probe_conditional_writes
from gvio.store.s3 import S3Store
from gvio.store.writing import write_release

pytestmark = [pytest.mark.enable_socket, pytest.mark.usefixtures("s3_credentials")]

MEGABYTE = 2**20


@pytest.fixture
def proxy(s3_endpoint: str) -> Iterator[Any]:
    with s3_proxy(s3_endpoint, lambda method, path: None) as server:
        yield server


@pytest.fixture
def store(proxy: Any) -> S3Store:
    opened = open_store(f"s3://gvio-contract/{uuid.uuid4().hex}", proxy.url)
    assert isinstance(opened, S3Store)
    return opened


def test_a_creation_whose_answer_was_lost_counts_as_ours(store, proxy) -> None:
    proxy.fault = once("lose", "PUT", "/a.json")
    assert store.put_new("a.json", b"one", "application/json") is True
    assert store.get("a.json") == b"one"
    assert store.put_new("a.json", b"one", "application/json") is False


@pytest.mark.parametrize("fault", ["409", "409 done"])
def test_a_creation_that_met_another_write_is_tried_again(store, proxy, fault) -> None:
    proxy.fault = once(fault, "PUT", "/a.json", times=3)
    store.put_new("a.json", b"one", "application/json")
    assert store.get("a.json") == b"one"


@pytest.mark.parametrize("etag", [False, True])
@pytest.mark.parametrize("fault", ["lose", "409", "409 done"])
def test_a_replacement_is_made_once_whatever_became_of_its_answer(store, proxy, fault, etag) -> None:
    version = None
    if etag:
        store.replace("latest.json", b"zero", None)
        version = store.read_versioned("latest.json")[1]
    proxy.fault = once(fault, "PUT", "/latest.json")
    store.replace("latest.json", b"one", version)
    assert store.get("latest.json") == b"one"
    with pytest.raises(ConflictError, match=r"latest\.json: somebody else wrote it first"):
        store.replace("latest.json", b"two", version)


def test_a_replacement_that_met_another_write_and_lost_is_a_conflict(store, proxy) -> None:
    store.replace("latest.json", b"zero", None)
    version = store.read_versioned("latest.json")[1]
    store.replace("latest.json", b"theirs", version)
    proxy.fault = once("409", "PUT", "/latest.json")
    with pytest.raises(ConflictError, match="nothing was overwritten"):
        store.replace("latest.json", b"ours", version)
    assert store.get("latest.json") == b"theirs"


@pytest.mark.parametrize("write", ["put_new", "replace"])
def test_conflicts_without_end_are_told_and_can_be_tried_later(store, proxy, write) -> None:
    proxy.fault = once("409", "PUT", "/a.json", times=99)
    message = r"a\.json: other writes of the same name were under way, 6 times in a row; nothing was overwritten\. Run"
    with pytest.raises(ConflictError, match=message):
        getattr(store, write)("a.json", b"one", "text/plain" if write == "put_new" else None)
    assert sum(method == "PUT" for method, _ in proxy.seen) == 6
    assert not store.exists("a.json")


@pytest.mark.parametrize("fault", ["lose", "409", "409 done"])
def test_an_object_in_parts_is_completed_once_and_leaves_no_open_upload(s3_endpoint, proxy, fault) -> None:
    client = boto3.client("s3", endpoint_url=proxy.url, region_name="us-east-1")
    store = S3Store(client, "gvio-contract", uuid.uuid4().hex, part_bytes=5 * MEGABYTE)
    data = bytes(range(256)) * (11 * 2**12)
    completions = []

    def decide(method: str, path: str) -> str | None:
        if method == "POST" and "uploadId=" in path and not completions:
            completions.append(path)
            return fault
        return None

    proxy.fault = decide
    store.put_new("big.tif", data, "image/tiff")
    assert len(completions) == 1
    assert store.get("big.tif") == data
    straight = boto3.client("s3", endpoint_url=s3_endpoint, region_name="us-east-1")
    assert not straight.list_multipart_uploads(Bucket="gvio-contract").get("Uploads")


@pytest.mark.parametrize("name", ["/latest.json", "/manifest.json", "/collection.json", "/estimates.parquet"])
@pytest.mark.parametrize("fault", ["lose", "409", "409 done"])
def test_a_release_is_published_whatever_became_of_one_answer(store, proxy, make_release, name, fault) -> None:
    proxy.fault = once(fault, "PUT", name)
    release = make_release()
    assert write_release(store, "testland", release).outcome == "published"
    assert read_latest(store, "testland").release == release.id


def test_the_probe_survives_a_lost_answer_and_leaves_nothing(store, proxy) -> None:
    left = [1]

    def lose_first_put(method: str, path: str) -> str | None:
        return "lose" if method == "PUT" and left and left.pop() else None

    proxy.fault = lose_first_put
    probe_conditional_writes(store)
    assert store.list_("") == {}


def test_no_message_repeats_the_keys_of_an_endpoint_or_an_address(proxy) -> None:
    endpoint = proxy.url.replace("http://", "http://somebody:hunter2@")
    store = open_store(f"s3://gvio-contract/{uuid.uuid4().hex}", endpoint)
    told = []
    for attempt in (lambda: store.get("a"), lambda: store.put_new("a", b"1", "text/plain"), lambda: store.list_("")):
        try:
            attempt()
        except StoreError as error:
            told.append(str(error))
    assert told
    assert not [line for line in told if "hunter2" in line or "somebody" in line]
