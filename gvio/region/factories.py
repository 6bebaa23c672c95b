"""Factories of a region: points or polygons from CSV, GeoParquet or any vector file, brought to WGS84.

Faults that make the file untrustworthy are refused; rows that are merely useless are dropped and reported as notes.
"""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gvio.config import RegionConfig
from gvio.errors import PackError
from gvio.ledger.rows import name_lines
from gvio.region.datum import outlines_and_factories
from gvio.region.files import PackFile
from gvio.region.plausibility import check_life, check_weights
from gvio.region.positions import read_positions
from gvio.region.tables import as_ids, check_columns, read_text_table
from gvio.region.vectors import encoding_note, is_table, read_vector
from gvio.types import CheckResult, Month

MAX_OUTSIDE = 0.5  # more factories than this outside every district: the coordinates are wrong, not the factories


def read_factories(
    file: PackFile, config: RegionConfig, districts: gpd.GeoDataFrame
) -> tuple[gpd.GeoDataFrame, tuple[CheckResult, ...]]:
    """Read the factories that lie in a district.

    Args:
        file: CSV with lon and lat (x and y of an EPSG code), GeoParquet, GeoPackage or another vector file.
        config: Names the coordinate system and, optionally, the category kept.
        districts: As `read_districts` gives them.

    Returns:
        Columns factory_id (str), category (str, "" unknown), weight (float64 > 0, 1 when not given), opened and closed
        (Month or None), geometry (points or polygons, EPSG:4326); and notes on what was dropped or looks odd.

    Raises:
        ConfigError: `factories.crs` is unknown.
        PackError: Unreadable; a column is missing; a position is missing, impossible or swapped; an id twice; a weight
            that is not positive; closed before opened; nothing left; more than half outside every district.
    """
    table = read_text_table(file) if is_table(file) else read_vector(file)
    check_columns([str(c) for c in table.columns], ["factory_id"], file.name)
    table, repeated = _drop_repeated(table, file.name)
    frame = _frame(table, read_positions(table, config, file), file.name)
    if config.factories.category:
        frame = frame[frame["category"].str.startswith(config.factories.category)]
    if not len(frame):
        kept = f" of category {config.factories.category!r}" if config.factories.category else ""
        raise PackError(f"holds no factory{kept}", where=file.name, hint="Correct the file or the category filter.")
    _check_ids(frame, file.name)
    inside = _inside(frame, districts)
    outside = _note_outside(frame, inside, file.name)
    shifted = outlines_and_factories(_points(frame), districts, config, Path(config.districts.path).name)
    notes = (*encoding_note(file, config), *repeated, *_same_position(frame, file.name), *outside, *shifted)
    lines = frame.index.tolist()
    odd = (
        *check_weights(frame["weight"].to_numpy(), lines, file.name),
        *check_life(frame["closed"].tolist(), lines, config.start, file.name),
    )
    return frame[inside].reset_index(drop=True), (*notes, *odd)


def empty_districts(
    factories: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, areas_with_figures: frozenset[str], where: str
) -> tuple[CheckResult, ...]:
    """`factories.district_empty`: every district has a factory: without one its output has no pixel to lie in."""
    points = shapely.point_on_surface(np.asarray(factories.geometry))
    found = set(shapely.STRtree(np.asarray(districts.geometry)).query(points, predicate="intersects")[1])
    notes = []
    for position, area in enumerate(districts["area_id"]):
        if position not in found:
            figures = area in areas_with_figures
            why = "the ledger has figures that no factory explains; " if figures else ""
            message = f"district {area} has no factory; {why}add a factory, or leave the district out of the pack"
            notes.append(CheckResult("factories.district_empty", False, True, where, message, {"area_id": area}))
    return tuple(notes)


def _drop_repeated(table: pd.DataFrame, where: str) -> tuple[pd.DataFrame, tuple[CheckResult, ...]]:
    """Drop rows equal to an earlier one in every field."""
    keys = pd.DataFrame({name: [_key(cell) for cell in table[name]] for name in table.columns}, index=table.index)
    repeated = keys.duplicated()
    if not repeated.any():
        return table, ()
    lines = table.index[repeated]
    message = f"{name_lines(lines)}: {len(lines)} row(s) repeat an earlier row in every field and were dropped"
    note = CheckResult("factories.repeated", False, False, where, message, {"dropped": len(lines)})
    return table[~repeated], (note,)


def _key(cell: object) -> str:
    return cell.wkb_hex if isinstance(cell, shapely.Geometry) else str(cell)


def _frame(table: pd.DataFrame, positions: list[shapely.Geometry], where: str) -> gpd.GeoDataFrame:
    def text(name: str) -> list[str]:
        return as_ids(table[name]) if name in table.columns else [""] * len(table)

    columns = {
        "factory_id": text("factory_id"),
        "category": text("category"),
        "weight": _weights(table, where),
        **{name: pd.Series(_months(table, text(name), name, where), table.index, dtype=object) for name in _LIFE},
    }
    frame = gpd.GeoDataFrame(columns, geometry=positions, crs="EPSG:4326", index=table.index)
    pairs = zip(frame["opened"], frame["closed"], strict=True)
    wrong = frame[[opened is not None and closed is not None and closed < opened for opened, closed in pairs]]
    if len(wrong):
        row = wrong.iloc[0]
        raise PackError(
            f"factory {row['factory_id']} closed {row['closed']} before it opened {row['opened']}",
            where=f"{where}, {name_lines(wrong.index)}",
            hint="Exchange or correct the months.",
        )
    return frame


_LIFE = ("opened", "closed")


def _weights(table: pd.DataFrame, where: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    if "weight" not in table.columns:
        return np.ones(len(table))
    weights = pd.to_numeric(table["weight"], errors="coerce").to_numpy(dtype=np.float64)
    bad = ~(np.isfinite(weights) & (weights > 0))
    if bad.any():
        raise PackError(
            f"weight {table['weight'][bad].iloc[0]!r} is not a positive number",
            where=f"{where}, {name_lines(table.index[bad])}",
            hint="Write plain numbers, like 2.5; 1 where the weight is unknown; or leave the column out.",
        )
    return weights


def _months(table: pd.DataFrame, cells: list[str], name: str, where: str) -> list[Month | None]:
    months: list[Month | None] = []
    for line, cell in zip(table.index, cells, strict=True):
        try:
            months.append(Month.parse(cell) if cell else None)
        except ValueError:
            raise PackError(
                f"{name} {cell!r} is not a month", where=f"{where}, line {line}", hint="Write it as YYYY-MM."
            ) from None
    return months


def _check_ids(frame: gpd.GeoDataFrame, where: str) -> None:
    nameless, twice = frame[frame["factory_id"] == ""], frame[frame["factory_id"].duplicated(keep=False)]
    if len(nameless):
        raise PackError(
            "factory_id is empty", where=f"{where}, {name_lines(nameless.index)}", hint="Give every factory an id."
        )
    if len(twice):
        first = twice["factory_id"].iloc[0]
        lines = name_lines(twice.index[twice["factory_id"] == first])
        raise PackError(
            f"factory_id {first!r} appears more than once", where=f"{where}, {lines}", hint="Keep one row per factory."
        )


def _same_position(frame: gpd.GeoDataFrame, where: str) -> tuple[CheckResult, ...]:
    keys = pd.DataFrame({"at": frame.geometry.to_wkb(), "category": frame["category"]}, index=frame.index)
    same = frame[keys.duplicated(keep=False)]
    if not len(same):
        return ()
    message = (
        f"{name_lines(same.index)}: {len(same)} factories share position and category with another one and were kept; "
        "remove those that are one factory listed twice"
    )
    return (CheckResult("factories.same_position", False, False, where, message, {"factories": len(same)}),)


def _inside(frame: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    points = shapely.point_on_surface(np.asarray(frame.geometry))
    hits = shapely.STRtree(np.asarray(districts.geometry)).query(points, predicate="intersects")[0]
    return np.isin(np.arange(len(frame)), hits)


def _points(frame: gpd.GeoDataFrame) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.asarray(shapely.get_coordinates(shapely.point_on_surface(np.asarray(frame.geometry))))


def _note_outside(
    frame: gpd.GeoDataFrame, inside: np.ndarray[tuple[int], np.dtype[np.bool_]], where: str
) -> tuple[CheckResult, ...]:
    outside = frame[~inside]
    if len(outside) > MAX_OUTSIDE * len(frame):
        raise PackError(
            f"{len(outside)} of {len(frame)} factories lie outside every district",
            where=where,
            hint="Check the coordinates: Chinese map services need crs: gcj02 or bd09; lon comes before lat; and "
            "whether districts.crs is right and the districts are those of the factories.",
        )
    if not len(outside):
        return ()
    message = (
        f"{name_lines(outside.index)}: {len(outside)} of {len(frame)} factories lie outside every district and were "
        "dropped; many near borders and coasts point to crs: gcj02"
    )
    return (CheckResult("factories.outside", False, False, where, message, {"dropped": len(outside)}),)
