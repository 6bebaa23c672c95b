"""Real light as the base of a known-truth world: what a folder of product files, or a region pack, gives of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from gvio.config import RegionConfig, parse_region
from gvio.errors import ConfigError
from gvio.region.crs import system_of
from gvio.region.districts import read_districts
from gvio.region.files import PackFile
from gvio.region.vectors import read_vector
from gvio.simulate.spec import LEAST_MONTHS, WorldSpec
from gvio.sources.files import ProductFile
from gvio.sources.folder import list_files, open_stack
from gvio.sources.product import Product
from gvio.sources.products import PRODUCTS
from gvio.types import LightStack, Month, Progress

MOST_PIXELS = 4_000_000  # of a month; a whole tile or globe is not a region
TITLE = "Real light with invented factories and figures"

_Bounds = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True, eq=False)
class Base:
    """Real light, and what else its folder says.

    Attributes:
        stack: The light, as the product's reader gives it.
        districts: area_id, name, group, geometry (EPSG:4326); None: zones are invented.
        settings: Fields of `WorldSpec` that a pack decides: unit, area_crs, calendar.
    """

    stack: LightStack
    districts: gpd.GeoDataFrame | None
    settings: Mapping[str, Any]


def read_base(
    location: str | Path,
    spec: WorldSpec,
    product: str | None = None,
    districts: Path | None = None,
    progress: Progress | None = None,
) -> Base:
    """Read real light to plant factories into.

    Args:
        location: A folder of product files under their official names, or a region pack.
        spec: `bounds`, `first_month` and `months` choose a part where they were set; otherwise all of it is used, or
            what the pack says.
        product: A key of `PRODUCTS`; by default the pack's, or the only one whose names are there.
        districts: Vector file that replaces a pack's districts or invented zones.
        progress: Told after each month.

    Raises:
        ConfigError: The folder cannot serve: no product's names, more than one product, too large a region.
        PackError, UpstreamUnavailable, ProductError: As the readers of packs and light.
    """
    root = Path(location)
    if (root / "region.yaml").is_file():
        config = parse_region((root / "region.yaml").read_text(encoding="utf-8"), where=str(root / "region.yaml"))
        folder, product, first = _light_folder(root, config), product or config.ntl.product, config.first_month
        given: _Bounds | None = config.bounds
        zones = read_districts(PackFile(root / config.districts.path), config)[0] if districts is None else None
        settings: dict[str, Any] = {"unit": config.unit, "area_crs": config.area_crs}
        settings |= {} if config.calendar is None else {"calendar": config.calendar}
    else:
        folder, product, first = root, product or _only_product(root), None
        given, zones, settings = None, None, {}
    stack = _read_light(folder, product, spec, given, first, progress)
    return Base(stack, zones if districts is None else _read_zones(districts), settings)


def conform(spec: WorldSpec, base: LightStack, settings: Mapping[str, Any] | None = None) -> WorldSpec:
    """The specification with months, bounds and product of its base, whatever it had set.

    `settings`, a metric CRS and a title that names what is real are used where the specification does not set its own.

    Raises:
        ConfigError: The base is too short for a year on year.
    """
    if len(base.months) < LEAST_MONTHS:
        raise ConfigError(
            f"the real light has {len(base.months)} month(s), a world needs {LEAST_MONTHS}",
            hint="Give a longer series.",
        )
    box = base.geobox.boundingbox
    bounds = (box.left, box.bottom, box.right, box.top)
    offered = {"title": TITLE, "area_crs": _utm(bounds), **(settings or {})}
    fresh = {name: value for name, value in offered.items() if name not in spec.model_fields_set}
    found = {"months": len(base.months), "first_month": str(base.months[0]), "bounds": bounds}
    products = [month[0].product for month in base.provenance if month]
    if products:
        found["product"] = products[0]
    return WorldSpec.model_validate({**spec.model_dump(exclude_unset=True), **fresh, **found})


def _read_light(
    folder: Path, product: str, spec: WorldSpec, given: _Bounds | None, first: str | None, progress: Progress | None
) -> LightStack:
    files = list_files(folder, product)
    newest = max(file.month for file in files)
    chosen = spec.bounds if "bounds" in spec.model_fields_set else given
    bounds = chosen or _extent_of(PRODUCTS[product], [file for file in files if file.month == newest])
    first_month = _first_month(spec, first, min(file.month for file in files))
    last = first_month + (spec.months - 1) if "months" in spec.model_fields_set else None
    return open_stack(folder, product, bounds, first_month, last, progress)[0]


def _first_month(spec: WorldSpec, of_pack: str | None, oldest: Month) -> Month:
    if "first_month" in spec.model_fields_set:
        return Month.parse(spec.first_month)
    return Month.parse(of_pack) if of_pack else oldest


def _light_folder(root: Path, config: RegionConfig) -> Path:
    folder = root / config.ntl.source
    if "://" in config.ntl.source or not folder.is_dir():
        raise ConfigError(
            f"its light lies at {config.ntl.source!r}, which is no folder here",
            where=str(root / "region.yaml"),
            hint="Give the folder of the files: gvio fetch brings them, --onto FOLDER reads them.",
        )
    return folder


def _only_product(folder: Path) -> str:
    names = [path.name for path in folder.rglob("*")] if folder.is_dir() else []
    found = [key for key, product in PRODUCTS.items() if any(product.recognise(name) for name in names)]
    if len(found) != 1:
        raise ConfigError(
            f"files of {' and '.join(found)} lie together"
            if found
            else "no file has the name of a night-light product",
            where=str(folder),
            hint=f"Name one with --product ({', '.join(PRODUCTS)})." if found else "Give a folder of product files.",
        )
    return found[0]


def _extent_of(product: Product, month: Sequence[ProductFile]) -> _Bounds:
    with product.open_month(month) as opened:
        grid = opened.grids[0][1]
    rows, cols = grid.shape
    if rows * cols > MOST_PIXELS:
        raise ConfigError(
            f"the files cover {rows} x {cols} pixels, too many for a region",
            hint="Choose a part: --set bounds=[west,south,east,north].",
        )
    box = grid.boundingbox
    return box.left, box.bottom, box.right, box.top


def _read_zones(path: Path) -> gpd.GeoDataFrame:
    """Any vector file; ids, names and groups come from columns of those names, or are made up by order."""
    frame = read_vector(PackFile(path))
    shapes = system_of(frame, PackFile(path), None, "districts").to_wgs84(np.asarray(frame.geometry, dtype=object))
    ids = [str(v) for v in _column(frame, ("area_id", "district_id", "id"), [f"D{i:02d}" for i in range(len(frame))])]
    names = [str(value) for value in _column(frame, ("name",), ids)]
    groups = [str(value) for value in _column(frame, ("group",), [""] * len(frame))]
    return gpd.GeoDataFrame({"area_id": ids, "name": names, "group": groups}, geometry=list(shapes), crs="EPSG:4326")


def _column(frame: gpd.GeoDataFrame, names: tuple[str, ...], otherwise: list[str]) -> list[Any]:
    found = [name for name in names if name in frame.columns]
    return list(frame[found[0]]) if found else otherwise


def _utm(bounds: _Bounds) -> str:
    """EPSG code of the UTM zone (WGS84) of the region's middle."""
    zone = int(((bounds[0] + bounds[2]) / 2 + 180) // 6) % 60 + 1
    return f"EPSG:{(32600 if bounds[1] + bounds[3] >= 0 else 32700) + zone}"
