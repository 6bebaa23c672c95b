"""S3 as an object store: conditional writes by `If-None-Match` / `If-Match`, 64 MB parts, bounded retries.

Clients are made by `store.s3_client`; whole prefixes are read into folders by `store.mirror`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from gvio.errors import ConflictError, DamagedStore
from gvio.store.keys import check_key, check_prefix, repair_hint, sha256
from gvio.store.s3_client import s3_client
from gvio.store.s3_errors import error_code, is_absent, is_busy, is_lost, translated, was_sent_again

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_WAITS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)  # seconds before each attempt; a conflicting write ends within a request
_FOR_EVER = "public, max-age=31536000, immutable"  # what bears its content in its name, or in its release's
_ASK_AGAIN = "no-cache"  # what may change: a copy on the way is used only after the store was asked
PART_BYTES = 64 * 2**20  # 8 MB parts (the default) take six times as long for a gigabyte


class S3Store:
    """Objects under `s3://bucket/prefix`."""

    def __init__(self, client: S3Client, bucket: str, prefix: str = "", part_bytes: int = PART_BYTES) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = check_prefix(prefix, f"s3://{bucket}")
        self._part_bytes = part_bytes

    @classmethod
    def connect(
        cls,
        bucket: str,
        prefix: str = "",
        endpoint_url: str | None = None,
        *,
        anybody: bool = False,
        anonymous: bool = False,
    ) -> S3Store:
        """A store with its own client; sends nothing yet. `anybody`, `anonymous`: see `s3_client`.

        Raises:
            StoreError: The profile or the endpoint is not usable.
        """
        client = s3_client(endpoint_url, f"s3://{bucket}", anybody=anybody, anonymous=anonymous)
        return cls(client, bucket, prefix)

    @property
    def url(self) -> str:
        """See `ObjectStore.url`."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def get(self, key: str) -> bytes:
        """See `ObjectStore.get`."""
        with self._object(key) as full:
            return self._client.get_object(Bucket=self._bucket, Key=full)["Body"].read()

    def exists(self, key: str) -> bool:
        """See `ObjectStore.exists`."""
        with self._object(key) as full:
            try:
                self._client.head_object(Bucket=self._bucket, Key=full)
            except ClientError as error:
                if not is_absent(error):
                    raise
                self._client.head_bucket(Bucket=self._bucket)  # 404 for HEAD does not say whether the bucket is there
                return False
        return True

    def list_(self, prefix: str) -> dict[str, int]:
        """See `ObjectStore.list_`."""
        start = self._full(check_prefix(prefix, self.url), folder=True)
        skip = len(self._full("", folder=True))
        contents = [item for page in self._pages(start) for item in page.get("Contents", [])]
        found = {item["Key"][skip:]: item["Size"] for item in contents}
        return dict(sorted(found.items()))

    def list_folders(self, prefix: str) -> list[str]:
        """See `ObjectStore.list_folders`."""
        start = self._full(check_prefix(prefix, self.url), folder=True)
        return sorted(
            item["Prefix"][len(start) :].rstrip("/")
            for page in self._pages(start, delimiter="/")
            for item in page.get("CommonPrefixes", [])
        )

    def put_new(self, key: str, data: bytes, media_type: str) -> bool:
        """See `ObjectStore.put_new`."""
        sent_before = False
        for wait in _WAITS:
            time.sleep(wait)
            refused = self._refusal(key, lambda full: self._upload(full, data, media_type))
            if refused is None:
                return True
            sent_before |= was_sent_again(refused)
            there = self.read_versioned(key)  # a refusal may answer the repetition of our own write
            if there is None:
                continue  # 409: whoever was writing has not ended, or gave up
            if there[0] == data:
                return sent_before
            raise DamagedStore(
                f"holds other bytes (sha256 {sha256(there[0])[:12]}, ours {sha256(data)[:12]}) and is immutable",
                where=f"{self.url}/{key}",
                hint=repair_hint(self.url, key),
            )
        raise _busy(f"{self.url}/{key}")

    def read_versioned(self, key: str) -> tuple[bytes, str] | None:
        """See `ObjectStore.read_versioned`."""
        with self._object(key) as full:
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=full)
            except ClientError as error:
                if is_absent(error):
                    return None
                raise
            return answer["Body"].read(), answer["ETag"]

    def replace(self, key: str, data: bytes, etag: str | None, media_type: str = "application/json") -> None:
        """See `ObjectStore.replace`."""
        for wait in _WAITS:
            time.sleep(wait)
            refused = self._refusal(key, lambda full: self._put_if(full, data, etag, media_type))
            if refused is None:
                return
            there = self.read_versioned(key)
            if there is not None and there[0] == data:
                return  # ours: its answer was lost
            if not is_busy(refused) or (there[1] if there else None) != etag:
                with translated(f"{self.url}/{key}"):
                    raise refused
        raise _busy(f"{self.url}/{key}")

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        with self._object(key) as full:
            self._client.delete_object(Bucket=self._bucket, Key=full)

    def _refusal(self, key: str, write: Callable[[str], None]) -> ClientError | None:
        """The answer by which a conditional write was refused; None when it was made. Other errors are raised."""
        with self._object(key) as full:
            try:
                write(full)
            except ClientError as error:
                # an upload that is gone was completed, by us: the answer to that was lost; or somebody cleaned up
                if not is_lost(error) and error_code(error) != "NoSuchUpload":
                    raise
                return error
        return None

    def _put_if(self, full: str, data: bytes, etag: str | None, media_type: str) -> None:
        kind = {"ContentType": media_type, "CacheControl": _ASK_AGAIN}
        client: Any = self._client  # the stubs know no keyword dictionaries
        put = partial(client.put_object, Bucket=self._bucket, Key=full, Body=data, **kind)
        if etag is None:
            put(IfNoneMatch="*")
            return
        try:
            put(IfMatch=etag)
        except ClientError as error:
            if is_absent(error):  # the object is gone: AWS answers 404, SeaweedFS 412
                raise _gone(f"s3://{self._bucket}/{full}") from None
            raise

    def _upload(self, full: str, data: bytes, media_type: str) -> None:
        client: Any = self._client  # the stubs know no keyword dictionaries
        place = {"Bucket": self._bucket, "Key": full}
        kind = {"ContentType": media_type, "CacheControl": _FOR_EVER}
        if len(data) <= self._part_bytes:
            client.put_object(**place, **kind, Body=data, IfNoneMatch="*")
            return
        begun = client.create_multipart_upload(**place, **kind)
        place["UploadId"] = begun["UploadId"]
        try:
            parts = self._send_parts(partial(client.upload_part, **place), data)
            client.complete_multipart_upload(**place, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
        except BaseException:  # also when interrupted: parts of an open upload are stored, and paid for, unseen
            with contextlib.suppress(ClientError, BotoCoreError):  # the first error must be seen
                client.abort_multipart_upload(**place)
            raise

    def _send_parts(self, upload_part: Callable[..., Any], data: bytes) -> list[dict[str, Any]]:
        def send(number: int) -> dict[str, Any]:
            answer = upload_part(PartNumber=number, Body=data[(number - 1) * size : number * size])
            checksums = {k: v for k, v in answer.items() if k.startswith("Checksum") and k != "ChecksumType"}
            return {"PartNumber": number, "ETag": answer["ETag"], **checksums}

        size = self._part_bytes
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(send, range(1, -(-len(data) // size) + 1)))

    def _pages(self, prefix: str, delimiter: str = "") -> Iterator[Any]:
        with translated(self.url):
            pages = self._client.get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter=delimiter)

    @contextlib.contextmanager
    def _object(self, key: str) -> Iterator[str]:
        full = self._full(check_key(key, self.url))
        with translated(f"{self.url}/{key}"):
            yield full

    def _full(self, key: str, *, folder: bool = False) -> str:
        full = "/".join(part for part in (self._prefix, key) if part)
        return f"{full}/" if folder and full else full


def _busy(where: str) -> ConflictError:
    return ConflictError(
        f"other writes of the same name were under way, {len(_WAITS)} times in a row; nothing was overwritten",
        where=where,
        hint="Run again.",
    )


def _gone(where: str) -> ConflictError:
    return ConflictError(
        "it is gone, nothing was written", where=where, hint="Run again: the newer state is read first."
    )
