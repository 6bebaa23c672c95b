"""Keeps the STAC catalogue behind the pointer: it shows one whole release, never one that `latest.json` has not named.

`collection.json` lists the items of a single release, so replacing it is one atomic step. It is derived: whoever finds
it behind the pointer may write it again, and the next publish does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gvio.errors import ConflictError
from gvio.publish.manifest import own_name
from gvio.store.keys import sha256
from gvio.store.objects import ObjectStore
from gvio.types import Asset, Manifest, Month
from gvio.version import code_version

if TYPE_CHECKING:
    from gvio.publish.stac import Region

Box = tuple[float, float, float, float]
_ATTEMPTS = 20
_ROUNDED = 1e-6  # degrees: boxes of items have nine decimals
_WORDS = frozenset(
    {"description", "item_assets", "keywords", "license", "providers", "roles", "stac_extensions", "stac_version"}
)
_ITEM = re.compile(r"^items/gvio_(\d{4}-\d{2})_[0-9a-f]+\.json$")


def follow_pointer(
    store: ObjectStore, region: str, catalogue: Mapping[str, bytes], still_latest: Callable[[], bool]
) -> None:
    """Write `catalogue` (name → bytes) under the region while its release is the latest.

    The version of each object is read *before* asking whether the release still is the latest. So a publisher that was
    overtaken either sees it, or loses the conditional write and asks again: the last writer is the pointer's owner.

    Raises:
        ConflictError: Other writers won twenty times in a row.
        StoreError: The store cannot be read or written.
    """
    for name, data in catalogue.items():
        _follow(store, f"{region}/{name}", data, still_latest)


def _follow(store: ObjectStore, key: str, data: bytes, still_latest: Callable[[], bool]) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        there = store.read_versioned(key)
        if (there is not None and there[0] == data) or not still_latest():
            return
        try:
            store.replace(key, data, None if there is None else there[1])
            return
        except ConflictError:
            if attempt == _ATTEMPTS:
                raise


def derived(store: ObjectStore, manifest: Manifest) -> dict[str, bytes]:
    """The catalogue of a release made again from its manifest, of an older one from its items; empty without both.

    Raises:
        StoreError: The store cannot be read.
    """
    from gvio.publish.stac import Item, catalog_json, collection_json  # brings pystac, needed when something is wrong

    region = _region(store, manifest)
    if region is None:
        return {}
    items = [Item(_month(o), o.key, b"") for o in sorted(_items(manifest), key=_month)]
    tables = {own_name(o.key): o for o in manifest.objects if o.key.startswith("releases/")}
    return {
        "catalog.json": catalog_json(region),
        "collection.json": collection_json(region, manifest, items, tables),
    }


def rebuilt(store: ObjectStore, manifest: Manifest, wanted: Asset) -> bytes | None:
    """What follows from another object of the release: item and thumbnail from the month's grid, CSV from its table.

    None where it is nothing of these, the other object is not sound, or it does not give exactly the bytes wanted.

    Raises:
        StoreError: The store cannot be read.
    """
    made = None
    if wanted.key.startswith(("items/", "thumbnails/")):
        made = _from_grid(store, manifest, wanted)
    elif wanted.key.endswith(".csv"):
        made = _from_table(store, manifest, wanted)
    return made if made is not None and sha256(made) == wanted.sha256 else None


def _from_table(store: ObjectStore, manifest: Manifest, wanted: Asset) -> bytes | None:
    from gvio.publish.tables import csv_twin

    key = f"{wanted.key.removesuffix('.csv')}.parquet"
    table = next((o for o in manifest.objects if o.key == key), None)
    data = None if table is None else _sound(store, manifest, table)
    return None if data is None else csv_twin(data)


def _from_grid(store: ObjectStore, manifest: Manifest, wanted: Asset) -> bytes | None:
    """A month's item or thumbnail, if its grid is sound.

    Raises:
        StoreError: The store cannot be read.
    """
    from gvio.publish.stac import build_item
    from gvio.store.grids import decode_grid

    month = _month(wanted)
    grid = next((o for o in manifest.objects if o.month == str(month)), None)
    data = None if grid is None else _sound(store, manifest, grid)
    region = _region(store, manifest)
    if data is None or region is None:
        return None
    decoded = decode_grid(month, data)
    return decoded.look.thumbnail if wanted.key.startswith("thumbnails/") else build_item(region, decoded).data


def contradiction(store: ObjectStore, manifest: Manifest) -> tuple[str, str] | None:
    """The first file of the catalogue, and the field, that is not as the manifest gives it; None when all is.

    What this version of gvio wrote must be the same to the byte. Another version, or another one of its STAC library,
    may have used other words and other fields: then each fact that both state must be the same.

    Raises:
        StoreError: The store cannot be read.
    """
    for name, wanted in derived(store, manifest).items():
        read = store.read_versioned(f"{manifest.region}/{name}")
        shown = b"" if read is None else read[0]
        if shown != wanted and (field := _contradicting(json.loads(shown or b"{}"), json.loads(wanted), manifest.code)):
            return name, field
    return None


def _contradicting(shown: Mapping[str, Any], wanted: Mapping[str, Any], code: str) -> str | None:
    """The first field of a file's JSON that contradicts the wanted one; "layout" where only the spelling differs."""
    if code == code_version() and shown.get("stac_version") == wanted["stac_version"]:
        return next((key for key in sorted({*shown, *wanted}) if shown.get(key) != wanted.get(key)), "layout")
    return next((key for key, fact in wanted.items() if key in shown and _differs(key, shown[key], fact)), None)


def _differs(key: str, shown: Any, wanted: Any) -> bool:
    if key in _WORDS:
        return False
    if key == "links":
        shown, wanted = _by_target(shown), _by_target(wanted)
    if isinstance(shown, Mapping) and isinstance(wanted, Mapping):
        return any(_differs(name, shown[name], fact) for name, fact in wanted.items() if name in shown)
    return bool(shown != wanted)


def _by_target(links: Any) -> dict[str, Any]:
    return {f"{link.get('rel')} {link.get('href')}": link for link in links if isinstance(link, Mapping)}


def _region(store: ObjectStore, manifest: Manifest) -> Region | None:
    """The region as the manifest describes it; else, for older manifests, its sound items; None where neither does."""
    from gvio.publish.stac import Region

    said = (manifest.inputs.get("title"), manifest.inputs.get("unit"))
    bounds = _box(manifest.inputs.get("bounds"))
    if None in said or bounds is None:
        read = [(o, _sound(store, manifest, o)) for o in _items(manifest)]
        items = [(_month(o), json.loads(data)) for o, data in read if data is not None]
        bounds = bounds or _bounds(store, manifest.region, [item["bbox"] for _, item in items])
        if items:
            month, item = items[0]
            said = (item["properties"]["title"].removesuffix(f" {month}"), item["assets"]["grid"]["bands"][0]["unit"])
    if None in said or bounds is None:
        return None
    return Region(manifest.region, str(said[0]), str(said[1]), bounds, manifest.invented)


def _bounds(store: ObjectStore, region: str, boxes: list[list[float]]) -> Box | None:
    """Those of the collection that is there, if they lie within the items' boxes: grids reach to whole pixels."""
    read = store.read_versioned(f"{region}/collection.json")
    try:
        shown = _box(json.loads(read[0] if read else b"")["extent"]["spatial"]["bbox"][0])
    except (ValueError, KeyError, IndexError, TypeError):
        shown = None
    if not boxes:
        return shown
    west, south, east, north = zip(*boxes, strict=True)
    reach = min(west), min(south), max(east), max(north)
    return shown if shown and _within(shown, reach) else reach


def _within(inner: Box, outer: Box) -> bool:
    return all(a >= b - _ROUNDED for a, b in zip(inner[:2], outer[:2], strict=True)) and all(
        a <= b + _ROUNDED for a, b in zip(inner[2:], outer[2:], strict=True)
    )


def _box(value: Any) -> Box | None:
    """West, south, east, north; None where the value is no such thing."""
    try:
        west, south, east, north = (float(edge) for edge in value)
    except (ValueError, TypeError):
        return None
    return (west, south, east, north) if west < east and south < north else None


def _items(manifest: Manifest) -> list[Asset]:
    return [o for o in manifest.objects if _ITEM.match(o.key)]


def _month(item: Asset) -> Month:
    return Month.parse(item.key.split("_")[1])


def _sound(store: ObjectStore, manifest: Manifest, asset: Asset) -> bytes | None:
    read = store.read_versioned(f"{manifest.region}/{asset.key}")
    return read[0] if read is not None and sha256(read[0]) == asset.sha256 else None
