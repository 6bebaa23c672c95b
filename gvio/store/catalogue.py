"""Keeps the STAC catalogue behind the pointer: it shows one whole release, never one that `latest.json` has not named.

`collection.json` lists the items of a single release, so replacing it is one atomic step. It is derived: whoever finds
it behind the pointer may write it again, and the next publish does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gvio.errors import ConflictError
from gvio.store.keys import sha256
from gvio.store.objects import ObjectStore
from gvio.types import Asset, Manifest, Month

if TYPE_CHECKING:
    from gvio.publish.stac import Region

_ATTEMPTS = 20
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
    """The catalogue of a release made again from its manifest and items, without the pack; empty without sound items.

    Raises:
        StoreError: The store cannot be read.
    """
    from gvio.publish.stac import Item, catalog_json, collection_json  # brings pystac, needed when something is wrong

    region = _region(store, manifest)
    if region is None:
        return {}
    items = [Item(_month(o), o.key, b"") for o in sorted(_items(manifest), key=_month)]
    tables = {o.key.rpartition("/")[2]: o for o in manifest.objects if o.key.startswith("releases/")}
    return {
        "catalog.json": catalog_json(region),
        "collection.json": collection_json(region, manifest.release, manifest.skill, items, tables),
    }


def rebuilt_item(store: ObjectStore, manifest: Manifest, wanted: Asset) -> bytes | None:
    """A STAC item made again from its month's grid, if that is sound and gives exactly the bytes wanted.

    Raises:
        StoreError: The store cannot be read.
    """
    from gvio.publish.grids import GridObject
    from gvio.publish.stac import build_item
    from gvio.raster import read_cog

    month = _month(wanted)
    grid = next((o for o in manifest.objects if o.month == str(month)), None)
    data = None if grid is None else _sound(store, manifest, grid)
    region = _region(store, manifest)
    if data is None or region is None:
        return None
    made = build_item(region, GridObject(month, data, read_cog(data)[1])).data
    return made if sha256(made) == wanted.sha256 else None


def _region(store: ObjectStore, manifest: Manifest) -> Region | None:
    """The region as its sound items describe it, or the manifest's inputs; None where neither does.

    Bounds are those of the old collection where it can be read: the grids' reach to whole pixels.
    """
    from gvio.publish.stac import Region

    read = [(o, _sound(store, manifest, o)) for o in _items(manifest)]
    items = [(_month(o), json.loads(data)) for o, data in read if data is not None]
    said = (manifest.inputs.get("title"), manifest.inputs.get("unit"))
    boxes = [_bounds(store, manifest.region)]
    if items:
        month, item = items[0]
        said = (item["properties"]["title"].removesuffix(f" {month}"), item["assets"]["grid"]["bands"][0]["unit"])
        boxes = boxes if boxes[0] else [item["bbox"] for _, item in items]
    if None in said or not boxes[0]:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    edges = (min(west), min(south), max(east), max(north))
    return Region(manifest.region, str(said[0]), str(said[1]), edges, manifest.invented)


def _bounds(store: ObjectStore, region: str) -> list[float]:
    """Of the collection that is there; empty when it is absent or damaged."""
    read = store.read_versioned(f"{region}/collection.json")
    try:
        bounds = [float(edge) for edge in json.loads(read[0] if read else b"")["extent"]["spatial"]["bbox"][0]]
    except (ValueError, KeyError, IndexError, TypeError):
        return []
    west, south, east, north = bounds if len(bounds) == 4 else (0.0, 0.0, 0.0, 0.0)
    return bounds if west < east and south < north else []


def _items(manifest: Manifest) -> list[Asset]:
    return [o for o in manifest.objects if _ITEM.match(o.key)]


def _month(item: Asset) -> Month:
    return Month.parse(item.key.split("_")[1])


def _sound(store: ObjectStore, manifest: Manifest, asset: Asset) -> bytes | None:
    read = store.read_versioned(f"{manifest.region}/{asset.key}")
    return read[0] if read is not None and sha256(read[0]) == asset.sha256 else None
