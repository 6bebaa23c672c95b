"""Writing a release so that no reader ever sees half of it, and reading it back verified.

Order of writing: immutable objects, manifest, `latest.json` by compare-and-swap, STAC catalogue. Until the pointer
moves, readers see the last release; a run killed at any point leaves objects that the next run finds and reuses.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from odc.geo.geobox import GeoBox

from gvio.errors import StoreError
from gvio.publish.canonical import SCHEMA_VERSION
from gvio.publish.estimates import read_estimates
from gvio.publish.explanations import NAME as EXPLANATIONS
from gvio.publish.explanations import read_explanations
from gvio.raster import read_cog
from gvio.scoreboard.board import Scoreboard
from gvio.store.catalogue import follow_pointer
from gvio.store.keys import sha256
from gvio.store.objects import ObjectStore
from gvio.store.probe import probe_conditional_writes
from gvio.types import Asset, CheckResult, FloatArray, Progress

if TYPE_CHECKING:
    from gvio.publish.release import Release  # the name only: readers need none of what it imports

LATEST = "latest.json"
UPLOADS = 16  # at 30 ms latency 16 threads carry 370–500 small objects a second, one carries 28
_DAMAGED = "The store was edited or damaged: publish the month again, or restore the object."


@dataclasses.dataclass(frozen=True)
class Latest:
    """What `latest.json` says: the release to read, its month (YYYY-MM) and when it was published (ISO 8601, UTC)."""

    region: str
    release: str
    month: str
    published_at: str


@dataclasses.dataclass(frozen=True)
class WriteReport:
    """What `write_release` did.

    Attributes:
        outcome: "published" (the pointer moved), "archived" (written whole, but the pointer stays at a later month),
            "repaired" (it was the latest already, but objects were absent), or "unchanged" (nothing was to do).
        release: Release id.
        uploaded: Objects sent, the manifest included.
        reused: Objects that were there already.
        uploaded_bytes: Bytes sent.
    """

    outcome: Literal["published", "archived", "repaired", "unchanged"]
    release: str
    uploaded: int
    reused: int
    uploaded_bytes: int


@dataclasses.dataclass(frozen=True, eq=False)
class PublishedRelease:
    """A release as read back, every table verified against the manifest's hashes.

    `published_at` is None for a release that `latest.json` does not name. `estimates` as in contract §3;
    `explanations` None for a release made before they were published, else columns as in `gvio.publish.explanations`.
    """

    region: str
    release: str
    month: str
    published_at: str | None
    manifest: Mapping[str, Any]
    estimates: pd.DataFrame
    scoreboard: Scoreboard
    checks: list[CheckResult]
    model_card: str
    explanations: pd.DataFrame | None = None

    @property
    def grids(self) -> dict[str, str]:
        """Key of each month's grid, by month ascending; see `read_grid`."""
        listed = [o for o in self.manifest["objects"] if o["key"].startswith("grids/")]
        return {o["month"]: o["key"] for o in sorted(listed, key=lambda o: str(o["month"]))}


def write_release(store: ObjectStore, region: str, release: Release, progress: Progress | None = None) -> WriteReport:
    """Publish a release: probe the store, send what it lacks, move the pointer, follow with the catalogue.

    The pointer never goes back to an earlier month; such a release is written whole and found by its id.

    Raises:
        ConflictError: Another publisher moved `latest.json` since this call began; its release stands.
        StoreError: The store ignores conditional writes, cannot be written, holds other bytes under one of our names,
            or `region` is not the release's.
    """
    if region != release.region:
        raise StoreError(f"a release of {release.region!r} does not belong here", where=f"{store.url}/{region}")
    probe_conditional_writes(store)
    before = store.read_versioned(f"{region}/{LATEST}")
    latest = None if before is None else _parse_latest(before[0], f"{store.url}/{region}/{LATEST}")
    sent = _send(store, region, release, progress)
    report = WriteReport("published", release.id, len(sent), len(release.objects) + 1 - len(sent), sum(sent))
    if latest is not None and latest.release == release.id:
        report = dataclasses.replace(report, outcome="repaired" if sent else "unchanged")
    elif latest is not None and latest.month > str(release.month):
        return dataclasses.replace(report, outcome="archived" if sent else "unchanged")
    else:
        store.replace(f"{region}/{LATEST}", release.latest, None if before is None else before[1])
    follow_pointer(store, region, release.catalogue, lambda: _is_latest(store, region, release.id))
    return report


def list_regions(store: ObjectStore) -> list[str]:
    """Names of the regions with a published release, sorted.

    Raises:
        StoreError: The store cannot be read.
    """
    return [name for name in store.list_folders("") if store.exists(f"{name}/{LATEST}")]


def list_releases(store: ObjectStore, region: str) -> list[str]:
    """Ids of the region's whole releases, sorted, so by month; those that never got their manifest are left out.

    Raises:
        StoreError: The store cannot be read.
    """
    return [name for name in store.list_folders(f"{region}/releases") if store.exists(_manifest_key(region, name))]


def read_latest(store: ObjectStore, region: str) -> Latest | None:
    """The pointer, or None when nothing is published.

    Raises:
        StoreError: The store cannot be read, or the pointer is damaged or of a newer schema.
    """
    read = store.read_versioned(f"{region}/{LATEST}")
    return None if read is None else _parse_latest(read[0], f"{store.url}/{region}/{LATEST}")


def read_release(store: ObjectStore, region: str, release_id: str | None = None) -> PublishedRelease:
    """Read the latest release, or the one named, and verify every table against the manifest.

    Raises:
        StoreError: Nothing is published, no such release, an object is absent or damaged, or a newer schema.
    """
    latest = read_latest(store, region)
    if latest is None and release_id is None:
        hint = "Check the store and the region's name, or publish with `gvio run`."
        raise StoreError("nothing is published", where=f"{store.url}/{region}", hint=hint)
    name = release_id or (latest.release if latest else "")
    key = _manifest_key(region, name)
    manifest = _parse(store.get(key), f"{store.url}/{key}", ("release", "month", "objects"))
    hashes = {o["key"]: o["sha256"] for o in manifest["objects"]}

    def table(file: str) -> bytes:
        return _verified(store, region, f"releases/{name}/{file}", hashes)

    explained = f"releases/{name}/{EXPLANATIONS}" in hashes
    return PublishedRelease(
        region=region,
        release=name,
        month=manifest["month"],
        published_at=latest.published_at if latest and latest.release == name else None,
        manifest=manifest,
        estimates=read_estimates(table("estimates.parquet")),
        scoreboard=Scoreboard.parse(table("scoreboard.json"), f"{store.url}/{region}/releases/{name}/scoreboard.json"),
        checks=[CheckResult(**check) for check in json.loads(table("checks.json"))["checks"]],
        model_card=table("model-card.md").decode(),
        explanations=read_explanations(table(EXPLANATIONS)) if explained else None,
    )


def read_grid(store: ObjectStore, region: str, key: str) -> tuple[FloatArray, GeoBox, tuple[str, ...]]:
    """Bands (5, y, x) float32, grid and band names of one month; `key` from `PublishedRelease.grids`.

    Raises:
        StoreError: Absent, or its bytes are not the ones its name stands for.
        ProductError: The bytes are not a readable raster.
    """
    return read_cog(read_object(store, region, key))


def read_object(store: ObjectStore, region: str, key: str) -> bytes:
    """Bytes of a grid or item, verified against the hash in its own name (`…_<12 hex>.tif`).

    Raises:
        StoreError: Absent, or its bytes are not the ones its name stands for.
    """
    data = store.get(f"{region}/{key}")
    if sha256(data)[:12] != key.rpartition("_")[2].partition(".")[0]:
        raise StoreError("its bytes are not the ones published", where=f"{store.url}/{region}/{key}", hint=_DAMAGED)
    return data


def _send(store: ObjectStore, region: str, release: Release, progress: Progress | None) -> list[int]:
    """Send what the store lacks, the manifest last; sizes of what was sent."""
    there = store.list_(region)
    lacking = [asset for asset in release.objects if there.get(f"{region}/{asset.key}") != asset.size]

    def put(asset: Asset) -> int:
        written = store.put_new(f"{region}/{asset.key}", release.payloads[asset.key], asset.media_type)
        return asset.size if written else 0

    sent = []
    with ThreadPoolExecutor(UPLOADS) as pool:
        for done, size in enumerate(pool.map(put, lacking), start=1):
            sent.append(size)
            if progress is not None:
                progress("publish", done, len(lacking))
    if store.put_new(_manifest_key(region, release.id), release.manifest, "application/json"):
        sent.append(len(release.manifest))
    return [size for size in sent if size]


def _verified(store: ObjectStore, region: str, key: str, hashes: Mapping[str, str]) -> bytes:
    where = f"{store.url}/{region}/{key}"
    if key not in hashes:
        raise StoreError("the manifest does not list it", where=where, hint=_DAMAGED)
    data = store.get(f"{region}/{key}")
    if sha256(data) != hashes[key]:
        raise StoreError("its bytes are not the ones published", where=where, hint=_DAMAGED)
    return data


def _is_latest(store: ObjectStore, region: str, release_id: str) -> bool:
    latest = read_latest(store, region)
    return latest is not None and latest.release == release_id


def _manifest_key(region: str, release_id: str) -> str:
    return f"{region}/releases/{release_id}/manifest.json"


def _parse_latest(data: bytes, where: str) -> Latest:
    names = [field.name for field in dataclasses.fields(Latest)]
    document = _parse(data, where, names)
    return Latest(*(str(document[name]) for name in names))


def _parse(data: bytes, where: str, required: Sequence[str]) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except ValueError:
        raise StoreError("is not JSON", where=where, hint=_DAMAGED) from None
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        hint = "Read it with the version of gvio that wrote it, or a newer one."
        raise StoreError(f"has schema_version {version!r}, this program reads {SCHEMA_VERSION}", where=where, hint=hint)
    lacking = [name for name in required if name not in document]
    if lacking:
        raise StoreError(f"lacks the field {lacking[0]!r}", where=where, hint=_DAMAGED)
    return dict(document)
