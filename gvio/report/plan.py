"""A plan of the region on which places are chosen: a picture even in degrees, and what a click on it means.

Pure. Of squares that carry nothing no point is offered. Squares whose trend is not significant are pale and, where they
are large enough to show it, hatched.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd
from odc.geo.geobox import GeoBox

from gvio.report.detail import Detail, detailed
from gvio.report.numbers import UNKNOWN, decimals_for, level, measure, signed_percent
from gvio.report.picture import LAYERS, Rgba, Scale, colour, fit_scale, png_url
from gvio.report.places import AREA, POINT
from gvio.report.trend_map import SIGNIFICANT, TrendMap
from gvio.report.zones import NOBODY, Owners, spread
from gvio.types import BoolArray, FloatArray
from gvio.words import tr

DISTRICT = "area"
"""Name of a district in the key of a point, as in addresses."""
_WIDE_PX = 900  # about as wide as the plan is shown; a picture of fewer dots is enlarged by whole numbers
_HATCH_PX, _LINE_PX = 8, 2
_LEAST_HATCHED_PX = 8  # a smaller square is pale only
_PALE = 0.35  # of its colour is left to what is not significant
_GREY = (225.0, 225.0, 228.0)
_DARK = (150.0, 150.0, 155.0)
_TAPS = 60  # points across the region by which districts are clicked on
_MOST_QUANTILE = 0.98
Bounds: TypeAlias = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True, eq=False)
class Plan:
    """`url` a PNG over `bounds` (west, south, east, north, degrees); `points`: x, y, `key` of the place or district
    that a click there means, and what is `told` of it.
    """

    url: str
    bounds: Bounds
    scale: Scale
    points: pd.DataFrame


def plan_rows(plan: Plan) -> pd.DataFrame:
    """What the plan says, a row for every district, square or pixel: its key in addresses, a point in it (degrees), and
    what is told of it.
    """
    rows = plan.points.drop_duplicates("key").rename(columns={"x": "lon", "y": "lat", "key": "place"})
    return rows[["place", "lon", "lat", "told"]].reset_index(drop=True)


def output_plan(bands: FloatArray, geobox: GeoBox, detail: Detail, unit: str) -> Plan:
    """Output of squares or pixels of a month; `bands` (5, y, x) in the order of `BANDS`.

    Raises:
        StoreError: The grid does not have the five bands.
    """
    values, grid = detailed(bands, geobox, LAYERS[0], detail)
    scale = fit_scale(values, LAYERS[0].kind)
    shown = values > 0
    decimals = decimals_for(pd.Series(values[shown]))
    told = [f"{level(value, decimals)}{measure(unit)}" for value in values[shown]]
    return Plan(
        png_url(_enlarged(colour(values, scale), None)), _bounds(grid), scale, _points(grid, shown, told, detail)
    )


def trend_plan(trends: TrendMap, detail: Detail) -> Plan:
    """Trends of squares or pixels."""
    shown = np.isfinite(trends.percent)
    told = [
        trend_text(percent, p_value)
        for percent, p_value in zip(trends.percent[shown], trends.p_value[shown], strict=True)
    ]
    points = _points(trends.geobox, shown, told, detail)
    return _trend_plan(trends.percent, trends.significant, trends.geobox, points)


def district_plan(trends: pd.DataFrame, owners: Owners, geobox: GeoBox, names: Mapping[str, str]) -> Plan:
    """Trends of districts (`gvio.report.trend_map.area_trends`) over the pixels that they own."""
    percent, p_value = (_of_pixels(owners, trends[name]) for name in ("percent", "p_value"))
    step = max(1, max(geobox.shape) // _TAPS)
    taps = np.zeros(geobox.shape, dtype=bool)
    taps[step // 2 :: step, step // 2 :: step] = True
    taps &= owners.number != NOBODY
    areas = [owners.areas[number] for number in owners.number[taps]]
    found = zip(trends.index, trends["percent"], trends["p_value"], strict=True)
    said = {str(area): trend_text(percent, p_value) for area, percent, p_value in found}
    x, y = _centres(geobox, taps)
    keys = [f"{DISTRICT}={area}" for area in areas]
    told = [tr("{area}: {said}", area=names.get(area, area), said=said.get(area, UNKNOWN)) for area in areas]
    points = pd.DataFrame({"x": x, "y": y, "key": keys, "told": told})
    return _trend_plan(percent, np.nan_to_num(p_value, nan=1.0) < SIGNIFICANT, geobox, points)


def _of_pixels(owners: Owners, values: pd.Series) -> FloatArray:
    return spread(owners, {str(area): float(value) for area, value in values.items()})


def trend_text(percent: float, p_value: float) -> str:
    """A trend in words: +2.1 % a year, p 0.003."""
    if not np.isfinite(percent) or not np.isfinite(p_value):
        return tr("no trend known")
    chance = tr("p below 0.001") if p_value < 0.001 else f"p {p_value:.3f}"
    change = signed_percent(percent)
    if p_value < SIGNIFICANT:
        return tr("{change} a year, {chance}", change=change, chance=chance)
    return tr("{change} a year, {chance}, not significant", change=change, chance=chance)


def _trend_plan(percent: FloatArray, significant: BoolArray, grid: GeoBox, points: pd.DataFrame) -> Plan:
    sizes = np.abs(percent[np.isfinite(percent)])
    widest = max(1.0, float(np.quantile(sizes, _MOST_QUANTILE))) if sizes.size else 1.0
    scale = Scale("change", -widest, widest)
    return Plan(png_url(_enlarged(colour(percent, scale), ~significant)), _bounds(grid), scale, points)


def _enlarged(rgba: Rgba, pale: BoolArray | None) -> Rgba:
    """The picture in dots of the screen; where `pale`, colours go towards grey, under a hatch where it can be seen."""
    times = max(1, _WIDE_PX // max(rgba.shape[0], rgba.shape[1]))
    large: Rgba = np.repeat(np.repeat(rgba, times, axis=0), times, axis=1)
    if pale is None:
        return large
    rows, cols = np.ogrid[: large.shape[0], : large.shape[1]]
    quiet = np.repeat(np.repeat(pale, times, axis=0), times, axis=1) & (large[..., 3] > 0)
    large[quiet, :3] = _PALE * large[quiet, :3] + (1 - _PALE) * np.array(_GREY)
    wide = np.repeat(np.repeat(_wide(pale & (rgba[..., 3] > 0), times), times, axis=0), times, axis=1)
    large[quiet & wide & ((rows + cols) % _HATCH_PX < _LINE_PX), :3] = _DARK
    return large


def _wide(pale: BoolArray, times: int) -> BoolArray:
    """Where a hatch can be seen: squares that are large on the screen, or that have their like on either side."""
    if times >= _LEAST_HATCHED_PX:
        return pale
    return pale & (np.roll(pale, 1, axis=1) | np.roll(pale, -1, axis=1))


def _points(grid: GeoBox, shown: BoolArray, told: list[str], detail: Detail) -> pd.DataFrame:
    x, y = _centres(grid, shown)
    if detail.km is None:
        keys = [f"{POINT}={lon:.4f},{lat:.4f}" for lon, lat in zip(x, y, strict=True)]
    else:
        half_x, half_y = abs(grid.affine.a) / 2, abs(grid.affine.e) / 2
        edges = zip(x - half_x, x + half_x, y - half_y, y + half_y, strict=True)
        keys = [f"{AREA}={w:.4f},{s:.4f},{e:.4f},{s:.4f},{e:.4f},{n:.4f},{w:.4f},{n:.4f}" for w, e, s, n in edges]
    return pd.DataFrame({"x": x, "y": y, "key": keys, "told": told})


def _centres(grid: GeoBox, shown: BoolArray) -> tuple[FloatArray, FloatArray]:
    rows, cols = np.nonzero(shown)
    a, _, c, _, e, f = grid.affine[:6]
    return np.round(c + a * (cols + 0.5), 5), np.round(f + e * (rows + 0.5), 5)


def _bounds(grid: GeoBox) -> Bounds:
    box = grid.boundingbox
    return box.left, box.bottom, box.right, box.top
