"""Connections to S3. Credentials come from boto3's own chain; a client is safe to share between threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import boto3
from botocore.config import Config

from gvio.errors import StoreError
from gvio.store.s3_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CONNECTIONS = 32


def s3_client(endpoint_url: str | None, where: str) -> S3Client:
    """A client that sends nothing yet; `where` is the address to name when something is wrong.

    Raises:
        StoreError: The profile or the endpoint is not usable.
    """
    with translated(where):
        try:
            return _client(endpoint_url)
        except ValueError:  # botocore's word for an endpoint that is not a URL
            raise StoreError(
                "the S3 endpoint is not a URL", where=where, hint="Write AWS_ENDPOINT_URL as http://host:port."
            ) from None


def _client(endpoint_url: str | None) -> S3Client:
    if endpoint_url is None:
        client = _client_of_style(None, "auto")
        if "amazonaws.com" in client.meta.endpoint_url:
            return client
    return _client_of_style(endpoint_url, "path")  # another server: `bucket.localhost` resolves nowhere


def _client_of_style(endpoint_url: str | None, style: Literal["auto", "path"]) -> S3Client:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=_CONNECTIONS,
        s3={"addressing_style": style},
    )
    return boto3.Session().client("s3", endpoint_url=endpoint_url, config=config)
