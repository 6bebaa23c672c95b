"""What a published store is: named bytes, written once, and one pointer that moves by compare-and-swap.

Two implementations obey this protocol and one test suite (tests/contract/test_object_store.py): a folder
(`store.local`) and S3 (`store.s3`). Nothing else in gvio writes published bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from gvio.errors import ConfigError, StoreError
from gvio.store.keys import check_bucket, without_password
from gvio.store.local import LocalStore


class ObjectStore(Protocol):
    """Named bytes. Keys are relative, `/`-separated, see `store.keys`."""

    @property
    def url(self) -> str:
        """The store as a user would write it; never holds a secret."""

    def get(self, key: str) -> bytes:
        """The object's bytes.

        Raises:
            StoreError: Absent, or the store cannot be read.
        """

    def exists(self, key: str) -> bool:
        """Whether the object is there.

        Raises:
            StoreError: The store cannot be read (which is not the same as absent).
        """

    def list_(self, prefix: str) -> dict[str, int]:
        """Size in bytes of every object under the folder `prefix` ("" for all), by key, sorted.

        Raises:
            StoreError: The store cannot be read.
        """

    def list_folders(self, prefix: str) -> list[str]:
        """Names of the folders directly under `prefix` ("" for the top), sorted; not recursive.

        Raises:
            StoreError: The store cannot be read.
        """

    def put_new(self, key: str, data: bytes, media_type: str) -> bool:
        """Create an immutable object whole or not at all; True if written, False if these bytes were there already.

        Raises:
            StoreError: Other bytes bear this name, or the store cannot be written.
        """

    def read_versioned(self, key: str) -> tuple[bytes, str] | None:
        """Bytes and ETag of an object that may change, or None when absent.

        Raises:
            StoreError: The store cannot be read.
        """

    def replace(self, key: str, data: bytes, etag: str | None, media_type: str = "application/json") -> None:
        """Write only if the object still is the version `etag` (None: only if it is absent).

        Does nothing when the object already holds exactly these bytes, so that a write whose answer was lost on the
        way can be repeated.

        Raises:
            ConflictError: Somebody else wrote in between; nothing was overwritten.
            StoreError: The store cannot be written.
        """

    def delete(self, key: str) -> None:
        """Remove an object if present. For probes and by-hand housekeeping; publishing never deletes.

        Raises:
            StoreError: The store cannot be written.
        """


def open_store(
    url: str, endpoint_url: str | None = None, *, anybody: bool = False, anonymous: bool = False
) -> ObjectStore:
    """Open a folder (path or `file://`) or `s3://bucket/prefix`; reads and writes nothing yet.

    `endpoint_url` names an S3-compatible server; None leaves boto3's own resolution (AWS, or `AWS_ENDPOINT_URL`).
    `anybody`: where there are no credentials, a bucket is read as one that is open to everybody; `anonymous`: always.

    Raises:
        ConfigError: Empty, no bucket, a scheme that is not served, or keys in the address.
    """
    scheme, rest = url.split("://", 1) if "://" in url else ("", url)
    if not rest.strip("/ ") and rest.strip() != "/":
        raise ConfigError(f"{url!r} names no store", hint="Give a folder, file:///folder or s3://bucket/prefix.")
    if scheme == "s3":
        from gvio.store.s3 import S3Store  # boto3 costs 0.2 s: only for those who use it

        bucket, _, prefix = rest.partition("/")
        return S3Store.connect(check_bucket(bucket, url), prefix, endpoint_url, anybody=anybody, anonymous=anonymous)
    if scheme == "file":
        return LocalStore(Path(unquote(urlsplit(url).path)))
    if scheme:
        raise ConfigError(
            f"scheme {scheme!r} of {without_password(url)!r} is not served",
            hint="Give a folder, file:///folder or s3://bucket/prefix.",
        )
    return LocalStore(Path(url))


def asks_for_nobody(environment: Mapping[str, str]) -> bool:
    """Whether buckets are read without credentials, though there may be some: `GVIO_S3_ANONYMOUS=1`."""
    return environment.get("GVIO_S3_ANONYMOUS", "0") not in {"", "0"}


def open_to_read(url: str, endpoint_url: str | None = None, *, anonymous: bool = False) -> ObjectStore:
    """As `open_store`, for readers: a folder must be there, or a slip of the name would look like an empty store. A
    bucket that anybody may read needs no credentials; `anonymous`: those of the machine are not sent either.

    Raises:
        ConfigError: As for `open_store`.
        StoreError: There is no such folder.
    """
    store = open_store(url, endpoint_url, anybody=True, anonymous=anonymous)
    if isinstance(store, LocalStore) and not Path(store.url).is_dir():
        raise StoreError("no such folder", where=store.url, hint="Correct --store, or publish there first.")
    return store
