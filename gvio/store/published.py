"""Reading releases back, every table verified against the manifest; the writer is `store.writing`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import pandas as pd
from odc.geo.geobox import GeoBox

from gvio.errors import DamagedStore, StoreError
from gvio.map.bands import BANDS
from gvio.publish.checks import read_checks
from gvio.publish.estimates import read_estimates
from gvio.publish.explanations import NAME as EXPLANATIONS
from gvio.publish.explanations import read_explanations
from gvio.publish.knowledge import Knowledge
from gvio.publish.models import NAME as MODELS
from gvio.publish.models import ModelSpan, parse_models, span_of
from gvio.scoreboard.board import Scoreboard
from gvio.store.documents import read_latest, read_manifest
from gvio.store.keys import digest_in, nothing_hint, publish_again, repair_hint, sha256
from gvio.store.objects import ObjectStore
from gvio.store.standing import manifest_of, newest_manifest, releases_with_manifest
from gvio.types import CheckResult, FloatArray, Manifest

T = TypeVar("T")
_TOLD = 160  # letters of a library's message that a reader is shown


@dataclasses.dataclass(frozen=True, eq=False)
class PublishedRelease:
    """A release as read back, every table verified against the manifest's hashes.

    `published_at` is None for a release that `latest.json` does not name. `estimates` as in contract §3;
    `explanations` None for a release made before they were published, else columns as in `gvio.publish.explanations`.
    `models` says which model made the releases until this one; of an older release only its own.
    """

    region: str
    release: str
    month: str
    published_at: str | None
    manifest: Manifest
    estimates: pd.DataFrame
    scoreboard: Scoreboard
    checks: list[CheckResult]
    model_card: str
    explanations: pd.DataFrame | None = None
    models: tuple[ModelSpan, ...] = ()

    @property
    def grids(self) -> dict[str, str]:
        """Key of each month's grid, by month ascending; see `read_grid`."""
        return self.manifest.grids


class LastRelease(NamedTuple):
    """The release that the next run builds on, or None with the reason as a warning; neither: nothing is published."""

    release: PublishedRelease | None
    warning: CheckResult | None


def list_releases(store: ObjectStore, region: str) -> list[str]:
    """Ids of the region's whole releases, sorted, so by month; those that never got their manifest are left out.

    Raises:
        StoreError: The store cannot be read.
    """
    return list(releases_with_manifest(store, region))


def read_release(store: ObjectStore, region: str, release_id: str | None = None) -> PublishedRelease:
    """Read the latest release, or the one named, and verify every table against the manifest.

    A damaged pointer does not keep a reader from a release that it names itself.

    Raises:
        StoreError: Nothing is published, no such release, or a newer schema.
        DamagedStore: The pointer, the manifest or a table is absent or damaged.
    """
    try:
        latest = read_latest(store, region)
    except DamagedStore:
        if release_id is None:
            raise
        latest = None
    if latest is None and release_id is None:
        raise StoreError("nothing is published", where=f"{store.url}/{region}", hint=nothing_hint(store.url))
    name = release_id or (latest.release if latest else "")
    published_at = latest.published_at if latest and latest.release == name else None
    return _read(store, region, read_manifest(store, region, name), published_at)


def last_readable(store: ObjectStore, region: str, asking: Knowledge | None = None) -> LastRelease:
    """The latest release when all that the next run needs of it is sound: pointer, manifest and tables.

    Where the latest knows more than a run that is `asking`, it is the newest release that knows less: a month that is
    made again after later ones is compared with the one it was compared with before. Damage is no error here: the next
    month must not wait for the repair of an old one.

    Raises:
        StoreError: The store cannot be read, or holds a newer schema.
    """
    try:
        latest = read_latest(store, region)
        if latest is None:
            return LastRelease(None, None)
        if asking is not None and latest.knowledge > asking:
            earlier = newest_manifest(store, region, asking)
            return LastRelease(None if earlier is None else _read(store, region, earlier, None), None)
        return LastRelease(_read(store, region, manifest_of(store, latest), latest.published_at), None)
    except DamagedStore as error:
        message = f"the last release cannot be built on, so nothing is compared with it: {error}"
        return LastRelease(None, CheckResult("store.last_release", False, False, f"{store.url}/{region}", message))


def _read(store: ObjectStore, region: str, manifest: Manifest, published_at: str | None) -> PublishedRelease:
    name = manifest.release
    hashes = {o.key: o.sha256 for o in manifest.objects}

    def table(file: str) -> bytes:
        return _verified(store, region, f"releases/{name}/{file}", hashes)

    def value(file: str, parse: Callable[[bytes], T]) -> T:
        return understood(store, manifest, file, table(file), parse)

    explained = f"releases/{name}/{EXPLANATIONS}" in hashes
    board = Scoreboard.parse(table("scoreboard.json"), f"{store.url}/{region}/releases/{name}/scoreboard.json")
    told = f"releases/{name}/{MODELS}" in hashes
    return PublishedRelease(
        region=region,
        release=name,
        month=str(manifest.month),
        published_at=published_at,
        manifest=manifest,
        estimates=value("estimates.parquet", read_estimates),
        scoreboard=board,
        checks=value("checks.json", read_checks),
        model_card=value("model-card.md", bytes.decode),
        explanations=value(EXPLANATIONS, read_explanations) if explained else None,
        models=value(MODELS, parse_models) if told else (span_of(manifest, board),),
    )


def understood(store: ObjectStore, manifest: Manifest, name: str, data: bytes, parse: Callable[[bytes], T]) -> T:
    """What `parse` makes of a release's own object whose bytes are the published ones.

    Raises:
        DamagedStore: It makes nothing of them: they were wrong when they were published, so no repair restores them.
    """
    try:
        return parse(data)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, NotImplementedError, OSError) as error:
        told = " ".join(str(error).split())
        what = f"is what was published, and cannot be understood ({told[:_TOLD] or type(error).__name__})"
        key = f"{manifest.region}/releases/{manifest.release}/{name}"
        hint = f"Publish the month again: {publish_again(store.url, str(manifest.month), None)}."
        raise DamagedStore(what, where=f"{store.url}/{key}", hint=hint) from None


def read_own(store: ObjectStore, manifest: Manifest, name: str) -> bytes | None:
    """Bytes of a release's own object such as `news.parquet`, verified; None where the release has no such object.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: Absent or damaged.
    """
    key = f"releases/{manifest.release}/{name}"
    hashes = {o.key: o.sha256 for o in manifest.objects}
    return _verified(store, manifest.region, key, hashes) if key in hashes else None


def read_grid(store: ObjectStore, region: str, key: str) -> tuple[FloatArray, GeoBox, tuple[str, ...]]:
    """Bands (5, y, x) float32, grid and band names of one month; `key` from `PublishedRelease.grids`.

    Raises:
        StoreError: Absent; as DamagedStore when its bytes are not the ones its name stands for.
        ProductError: The bytes are not a readable raster.
    """
    from gvio.raster import read_cog  # brings GDAL, for which tables need not wait

    bands, geobox, names = read_cog(read_object(store, region, key))
    if bands.ndim != 3 or len(bands) != len(BANDS) or geobox.crs is None:
        what = f"has {len(bands)} bands and the CRS {geobox.crs}, not {', '.join(BANDS)} on a known one"
        hint = f"Publish the month again: {publish_again(store.url, key.split('/')[1], None)}."
        raise DamagedStore(what, where=f"{store.url}/{region}/{key}", hint=hint)
    return bands, geobox, names


def read_object(store: ObjectStore, region: str, key: str) -> bytes:
    """Bytes of a grid or item, verified against the hash in its own name (`…_<12 hex>.tif`).

    Raises:
        StoreError: Absent; as DamagedStore when its bytes are not the ones its name stands for.
    """
    data = store.get(f"{region}/{key}")
    if sha256(data)[:12] != digest_in(key):
        raise _other_bytes(store, f"{region}/{key}")
    return data


def _verified(store: ObjectStore, region: str, key: str, hashes: Mapping[str, str]) -> bytes:
    full = f"{region}/{key}"
    where, cure = f"{store.url}/{full}", repair_hint(store.url, full)
    if key not in hashes:
        raise DamagedStore("the manifest does not list it", where=where, hint=cure)
    read = store.read_versioned(full)
    if read is None:
        raise DamagedStore("no such object", where=where, hint=cure)
    if sha256(read[0]) != hashes[key]:
        raise _other_bytes(store, full)
    return read[0]


def _other_bytes(store: ObjectStore, key: str) -> DamagedStore:
    what = "its bytes are not the ones published"
    return DamagedStore(what, where=f"{store.url}/{key}", hint=repair_hint(store.url, key))
