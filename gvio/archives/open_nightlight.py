"""Light Every Night: monthly composites in the open bucket `globalnightlight`, of which only a window is read.

Facts of November 2026. From public documentation and public code: keys
`composites/npp_{YYYYMM}_{run}/DNB_npp_{first}-{last}_global_{configuration}_v10_{run}.{layer}.tif` with the runs `ops`
and `rp2`, global cloud-optimised GeoTIFFs of 3 to 4 GB, read without credentials; 2022-06 and 2022-08 do not exist;
October 2024 calls its configurations `ecmslcfg` and `ecmcfg`; months before 2018 are `rp2` with the mask `vcm`, which
has another background. The bucket's readme describes the nightly files only and not `composites/`. Not verified from a
closed network: which months exist as both `ops` and `rp2`, and how soon months appear; so they are listed, not guessed.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from gvio import raster
from gvio.archives.access import Endpoints
from gvio.archives.archive import Archive, Bounds, RemoteFile
from gvio.archives.manifest import RawFile
from gvio.archives.retry import RETRY_POLICY, RetryPolicy, retried
from gvio.archives.transfer import fetch_all
from gvio.archives.windows import record_window, window_version
from gvio.errors import ConfigError, ProductError, StoreError, UpstreamUnavailable
from gvio.files import replacing
from gvio.sources.files import ProductFile
from gvio.sources.light_every_night import COUNT, LIGHT, recognise
from gvio.store.open_data import OpenBucket, OpenObject
from gvio.types import Month, Progress

NAME = "Light Every Night"
_PREFIX = "composites/npp_"
_THREADS = 4
_WINDOWS = 2  # times that a window is read; GDAL itself repeats single ranges, but not what it takes for an answer
# Stray light corrected only, the best first: a month without any of these is absent, since light with stray light left
# out is another quantity in the summer of high latitudes.
_PREFERRED = ("ecm-slcorr", "vcm-slcorr")
_GDAL = {
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_HTTP_TIMEOUT": "120",
    "GDAL_HTTP_LOW_SPEED_TIME": "30",
    "GDAL_HTTP_LOW_SPEED_LIMIT": "1000",
    "GDAL_HTTP_UNSAFESSL": "NO",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",  # a global file's header in one request
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
    "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/",  # the next reading in this process must see a new vintage
}
_STATUS = re.compile(r"(?:HTTP response code|HTTP error code|response_code)\D{0,5}(\d{3})")


def light_every_night_archive(bounds: Bounds, endpoints: Endpoints, retry: RetryPolicy = RETRY_POLICY) -> Archive:
    """Light Every Night as an archive: lists the pairs of radiance and count, fetches the region's windows of them.

    Of a month that is there in several processings the operational one counts (`ops` before `rp2`, the mask `ecm`
    before `vcm`). A radiance without its count is not listed. A replaced object (other ETag) is a new vintage.

    Args:
        bounds: West, south, east, north in WGS84 degrees.
        endpoints: `light_every_night` and `light_every_night_bucket` count.
        retry: Retries of every window.
    """
    place = _Place(bounds, endpoints.light_every_night, endpoints.light_every_night_bucket, retry)
    return Archive(NAME, functools.partial(_list, place), functools.partial(_fetch, place))


@dataclasses.dataclass(frozen=True)
class _Place:
    bounds: Bounds
    endpoint: str
    bucket: str
    retry: RetryPolicy

    @property
    def root(self) -> str:
        return f"{self.endpoint}/{self.bucket}/"

    @functools.cached_property
    def open_bucket(self) -> OpenBucket:
        return OpenBucket(self.bucket, self.endpoint)  # half a second: boto3 reads its models


def _list(place: _Place, first: Month, last: Month) -> list[RemoteFile]:
    """Raises StoreError, UpstreamUnavailable, as `OpenBucket.list_`."""
    if last < first:
        return []
    ends = [f"{_PREFIX}{month.year}{month.month:02d}" for month in (first, last)]
    prefix = os.path.commonprefix(ends)  # noqa: RUF071  # keys are text, not paths
    return [
        RemoteFile(
            name=PurePosixPath(item.key).name,
            month=file.month,
            url=f"{place.root}{item.key}",
            size=item.size,
            etag=window_version(place.bounds, item.etag),
        )
        for file, item in choose(place.open_bucket.list_(prefix))
        if first <= file.month <= last
    ]


def choose(objects: Iterable[OpenObject]) -> list[tuple[ProductFile, OpenObject]]:
    """Per month the pair of files that counts, sorted by month and name."""
    named = [(recognise(PurePosixPath(item.key).name), item) for item in objects]
    pairs: dict[tuple[Month, str], dict[str, tuple[ProductFile, OpenObject]]] = {}
    for file, item in named:
        if file is not None and _rank(file) is not None:
            pairs.setdefault((file.month, _stem(file)), {})[file.layer] = (file, item)
    whole = {key: pair for key, pair in pairs.items() if {LIGHT, COUNT} <= pair.keys()}
    best: dict[Month, dict[str, tuple[ProductFile, OpenObject]]] = {}
    for (month, _), pair in sorted(whole.items(), key=lambda entry: _rank(entry[1][LIGHT][0]) or (), reverse=True):
        best[month] = pair  # the best rank comes last and stays
    return [best[month][layer] for month in sorted(best) for layer in (LIGHT, COUNT)]


def _rank(file: ProductFile) -> tuple[int, int, str] | None:
    """Sorts processings of a month, the best first; None for one that is never taken."""
    mask = file.processing.partition("_")[0]
    if mask not in _PREFERRED:
        return None
    return (file.stamp != "ops", _PREFERRED.index(mask), file.path.name)


def _stem(file: ProductFile) -> str:
    return file.path.name.removesuffix(f".{file.layer}.tif")


def _fetch(place: _Place, files: Sequence[RemoteFile], into: Path, progress: Progress | None) -> list[RawFile]:
    fetch_one = functools.partial(_fetch_one, place)
    return fetch_all(files, fetch_one, into, archive=NAME, threads=_THREADS, progress=progress)


def _fetch_one(place: _Place, remote: RemoteFile, into: Path, stop: threading.Event) -> RawFile:
    """Read one window, and believe it only when the object is afterwards still the one that was listed."""
    path = into / remote.name
    file = recognise(remote.name)
    if file is None:
        raise ProductError("has no official name", where=remote.name, hint="Fetch what the archive lists.")
    try:
        again = dataclasses.replace(place.retry, attempts=_WINDOWS)
        with replacing(path) as part:
            retried(lambda: _read_window(place, remote, part), again, stop)
            now = place.open_bucket.etag(remote.url.removeprefix(place.root))
            _check_unchanged(remote, window_version(place.bounds, now))
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise StoreError(what, where=str(into), hint="Free space, or use another --workspace.") from error
    return record_window(path, remote, file)


def _read_window(place: _Place, remote: RemoteFile, part: Path) -> None:
    tags = {"SOURCE_URL": remote.url, "SOURCE_ETAG": (remote.etag or "").partition("@")[0]}
    retries = {
        "GDAL_HTTP_MAX_RETRY": str(place.retry.attempts - 1),
        "GDAL_HTTP_RETRY_DELAY": str(place.retry.first_wait),
    }
    try:
        raster.copy_window(f"/vsicurl/{remote.url}", part, place.bounds, tags, _GDAL | retries)
    except ProductError as error:
        raise _meant(error, remote) from error


def _meant(error: ProductError, remote: RemoteFile) -> ConfigError | ProductError | UpstreamUnavailable:
    """GDAL says in words what HTTP says in numbers; what has no number is taken for a line that broke."""
    if error.__cause__ is None:
        return error  # ours: the file does not touch the region
    match = _STATUS.search(" ".join(_texts(error)))
    status = int(match[1]) if match else None
    if status in {404, 410}:
        hint = "It was withdrawn or renamed: list the months again."
        return ProductError(f"{NAME} no longer has it (HTTP {status})", where=remote.name, hint=hint)
    if status is not None and 400 <= status < 500 and status not in {408, 416, 429}:
        hint = "Check the address of the open bucket, and the proxy."
        return ConfigError(f"{NAME} refused the request (HTTP {status})", where=remote.name, hint=hint)
    said = f"HTTP {status}" if status else error.what
    return UpstreamUnavailable(f"its window could not be read ({said})", where=remote.name, hint="Try again later.")


def _texts(error: BaseException | None) -> Iterable[str]:
    while error is not None:
        yield str(error)
        error = error.__cause__ or error.__context__


def _check_unchanged(remote: RemoteFile, now: str) -> None:
    """The ranges of one window come in several requests: an object replaced in between would be a mixture."""
    if now != remote.etag:
        what = "the object changed at the archive while its window was read"
        raise UpstreamUnavailable(what, where=remote.name, hint="Run again: the new version is listed then.")
