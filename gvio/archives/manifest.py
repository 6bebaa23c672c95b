"""The record of every raw file: where it came from and what it is, so that nothing is fetched or believed twice."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class RawFile:
    """One file that was fetched.

    Attributes:
        path: Relative to the raw folder, posix.
        name: Official name of the product file.
        month: YYYY-MM.
        url: Where it came from, without secrets.
        size: Bytes here.
        sha256: Digest of the bytes here.
        etag: Version at the archive, if it said so.
        fetched_at: UTC, ISO 8601, seconds.
        version: Collection and production stamp as the name says them, e.g. "002/2024123456789".
        superseded: A newer vintage of the same name is there; kept, not read.
    """

    path: str
    name: str
    month: str
    url: str
    size: int
    sha256: str
    etag: str | None
    fetched_at: str
    version: str
    superseded: bool = False
