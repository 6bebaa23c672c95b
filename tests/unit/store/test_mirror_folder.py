"""What a mirror refuses before anything is asked of a server."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, IncompleteReadError, NoCredentialsError
from filelock import FileLock

from gvio.errors import ConfigError, PackError, RunHeld, StoreError, UpstreamUnavailable
from gvio.store.mirror import is_hidden, mirror_prefix
from gvio.store.s3_errors import reading

NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize("url", ["", "bucket/pack", "s3://", "s3:///pack", "http://bucket/pack"])
def test_only_s3_addresses_are_mirrored(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError, match=rf"'{url}' names no S3 prefix\. Write s3://bucket/prefix"):
        mirror_prefix(url, tmp_path / "pack", NOWHERE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "a//b", "./a", "a/..", "a\0b"])
def test_a_key_that_leaves_the_folder_is_refused(name: str) -> None:
    with pytest.raises(PackError, match=r"s3://b/p: the key .* is no path inside a folder\. Rename or remove"):
        is_hidden(name, "s3://b/p")


def test_names_with_a_dot_in_front_are_no_input() -> None:
    names = ["region.yaml", ".DS_Store", "ntl/.tmp/a.tif", "ntl/a.b.tif", "数据/区.csv", "a..b"]
    assert [name for name in names if is_hidden(name, "s3://b")] == [".DS_Store", "ntl/.tmp/a.tif"]


def test_a_folder_with_other_files_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "ntl").mkdir()
    (tmp_path / "ntl" / "mine.tif").write_bytes(b"mine")
    with pytest.raises(
        ConfigError, match=r"ntl: holds files that were not fetched from S3\. Move them away: .*s3://b/l"
    ):
        mirror_prefix("s3://b/l", tmp_path / "ntl", NOWHERE)
    assert (tmp_path / "ntl" / "mine.tif").read_bytes() == b"mine"


def test_two_do_not_fetch_into_one_folder(tmp_path: Path) -> None:
    message = r"pack: another run is fetching s3://b/pack\. Wait for it to end"
    with FileLock(tmp_path / ".pack.lock"), pytest.raises(RunHeld, match=message):
        mirror_prefix("s3://b/pack", tmp_path / "pack", NOWHERE, lock_seconds=0)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(
        StoreError, match=r"file/pack: cannot be written \(.*\)\. Free space, or use another --workspace"
    ):
        mirror_prefix("s3://b/pack", tmp_path / "file" / "pack", NOWHERE)


def _answer(code: str, status: int, operation: str = "GetObject") -> ClientError:
    body = {"Error": {"Code": code, "Message": "AKIASECRET"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(body, operation)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (
            _answer("NoSuchKey", 404),
            UpstreamUnavailable,
            "the object changed while it was being fetched. Run again when",
        ),
        (_answer("PreconditionFailed", 412), UpstreamUnavailable, "the object changed while it was being fetched"),
        (_answer("SlowDown", 503), UpstreamUnavailable, "the S3 server failed (SlowDown). Try again later."),
        (EndpointConnectionError(endpoint_url="x"), UpstreamUnavailable, "does not answer (EndpointConnectionError)"),
        (IncompleteReadError(actual_bytes=1, expected_bytes=2), UpstreamUnavailable, "what was fetched whole is kept"),
        (_answer("NoSuchBucket", 404, "ListObjectsV2"), StoreError, "Create the bucket, or correct ntl.source."),
        (_answer("AccessDenied", 403), StoreError, "access is denied (AccessDenied). Set AWS_ACCESS_KEY_ID"),
        (NoCredentialsError(), StoreError, "no usable S3 credentials. Set AWS_ACCESS_KEY_ID"),
    ],
)
def test_what_s3_answers_says_whether_trying_again_helps(error: Exception, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught, reading("s3://b/k", "ntl.source"):
        raise error
    assert str(caught.value).startswith("s3://b/k: ")
    assert message in str(caught.value)
    assert "AKIASECRET" not in str(caught.value)
