"""The release as a static STAC catalogue: one collection per region, one item per month, one asset per grid.

Items are immutable and named by the content of their grid; catalogue and collection list the items of exactly one
release and are derived from it (docs/adr/0006-stac-beside-immutable-objects.md). All links are relative.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pyproj
import pystac
from odc.geo.geobox import GeoBox

from gvio.config import INVENTED
from gvio.publish.canonical import canonical_json
from gvio.publish.grids import GridObject
from gvio.publish.manifest import PNG_TYPE
from gvio.publish.stac_assets import multihash, own_assets
from gvio.publish.stac_fields import (
    COLLECTION_EXTENSIONS,
    GRID_TITLE,
    ITEM_EXTENSIONS,
    KEYWORDS,
    THUMBNAIL_TITLE,
    band_fields,
    item_assets,
    providers,
    renders,
)
from gvio.publish.terms import NAME as TERMS
from gvio.types import Asset, Manifest, Month


class Described(Protocol):
    """What the catalogue says of a region; `RegionConfig` says it, and `Region`, read back from a catalogue."""

    @property
    def name(self) -> str:
        """Slug."""

    @property
    def title(self) -> str:
        """Title for people."""

    @property
    def unit(self) -> str:
        """Unit of the estimates."""

    @property
    def invented(self) -> bool:
        """Whether the data are made up."""

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""


@dataclasses.dataclass(frozen=True)
class Region:
    """A region as its catalogue describes it, where no pack is at hand."""

    name: str
    title: str
    unit: str
    bounds: tuple[float, float, float, float]
    invented: bool


@dataclasses.dataclass(frozen=True)
class Item:
    """A month's STAC item, named by its content; `key` relative to the region."""

    month: Month
    key: str
    data: bytes


def build_item(config: Described, grid: GridObject) -> Item:
    """The STAC item of one month's grid: footprint, month, projection, bands with units, checksum."""
    data = _item_json(config, grid)
    return Item(grid.month, f"items/gvio_{grid.month}_{hashlib.sha256(data).hexdigest()[:12]}.json", data)


def collection_json(config: Described, manifest: Manifest, items: Sequence[Item], tables: Mapping[str, Asset]) -> bytes:
    """The region's collection, listing the items and tables of one release; `gvio:release` and `version` name it.

    Args:
        config: The region.
        manifest: Of the release: its id, skill, program, predecessor and objects.
        items: The release's items, ascending by month.
        tables: The release's other objects (estimates, scoreboard, …) by name.
    """
    collection = pystac.Collection(
        id=config.name,
        title=config.title,
        description=_described(
            config, f"Monthly industrial output of {config.title} estimated from night light, {config.unit} per pixel."
        ),
        extent=_extent(config, items),
        license="other",
        keywords=list(KEYWORDS),
        stac_extensions=list(COLLECTION_EXTENSIONS),
        extra_fields={
            "gvio:release": manifest.release,
            "gvio:skill": manifest.skill,
            "gvio:invented": config.invented,
            "version": manifest.release,
            "deprecated": False,
            "sci:citation": _citation(config, manifest),
            "providers": providers(manifest.code),
            "item_assets": item_assets(config.unit),
        },
    )
    for name, asset in own_assets(manifest.release, tables, config.unit).items():
        collection.add_asset(name, asset)
    collection.add_links(
        [
            pystac.Link("root", "./catalog.json", pystac.MediaType.JSON),
            pystac.Link("parent", "./catalog.json", pystac.MediaType.JSON),
            *(pystac.Link("item", f"./{i.key}", pystac.MediaType.GEOJSON, title=str(i.month)) for i in items),
            *_documents(manifest, tables),
        ]
    )
    return canonical_json(collection.to_dict(include_self_link=False, transform_hrefs=False))


def _documents(manifest: Manifest, tables: Mapping[str, Asset]) -> list[pystac.Link]:
    """Links to what is no table: manifest, that of the release before, moves of the pointer, terms, newest picture."""
    json, title = pystac.MediaType.JSON, "manifest: every object of the release, with its hash"
    links = [pystac.Link("describedby", f"./releases/{manifest.release}/manifest.json", json, title=title)]
    before = manifest.inputs.get("predecessor")
    if before is not None:
        links.append(pystac.Link("predecessor-version", f"./releases/{before}/manifest.json", json, title=str(before)))
    moves = "the newest release, and the newest of the records that say which was served when"
    links.append(pystac.Link("version-history", "./latest.json", json, title=moves))
    pictures = sorted(o.key for o in manifest.objects if o.key.startswith("thumbnails/"))
    if pictures:  # named by month first
        links.append(pystac.Link("preview", f"./{pictures[-1]}", PNG_TYPE, title="the newest month"))
    if TERMS in tables:
        links.append(pystac.Link("license", f"./{tables[TERMS].key}", "text/markdown", title="terms of the inputs"))
    return links


def _citation(config: Described, manifest: Manifest) -> str:
    said = f"{config.title}: monthly industrial output from night light. gvio, release {manifest.release}."
    return f"{said} Invented data." if config.invented else said


def catalog_json(config: Described) -> bytes:
    """The entry point; it depends on the region's name and title, and on whether its data are invented, alone."""
    description = _described(config, "Releases of gvio, static STAC.")
    catalog = pystac.Catalog(id=f"gvio-{config.name}", title=config.title, description=description)
    catalog.remove_links("root")
    catalog.add_links(
        [
            pystac.Link("root", "./catalog.json", pystac.MediaType.JSON),
            pystac.Link("child", "./collection.json", pystac.MediaType.JSON, title=config.title),
        ]
    )
    return canonical_json(catalog.to_dict(include_self_link=False, transform_hrefs=False))


def _described(config: Described, text: str) -> str:
    return f"{INVENTED} {text}" if config.invented else text


def _item_json(config: Described, grid: GridObject) -> bytes:
    item = pystac.Item(
        id=f"{config.name}-{grid.month}",
        geometry=_footprint(grid.geobox),
        bbox=_bbox(grid.geobox),
        datetime=_instant(grid.month.first_day),
        start_datetime=_instant(grid.month.first_day),
        end_datetime=_instant(grid.month.last_day, dt.time(23, 59, 59)),
        properties={
            "title": f"{config.title} {grid.month}",
            "gsd": _ground_metres(grid.geobox),
            **_grid_of(grid.geobox),
            "renders": renders(grid.look.statistics),
            # Only where true: the items of real regions keep their names.
            **({"gvio:invented": True} if config.invented else {}),
        },
        stac_extensions=list(ITEM_EXTENSIONS),
        collection=config.name,
    )
    item.add_asset("grid", _grid_asset(config, grid))
    if grid.look.thumbnail:
        item.add_asset("thumbnail", _thumbnail(grid))
    item.add_links(
        [
            pystac.Link("root", "../catalog.json", pystac.MediaType.JSON),
            pystac.Link("parent", "../collection.json", pystac.MediaType.JSON),
            pystac.Link("collection", "../collection.json", pystac.MediaType.JSON),
        ]
    )
    return canonical_json(item.to_dict(include_self_link=False, transform_hrefs=False))


def _grid_asset(config: Described, grid: GridObject) -> pystac.Asset:
    return pystac.Asset(
        f"../{grid.key}",
        GRID_TITLE,
        media_type=grid.asset.media_type,
        roles=["data"],
        extra_fields={
            **band_fields(config.unit, grid.look.statistics),
            "data_type": "float32",
            "nodata": "nan",
            "file:size": grid.asset.size,
            "file:checksum": multihash(grid.asset.sha256),
        },
    )


def _thumbnail(grid: GridObject) -> pystac.Asset:
    data = grid.look.thumbnail
    told = {"file:size": len(data), "file:checksum": multihash(hashlib.sha256(data).hexdigest())}
    roles = ["thumbnail", "overview"]
    return pystac.Asset(
        f"../{grid.thumbnail_key}", THUMBNAIL_TITLE, media_type=PNG_TYPE, roles=roles, extra_fields=told
    )


def _extent(config: Described, items: Sequence[Item]) -> pystac.Extent:
    begin, end = _instant(items[0].month.first_day), _instant(items[-1].month.last_day, dt.time(23, 59, 59))
    return pystac.Extent(pystac.SpatialExtent([[*config.bounds]]), pystac.TemporalExtent([[begin, end]]))


def _instant(day: dt.date, time: dt.time = dt.time.min) -> dt.datetime:
    return dt.datetime.combine(day, time, dt.UTC)


def _grid_of(geobox: GeoBox) -> dict[str, Any]:
    code = None if geobox.crs is None or geobox.crs.epsg is None else f"EPSG:{geobox.crs.epsg}"
    wkt = {} if code or geobox.crs is None else {"proj:wkt2": geobox.crs.to_wkt()}
    return {"proj:code": code, "proj:shape": list(geobox.shape), "proj:transform": list(geobox.transform)[:6], **wkt}


def _footprint(geobox: GeoBox) -> dict[str, Any]:
    """The grid's four corners in degrees, counter-clockwise, closed."""
    rows, cols = geobox.shape
    a, b, c, d, e, f = list(geobox.transform)[:6]
    corners = ((0, rows), (cols, rows), (cols, 0), (0, 0), (0, rows))
    x, y = [a * i + b * j + c for i, j in corners], [d * i + e * j + f for i, j in corners]
    lon, lat = _to_degrees(geobox).transform(x, y)
    return {"type": "Polygon", "coordinates": [[[round(u, 9), round(v, 9)] for u, v in zip(lon, lat, strict=True)]]}


def _bbox(geobox: GeoBox) -> list[float]:
    box = geobox.boundingbox
    edges = _to_degrees(geobox).transform_bounds(box.left, box.bottom, box.right, box.top)
    return [round(edge, 9) for edge in edges]


def _to_degrees(geobox: GeoBox) -> pyproj.Transformer:
    return _transformer(str(geobox.crs))


@functools.lru_cache(maxsize=4)
def _transformer(crs: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


def _ground_metres(geobox: GeoBox) -> float:
    """Pixel height on the ground in metres: a degree of latitude is 111,195 m on the sphere of radius 6,371 km."""
    height = abs(float(geobox.resolution.y))
    return round(height * 111_195.0, 1) if geobox.crs is not None and geobox.crs.geographic else round(height, 1)
