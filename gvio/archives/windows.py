"""Archives whose files are far larger than a region: what lies here is a window, and is recorded as one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gvio.archives.archive import Bounds, RemoteFile
from gvio.archives.manifest import RawFile, raw_file
from gvio.sources.files import ProductFile


def window_version(bounds: Bounds, etag: str = "") -> str:
    """Version of a window: of the file, and of the bounds, so that other bounds are fetched and not found missing."""
    window = "_".join(f"{edge:.5f}".rstrip("0").rstrip(".") for edge in bounds)
    return f"{etag}@{window}"


def record_window(path: Path, remote: RemoteFile, file: ProductFile) -> RawFile:
    """The record of a window that lies at `path` under the name `file` has."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return raw_file(path, remote, sha256=digest, version=f"{file.collection}/{file.stamp}", name=path.name)
