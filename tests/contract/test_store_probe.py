"""What a run asks first of a store: what cannot be published to is refused in one line, and nothing is left behind.

Servers that ignore conditions are in test_s3_faults.py.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from s3_proxy import s3_proxy

from gvio.errors import StoreError
from gvio.publish.release import Release
from gvio.store.objects import ObjectStore, open_store
from gvio.store.probe import probe_conditional_writes
from gvio.store.writing import write_release

pytestmark = [pytest.mark.enable_socket, pytest.mark.usefixtures("s3_credentials")]
NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine may read; pytest's own are private to whom runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="gvio-probe-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextlib.contextmanager
def as_a_user_without_rights(folder: Path) -> Iterator[None]:
    """The superuser writes everywhere, so it becomes nobody for a while; any other user takes the right away."""
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
    else:
        folder.chmod(0o555)
        yield


@pytest.mark.parametrize("name", ["", "new/store"])
def test_a_folder_that_may_only_be_read_is_refused(open_folder: Path, name: str) -> None:
    store = open_store(str(open_folder / name))
    with (
        as_a_user_without_rights(open_folder),
        pytest.raises(StoreError, match=r"cannot be read or written \(Permission denied\)\. Check that the folder"),
    ):
        probe_conditional_writes(store)
    assert list(open_folder.iterdir()) == []


def test_a_bucket_that_is_not_there_is_refused(s3_endpoint: str) -> None:
    store = open_store("s3://no-such-bucket-here/x", s3_endpoint)
    with pytest.raises(StoreError, match=r"there is no such bucket\. Create the bucket, or correct --store"):
        probe_conditional_writes(store)


def test_keys_without_the_right_to_write_are_refused(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    store = open_store("s3://gvio-contract/denied", s3_endpoint)
    with pytest.raises(StoreError, match=r"access is denied \(\w+\)\. Set AWS_ACCESS_KEY_ID"):
        probe_conditional_writes(store)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "gvio-test-secret")
    assert open_store("s3://gvio-contract/denied", s3_endpoint).list_("") == {}


@pytest.mark.parametrize("failing", range(2, 6))
def test_a_probe_that_is_cut_off_at_any_request_is_removed(s3_endpoint: str, failing: int) -> None:
    with s3_proxy(s3_endpoint, lambda method, path: None) as proxy:
        asked = []

        def conflict_for_ever(method: str, path: str) -> str | None:
            asked.append(path)
            return "409" if len(asked) >= failing and method in ("PUT", "GET") else None

        store = _fresh(proxy.url)
        proxy.fault = conflict_for_ever
        with pytest.raises(StoreError):
            probe_conditional_writes(store)
        proxy.fault = lambda method, path: None
        assert store.list_("") == {}


def _fresh(url: str) -> ObjectStore:
    return open_store(f"s3://gvio-contract/{uuid.uuid4().hex}", url)


def test_an_open_store_is_probed_once(tmp_path: Path, make_release: Callable[..., Release]) -> None:
    store = open_store(str(tmp_path))
    probed: list[str] = []
    replace = store.replace

    def watched(key: str, data: bytes, etag: str | None, media_type: str = "application/json") -> None:
        probed.extend([key] if key.startswith("_probe") else [])
        replace(key, data, etag, media_type)

    store.replace = watched  # type: ignore[method-assign]
    probe_conditional_writes(store)
    asked = len(probed)
    write_release(store, "testland", make_release())
    assert len(probed) == asked > 0
