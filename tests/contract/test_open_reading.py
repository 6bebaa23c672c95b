"""A published bucket that anybody may read: without credentials, and with a word to caches of what may change."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner
from open_s3_double import BUCKET, open_s3

import gvio
from gvio.cli.store import verify
from gvio.errors import StoreError
from gvio.store.local import LocalStore
from gvio.store.objects import open_store
from gvio.store.writing import write_release

pytestmark = pytest.mark.enable_socket
OWN_BUCKET = "gvio-contract"


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without any credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("nobody")
def test_an_open_bucket_is_read_without_credentials(tmp_path: Path, make_release) -> None:
    """The double refuses whatever is signed."""
    write_release(LocalStore(tmp_path / "open"), "testland", make_release())
    with open_s3(tmp_path / "open") as double:
        release = gvio.open_release(f"s3://{BUCKET}", "testland", endpoint_url=double.server.url)
        assert len(release.cube["month"]) == 3
        double.denied = True
        with pytest.raises(StoreError, match=r"access is denied \(.*\)\. Set AWS_ACCESS_KEY_ID"):
            gvio.open_release(f"s3://{BUCKET}", "testland", endpoint_url=double.server.url)
        with pytest.raises(StoreError, match="no usable S3 credentials"):
            open_store(f"s3://{BUCKET}", double.server.url).get("testland/latest.json")


@pytest.mark.usefixtures("s3_credentials")
def test_keys_of_another_account_are_kept_back_where_anybody_may_read(
    s3_endpoint: str, make_release, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, url = open_store(f"s3://{OWN_BUCKET}/public", s3_endpoint), f"s3://{OWN_BUCKET}/public"
    write_release(store, "testland", make_release())
    anybody = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"]}
    places = [f"arn:aws:s3:::{OWN_BUCKET}", f"arn:aws:s3:::{OWN_BUCKET}/*"]
    policy = {"Version": "2012-10-17", "Statement": [anybody | {"Resource": places}]}
    boto3.client("s3", endpoint_url=s3_endpoint).put_bucket_policy(Bucket=OWN_BUCKET, Policy=json.dumps(policy))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another-account")
    with pytest.raises(StoreError):
        gvio.open_release(url, "testland", endpoint_url=s3_endpoint)
    release = gvio.open_release(url, "testland", endpoint_url=s3_endpoint, anonymous=True)
    assert len(release.cube["month"]) == 3
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("GVIO_S3_ANONYMOUS", "1")
    told = CliRunner().invoke(verify, ["--store", url])
    assert (told.exit_code, told.output) == (0, "testland: sound\n")


@pytest.mark.usefixtures("s3_credentials")
def test_caches_keep_what_never_changes_and_ask_for_the_rest(s3_endpoint: str, make_release) -> None:
    store = open_store(f"s3://{OWN_BUCKET}/cached", s3_endpoint)
    release = make_release()
    write_release(store, "testland", release)
    client = boto3.client("s3", endpoint_url=s3_endpoint)

    def told(key: str) -> str:
        return client.head_object(Bucket=OWN_BUCKET, Key=f"cached/testland/{key}")["CacheControl"]

    assert told("latest.json") == told("collection.json") == "no-cache"
    grid = next(key for key in release.payloads if key.startswith("grids/"))
    assert "immutable" in told(grid)
    assert "immutable" in told(f"releases/{release.id}/manifest.json")
