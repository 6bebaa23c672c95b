"""An `s3://` prefix of product files as an archive, repeated in a folder by `gvio.store.mirror`."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath, PurePosixPath

from gvio.archives.archive import Archive, RemoteFile
from gvio.archives.folder import record_of
from gvio.archives.manifest import RawFile
from gvio.errors import PackError, ProductAbsent
from gvio.sources.folder import recognise_files
from gvio.sources.products import PRODUCTS
from gvio.sources.unread import cure, described, names_note, unread_names
from gvio.store.mirror import list_prefix, mirror_prefix
from gvio.types import CheckResult, Month, Progress


def prefix_archive(url: str, product: str, endpoint_url: str | None) -> Archive:
    """The files of `product` under a prefix, at any depth.

    Its `fetch` makes the folder repeat exactly the files it is given: others in it are removed, what is there already
    is not fetched again. It answers with what it did fetch.
    """
    place = _Prefix(url.rstrip("/"), product, endpoint_url)
    return Archive(place.url, functools.partial(_list, place), functools.partial(_fetch, place))


def unread_under(url: str, product: str, endpoint_url: str | None) -> tuple[CheckResult, ...]:
    """`light.names` of the objects under a prefix that look like the product's and are not read.

    Raises:
        ConfigError, PackError, StoreError, UpstreamUnavailable: As `gvio.store.mirror.list_prefix`.
    """
    return names_note(_unread(list_prefix(url.rstrip("/"), endpoint_url), product), product)


def relative_name(url: str, file: RemoteFile) -> str:
    """Name of a listed file below the prefix, and below the folder that repeats it."""
    return file.url.removeprefix(url.rstrip("/") + "/")


@dataclasses.dataclass(frozen=True)
class _Prefix:
    url: str
    product: str
    endpoint_url: str | None


def _list(place: _Prefix, first: Month, last: Month) -> list[RemoteFile]:
    objects = list_prefix(place.url, place.endpoint_url)
    listed = []
    for name, (size, etag) in objects.items():
        named = recognise_files([Path(PurePosixPath(name).name)], place.product)
        if named and first <= named[0].month <= last:
            listed.append(RemoteFile(named[0].path.name, named[0].month, f"{place.url}/{name}", size, etag=etag))
    if not listed:
        unread = _unread(objects, place.product)
        if unread:  # waiting does not help
            reader = PRODUCTS[place.product]
            raise PackError(described(unread, reader), where=place.url, hint=cure(reader))
        what = f"none of {len(objects)} object(s) is a {place.product} product of {first} or later"
        hint = f"Put files there under their official names, such as {PRODUCTS[place.product].example}."
        raise ProductAbsent(what, where=place.url, hint=hint)
    return sorted(listed, key=lambda file: (file.month, file.name))


def _unread(objects: Iterable[str], product: str) -> list[PurePath]:
    return unread_names([PurePosixPath(name) for name in sorted(objects)], product)


def _fetch(place: _Prefix, files: Sequence[RemoteFile], into: Path, progress: Progress | None) -> list[RawFile]:
    wanted = {relative_name(place.url, file): file for file in files}
    report = mirror_prefix(place.url, into, place.endpoint_url, progress, keep=wanted.__contains__)
    return [
        dataclasses.replace(record_of(into / name, wanted[name], place.product), path=name) for name in report.fetched
    ]
