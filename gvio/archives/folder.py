"""A folder of product files as an archive: what it lists is there already."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

from gvio.archives.archive import Archive, RemoteFile
from gvio.archives.manifest import RawFile, raw_file
from gvio.sources.folder import list_files, recognise_files
from gvio.types import Month, Progress


def folder_archive(folder: Path, product: str) -> Archive:
    """The files of `product` in `folder` and below. The url of a file is its path.

    Its `list_` raises what `gvio.sources.folder.list_files` raises; its `fetch` copies nothing, whatever folder it is
    given: it says what lies there, with the digest of the bytes.
    """
    return Archive(str(folder), functools.partial(_list, folder, product), functools.partial(_fetch, product))


def _list(folder: Path, product: str, first: Month, last: Month) -> list[RemoteFile]:
    found = [file for file in list_files(folder, product) if first <= file.month <= last]
    listed = [RemoteFile(f.path.name, f.month, str(f.path), f.path.stat().st_size) for f in found]
    return sorted(listed, key=lambda file: (file.month, file.name))


def _fetch(product: str, files: Sequence[RemoteFile], _: Path, progress: Progress | None) -> list[RawFile]:
    records = []
    for done, listed in enumerate(files, start=1):
        records.append(record_of(Path(listed.url), listed, product))
        if progress is not None:
            progress("reading files", done, len(files))
    return records


def record_of(path: Path, listed: RemoteFile, product: str) -> RawFile:
    """The record of a file that lies at `path`; reads it once, for its digest."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    (named,) = recognise_files([path], product)
    version = "/".join(named.vintage)
    return raw_file(path, listed, sha256=digest, version=version)
