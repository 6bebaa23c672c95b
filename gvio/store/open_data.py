"""Buckets that anybody may read: without credentials, so that none is asked for and none is sent."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from gvio.errors import StoreError, UpstreamUnavailable
from gvio.store.s3_errors import reading

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_GIVEN = "the address of the open bucket"
_HINT = "It is read without credentials: check the address, and that the bucket is still open to everybody."


@dataclasses.dataclass(frozen=True)
class OpenObject:
    """An object of an open bucket; `etag` is without quotation marks."""

    key: str
    size: int
    etag: str


class OpenBucket:
    """A bucket that is read without credentials; safe to share between threads."""

    def __init__(self, bucket: str, endpoint_url: str) -> None:
        """Sends nothing yet.

        Raises:
            StoreError: The endpoint is not a URL.
        """
        self.bucket = bucket
        self._client = _client(endpoint_url, f"s3://{bucket}")

    def list_(self, prefix: str) -> list[OpenObject]:
        """Objects whose keys begin with `prefix`, sorted by key; empty when there is none.

        Raises:
            StoreError: No such bucket, or not open to everybody.
            UpstreamUnavailable: The server does not answer, or fails.
        """
        with _reading(f"s3://{self.bucket}/{prefix}"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
            found = [item for page in pages for item in page.get("Contents", [])]
        objects = (OpenObject(item["Key"], item["Size"], item["ETag"].strip('"')) for item in found)
        return sorted(objects, key=lambda item: item.key)

    def etag(self, key: str) -> str:
        """The version of one object now, without quotation marks.

        Raises:
            StoreError: No such object, or not open to everybody.
            UpstreamUnavailable: The server does not answer, or fails.
        """
        with _reading(f"s3://{self.bucket}/{key}"):
            return self._client.head_object(Bucket=self.bucket, Key=key)["ETag"].strip('"')


@contextlib.contextmanager
def _reading(where: str) -> Iterator[None]:
    """As `reading`, but what is denied is not to be cured by keys, nor silence by an address of one's own store."""
    try:
        with reading(where, _GIVEN):
            yield
    except StoreError as error:
        raise StoreError(error.what, where=where, hint=_HINT) from None
    except UpstreamUnavailable as error:
        hint = "Check the network, then run again: what was fetched whole is kept."
        raise UpstreamUnavailable(error.what, where=where, hint=hint) from None


def _client(endpoint_url: str, where: str) -> S3Client:
    """Path style: the bucket's name in a host name would not resolve on another server."""
    config = Config(
        signature_version=UNSIGNED,
        region_name="us-east-1",
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=10,
        read_timeout=60,
        s3={"addressing_style": "path"},
    )
    try:
        return boto3.Session().client("s3", endpoint_url=endpoint_url, config=config)
    except ValueError:  # botocore's word for an endpoint that is not a URL
        what = "the S3 endpoint is not a URL"
        raise StoreError(what, where=where, hint="Write the endpoint as https://host.") from None
