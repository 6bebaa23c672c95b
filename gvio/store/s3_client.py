"""Connections to S3. Credentials come from boto3's own chain; a client is safe to share between threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from gvio.errors import StoreError
from gvio.store.s3_errors import translated

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CONNECTIONS = 32


def s3_client(endpoint_url: str | None, where: str, *, anybody: bool = False, anonymous: bool = False) -> S3Client:
    """A client that sends nothing yet.

    Args:
        endpoint_url: Of an S3-compatible server; None leaves boto3's own resolution.
        where: The address to name when something is wrong.
        anybody: Where there are no credentials, none are asked for: a bucket that is open to everybody can be read.
        anonymous: Credentials are not even looked for: those of another account would be refused by an open bucket.

    Raises:
        StoreError: The profile or the endpoint is not usable.
    """
    with translated(where):
        try:
            return _client(endpoint_url, boto3.Session(), anybody=anybody, anonymous=anonymous)
        except ValueError:  # botocore's word for an endpoint that is not a URL
            raise StoreError(
                "the S3 endpoint is not a URL", where=where, hint="Write AWS_ENDPOINT_URL as http://host:port."
            ) from None


def _client(endpoint_url: str | None, session: boto3.Session, *, anybody: bool, anonymous: bool) -> S3Client:
    unsigned = anonymous or (anybody and session.get_credentials() is None)
    signed = Config(signature_version=UNSIGNED) if unsigned else Config()
    if endpoint_url is None:
        client = _client_of_style(session, None, "auto", signed)
        if "amazonaws.com" in client.meta.endpoint_url:
            return client
    return _client_of_style(session, endpoint_url, "path", signed)  # another server: `bucket.localhost` is no host


def _client_of_style(
    session: boto3.Session, endpoint_url: str | None, style: Literal["auto", "path"], signed: Config
) -> S3Client:
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=_CONNECTIONS,
        s3={"addressing_style": style},
    )
    return session.client("s3", endpoint_url=endpoint_url, config=config.merge(signed))
