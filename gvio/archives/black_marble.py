"""NASA Black Marble VNP46A3 and VJ146A3 of a region: from the Earthdata cloud, or from LAADS when that fails.

Which of the two a file came from is told by its url in the manifest. The newest collection counts: a month that
collection 2 lacks altogether is taken from collection 1, which readers record as another regime. Facts, and what could
not be verified: `gvio.archives.cmr`, `gvio.archives.earthdata` and `gvio.archives.laads`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.archive import Archive, Bounds, RemoteFile
from gvio.archives.cmr import search_granules
from gvio.archives.download import download
from gvio.archives.earthdata import EarthdataSession
from gvio.archives.laads import Shelf, download_url, list_laads
from gvio.archives.manifest import RawFile
from gvio.archives.retry import RETRY_POLICY, RetryPolicy
from gvio.archives.transfer import fetch_all
from gvio.errors import ConfigError, ProductError, UpstreamUnavailable
from gvio.sources.vnp46a3_names import recognise
from gvio.types import Month, Progress, month_range

PRODUCTS = ("VNP46A3", "VJ146A3")
TILE_DEGREES = 10.0
BORDER_DEGREES = 1e-5  # far below a pixel: a region that ends on a tile's border does not need the next tile
REFERENCE_MONTHS = 2  # months before the first, asked for to learn which tiles the archive has at all


@dataclasses.dataclass(frozen=True)
class Collection:
    """A processing of the whole series, as CMR and as LAADS name it."""

    version: str
    archive_set: str


COLLECTIONS = (Collection("2", "5200"), Collection("1", "5000"))  # newest first


def black_marble_archive(
    bounds: Bounds,
    credentials: Credentials,
    endpoints: Endpoints,
    product: str = "VNP46A3",
    *,
    retry: RetryPolicy = RETRY_POLICY,
) -> Archive:
    """The official Black Marble archive for one region.

    Args:
        bounds: West, south, east, north, degrees.
        credentials: Token, or user name and password; `.netrc` is read where neither is given.
        endpoints: Where CMR, Earthdata Login and LAADS are.
        product: VNP46A3 (Suomi NPP) or VJ146A3 (NOAA-20).
        retry: How often what fails is tried again.

    Raises:
        ConfigError: `product` is neither.
    """
    if product not in PRODUCTS:
        raise ConfigError(f"no such Black Marble product: {product!r}", hint=f"Use one of {', '.join(PRODUCTS)}.")
    place = _Place(bounds, credentials, endpoints, product, retry)
    return Archive(name=place.name, list_=functools.partial(_list, place), fetch=functools.partial(_fetch, place))


def tiles_of(bounds: Bounds) -> frozenset[str]:
    """Names hHHvVV of the 10° tiles that a box touches: h = floor((lon + 180) / 10), v = floor((90 − lat) / 10)."""
    west, south, east, north = bounds
    columns = range(_index(west + 180 + BORDER_DEGREES), _index(east + 180 - BORDER_DEGREES) + 1)
    rows = range(_index(90 - north + BORDER_DEGREES), _index(90 - south - BORDER_DEGREES) + 1)
    return frozenset(f"h{h:02d}v{v:02d}" for h in columns for v in rows)


def choose(
    files: Iterable[RemoteFile], product: str, tiles: frozenset[str], first: Month, last: Month
) -> list[RemoteFile]:
    """Of what a search returned: this product's files of the region's tiles and months, the newest production of each.

    The newest month is left out while it lacks a tile that earlier months have: it is still being published. A tile
    that no month has (open sea) is not waited for. Sorted by month and name.
    """
    newest: dict[tuple[Month, str], RemoteFile] = {}
    for file in sorted(files, key=lambda file: file.name):  # same prefix: names sort by production stamp
        known = recognise(file.name)
        if known is not None and file.name.startswith(f"{product}.") and known.tile in tiles and known.month <= last:
            newest[known.month, known.tile] = file
    months = sorted({month for month, _ in newest})
    if months:
        earlier = {tile for month, tile in newest if month < months[-1]}
        if not earlier <= {tile for month, tile in newest if month == months[-1]}:
            months.pop()
    kept = [file for (month, _), file in newest.items() if month in months and month >= first]
    return sorted(kept, key=lambda file: (file.month, file.name))


@dataclasses.dataclass(frozen=True)
class _Place:
    bounds: Bounds
    credentials: Credentials
    endpoints: Endpoints
    product: str
    retry: RetryPolicy

    @property
    def name(self) -> str:
        return f"NASA {self.product}"


def _list(place: _Place, first: Month, last: Month) -> list[RemoteFile]:
    listed: list[RemoteFile] = []
    for collection in COLLECTIONS:
        absent = set(month_range(first, last)) - {file.month for file in listed}
        if not absent:
            break
        found = _list_collection(place, collection, min(absent), max(absent))
        listed += [file for file in found if file.month in absent]
    return sorted(listed, key=lambda file: (file.month, file.name))


def _list_collection(place: _Place, collection: Collection, first: Month, last: Month) -> list[RemoteFile]:
    asked = (place.bounds, first + -REFERENCE_MONTHS, last)
    try:
        found = search_granules(place.endpoints, place.product, collection.version, *asked, place.retry)
    except UpstreamUnavailable as error:
        found = _list_second(place, collection, *asked, cause=error)
    return choose(found, place.product, tiles_of(place.bounds), first, last)


def _list_second(
    place: _Place, collection: Collection, bounds: Bounds, first: Month, last: Month, cause: UpstreamUnavailable
) -> list[RemoteFile]:
    """The listing by LAADS; when that fails as well, the first path's error is the one to tell: it needs no login."""
    with EarthdataSession(place.credentials, place.endpoints, place.retry) as session:
        shelf = Shelf(session, place.endpoints, place.product, collection.archive_set, place.retry)
        try:
            session.log_in()  # here, since inside every question its retry would be that of the login as well
            return list_laads(shelf, bounds, first, last)
        except (UpstreamUnavailable, ConfigError) as error:
            what = f"{cause.what}; the second path fails as well: {error.what}"
            raise UpstreamUnavailable(what, where=cause.where, hint=cause.hint) from error


def _fetch(place: _Place, files: Sequence[RemoteFile], into: Path, progress: Progress | None) -> list[RawFile]:
    with EarthdataSession(place.credentials, place.endpoints, place.retry) as session:
        fetch_one = functools.partial(_fetch_one, _Paths(place, session))
        return fetch_all(files, fetch_one, into, archive=place.name, progress=progress)


class _Paths:
    """Which of the two places is asked first: the cloud until it fails once."""

    def __init__(self, place: _Place, session: EarthdataSession) -> None:
        self.place, self.session, self.cloud_failed = place, session, threading.Event()

    def of(self, remote: RemoteFile) -> list[RemoteFile]:
        second = dataclasses.replace(remote, url=download_url(self.place.endpoints, remote.name))
        paths = [remote] if second.url == remote.url else [remote, second]
        return paths[::-1] if self.cloud_failed.is_set() else paths


def _fetch_one(paths: _Paths, remote: RemoteFile, into: Path, stop: threading.Event) -> RawFile:
    """One file by either path; when both fail, the first error. What only the user can mend is raised at once."""
    paths.session.log_in()  # when the login fails, no path helps, and every file would wait for it again
    first, *others = paths.of(remote)
    try:
        return _download(paths, first, into, stop)
    except (UpstreamUnavailable, ProductError) as error:
        if others and isinstance(error, UpstreamUnavailable) and first.url == remote.url:
            paths.cloud_failed.set()
        for other in others:
            with contextlib.suppress(UpstreamUnavailable, ProductError):
                return _download(paths, other, into, stop)
        raise


def _download(paths: _Paths, remote: RemoteFile, into: Path, stop: threading.Event) -> RawFile:
    known = recognise(remote.name)
    version = f"{known.collection}/{known.stamp}" if known is not None else ""
    return download(
        paths.session.get,
        remote,
        into,
        "HDF5",
        archive=paths.place.name,
        version=version,
        renew=paths.session.renew,
        retry=paths.place.retry,
        stop=stop,
    )


def _index(degrees: float) -> int:
    return math.floor(degrees / TILE_DEGREES)
