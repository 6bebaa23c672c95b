"""Districts of a region: unique ids, valid polygons in WGS84 that do not overlap."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gvio.config import RegionConfig
from gvio.errors import PackError
from gvio.ledger.rows import GROUP_SIGN
from gvio.region.crs import system_of
from gvio.region.datum import known_provider
from gvio.region.files import PackFile
from gvio.region.plausibility import check_extent
from gvio.region.tables import as_ids, check_columns
from gvio.region.vectors import encoding_note, read_vector
from gvio.types import CheckResult

MAX_OVERLAP = 0.01  # share of the smaller district; digitised borders cross a little


def read_districts(file: PackFile, config: RegionConfig) -> tuple[gpd.GeoDataFrame, tuple[CheckResult, ...]]:
    """Read the districts.

    Returns:
        Columns area_id, name, group (str, "" when not configured), geometry (polygon or multipolygon, EPSG:4326) in the
        file's order; and notes on a guessed encoding, coordinates that look shifted, and repaired geometries.

    Raises:
        ConfigError: `districts.crs` is unknown.
        PackError: Unreadable; no or another coordinate system; a column is missing; ids empty, repeated or the city's;
            a geometry that is no polygon; a district outside the bounds; two that overlap by more than 1 % of the
            smaller.
    """
    frame = read_vector(file)
    where, columns = file.name, config.districts
    wanted = [columns.id, columns.name, *([columns.group] if columns.group else [])]
    cure = "Rename the column, or name it in region.yaml: districts.id, districts.name, districts.group."
    check_columns([str(c) for c in frame.columns], wanted, where, cure)
    ids = as_ids(frame[columns.id])
    names = as_ids(frame[columns.name])
    _check_ids(ids, names, config.city_id, where)
    system = system_of(frame, file, columns.crs, "districts")
    given = gpd.GeoSeries(system.to_wgs84(np.asarray(frame.geometry, dtype=object)), crs="EPSG:4326")
    polygons = [_polygon(geometry, area, where) for geometry, area in zip(given, ids, strict=True)]
    districts = gpd.GeoDataFrame(
        {
            "area_id": ids,
            "name": names,
            "group": as_ids(frame[columns.group]) if columns.group else [""] * len(ids),
        },
        geometry=polygons,
        crs="EPSG:4326",
    )
    _check_inside(districts, config, where)
    _check_overlaps(districts, where)
    provider = known_provider([str(c) for c in frame.columns], config, where)
    extent = check_extent(districts, config.bounds, where)
    return districts, (*encoding_note(file, config), *provider, *extent, *_repaired(given, ids, where))


def _check_ids(ids: list[str], names: list[str], city_id: str, where: str) -> None:
    if "" in ids:
        raise PackError(f"district {ids.index('') + 1} has an empty id", where=where, hint="Give every district one.")
    if "" in names:
        area = ids[names.index("")]
        raise PackError(f"district {area} has an empty name", where=where, hint="Give it one, or name its id's column.")
    joined = [area for area in ids if GROUP_SIGN in area]
    if joined:
        hint = "Choose another id: this sign joins the ids of districts that a figure sums."
        raise PackError(f"district id {joined[0]!r} holds {GROUP_SIGN!r}", where=where, hint=hint)
    twice = [area for i, area in enumerate(ids) if area in ids[:i]]
    if twice:
        raise PackError(f"district id {twice[0]!r} appears twice", where=where, hint="Dissolve or rename the parts.")
    if city_id in ids:
        raise PackError(
            f"district id {city_id!r} is also the city_id", where=where, hint="Choose another city_id in region.yaml."
        )


def _polygon(geometry: shapely.Geometry | None, area: str, where: str) -> shapely.Geometry:
    """The polygonal part of a geometry, made valid."""
    if geometry is None or geometry.is_empty:
        raise PackError(f"district {area} has an empty geometry", where=where, hint="Draw it or remove the row.")
    whole = geometry if geometry.is_valid else shapely.make_valid(geometry)
    parts = [p for p in shapely.get_parts([whole]) for p in shapely.get_parts(p) if p.geom_type == "Polygon"]
    if not parts:
        raise PackError(
            f"district {area} is a {geometry.geom_type}, not a polygon", where=where, hint="Use the polygon layer."
        )
    return shapely.force_2d(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))


def _check_inside(districts: gpd.GeoDataFrame, config: RegionConfig, where: str) -> None:
    outside = districts[~districts.intersects(shapely.box(*config.bounds))]
    if len(outside):
        extent = ", ".join(f"{edge:.2f}" for edge in districts.total_bounds)
        raise PackError(
            f"district {outside['area_id'].iloc[0]} lies outside the bounds {list(config.bounds)}; "
            f"the file spans [{extent}]",
            where=where,
            hint="Correct the bounds in region.yaml, or write what its coordinates are: districts: {crs: …}.",
        )


def _check_overlaps(districts: gpd.GeoDataFrame, where: str) -> None:
    shapes = np.asarray(districts.geometry)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    common = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    share = common / np.minimum(shapely.area(shapes[first]), shapely.area(shapes[second]))
    if len(share) and not share.max() <= MAX_OVERLAP:
        worst = int(np.argmax(share))
        a, b = districts["area_id"].iloc[[first[worst], second[worst]]]
        raise PackError(
            f"districts {a} and {b} overlap by {share[worst]:.1%} of the smaller one",
            where=where,
            hint="Every place belongs to one district; correct the polygons, or remove one that holds others.",
        )


def _repaired(given: gpd.GeoSeries, ids: list[str], where: str) -> tuple[CheckResult, ...]:
    invalid = [area for area, valid in zip(ids, given.is_valid, strict=True) if not valid]
    if not invalid:
        return ()
    message = (
        f"geometry of {len(invalid)} district(s) was not valid and was repaired, first {invalid[0]}; look at the map"
    )
    return (CheckResult("districts.repaired", False, False, where, message, {"area_ids": invalid}),)
