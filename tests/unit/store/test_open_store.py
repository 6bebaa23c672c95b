"""Which store a URL means; opening touches nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gvio.errors import ConfigError, StoreError
from gvio.store.local import LocalStore
from gvio.store.mirror import list_prefix
from gvio.store.objects import open_store
from gvio.store.s3 import S3Store


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keys boto3 would ask the machine's metadata address for some."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def test_a_path_and_a_file_url_are_the_same_folder(tmp_path: Path) -> None:
    folder = tmp_path / "my store"
    plain, url = open_store(str(folder)), open_store(folder.as_uri())
    assert isinstance(plain, LocalStore)
    assert isinstance(url, LocalStore)
    assert plain.url == url.url == str(folder)
    assert not folder.exists()


def test_a_relative_folder_is_told_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_store("store").url == str(tmp_path / "store")


@pytest.mark.parametrize(
    ("url", "shown"),
    [("s3://bucket", "s3://bucket"), ("s3://bucket/a/b/", "s3://bucket/a/b"), ("s3://b//a", "s3://b/a")],
)
def test_an_s3_url_is_bucket_and_prefix(url: str, shown: str) -> None:
    store = open_store(url, "http://127.0.0.1:9")
    assert isinstance(store, S3Store)
    assert store.url == shown


@pytest.mark.parametrize("url", ["", "  ", "s3://", "file://"])
def test_a_url_that_names_nothing_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="names no store"):
        open_store(url)


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"scheme 'gs' of 'gs://bucket' is not served\. Give a folder"):
        open_store("gs://bucket")


@pytest.mark.parametrize(
    "url",
    [
        "s3://KEYID:hunter2@bucket/prefix",
        "s3://KEYID:hun/ter2@bucket/prefix",
        "s3://KEYID@bucket",
        "https://KEYID:hunter2@bucket.s3.example/prefix",
    ],
)
def test_keys_in_an_address_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match=r"the address holds a user name or password|is not served") as caught:
        open_store(url)
    assert not [secret for secret in ("KEYID", "hunter2", "ter2") if secret in str(caught.value)]
    with pytest.raises(ConfigError, match=r"the address holds a user name or password|names no S3 prefix") as caught:
        list_prefix(url)
    assert not [secret for secret in ("KEYID", "hunter2", "ter2") if secret in str(caught.value)]


def test_the_keys_of_an_endpoint_that_is_no_url_are_not_repeated() -> None:
    with pytest.raises(StoreError, match="the S3 endpoint is not a URL") as caught:
        open_store("s3://bucket", "http://KEYID:hunter2@ho st")
    assert "hunter2" not in str(caught.value)


def test_an_endpoint_that_is_no_url_is_refused() -> None:
    with pytest.raises(StoreError, match=r"s3://bucket: the S3 endpoint is not a URL\. Write AWS_ENDPOINT_URL as"):
        open_store("s3://bucket", "127.0.0.1:8333")


def test_a_prefix_that_is_no_key_is_refused() -> None:
    with pytest.raises(StoreError, match=r"'a/\.\./b' is not a portable object key"):
        open_store("s3://bucket/a/../b", "http://127.0.0.1:9")


def test_a_bucket_that_cannot_be_is_told_before_anything_is_sent() -> None:
    with pytest.raises(StoreError, match=r"s3://My Bucket/a: is not a valid bucket name\. Correct --store"):
        open_store("s3://My Bucket", "http://127.0.0.1:9").get("a")


def test_a_folder_store_does_not_load_boto3() -> None:
    code = "import sys; from gvio.store.objects import open_store; open_store('x'); print('boto3' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
