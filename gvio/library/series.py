"""A place's output over the months: of a pixel, and of any area, with the intervals that can honestly be given.

A whole district is its row of the table, with its intervals; all of them are the city's row. Of a part of a district
the grid tells which share of the output lies inside, and the interval is the district's, scaled by that share. How the
district's output is divided among its pixels is uncertain too, and **that is left out**: nobody publishes the output of
a pixel, so nothing can calibrate it for an area. `whole` says which share of the estimate comes from whole districts;
the lower it is, the more the interval is too narrow. Limits of several districts are summed, as if all were wrong in
the same direction: never too narrow, and wider than where they err independently.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely
from odc.geo.geobox import GeoBox

from gvio.types import ESTIMATE_COLUMNS, FloatArray, IntArray

_WHOLE = 1e-4  # of a district's outline: corners that were written with fewer digits, or digitised twice
INTERVALS = (
    "whole districts: their published intervals, all of them: the city's; parts: the district's interval scaled by the "
    "share of its output inside, without the error of that share (column `whole`: share from whole districts); limits "
    "of districts are summed"
)


@dataclasses.dataclass(frozen=True, eq=False)
class Shares:
    """How much of each district lies in an area.

    Attributes:
        districts: Ids, in the order of the rows of `weights`.
        whole: (D,) whether all of the district does.
        outside: (D,) whether nothing of it does.
        cover: (y, x) share of every pixel, in [0, 1].
    """

    districts: tuple[str, ...]
    whole: tuple[bool, ...]
    outside: tuple[bool, ...]
    cover: FloatArray

    @property
    def parts(self) -> tuple[str, ...]:
        """Districts of which a part lies inside."""
        named = zip(self.districts, self.whole, self.outside, strict=True)
        return tuple(area for area, whole, outside in named if not whole and not outside)

    @property
    def touched(self) -> tuple[str, ...]:
        """Districts of which something lies inside."""
        return tuple(area for area, outside in zip(self.districts, self.outside, strict=True) if not outside)


@dataclasses.dataclass(frozen=True, eq=False)
class PartPixels:
    """The pixels of districts that an area cuts.

    Attributes:
        months: (T,) that have a grid, texts.
        output: (T, N) band `estimate`.
        codes: (N,) a district's code is its place among `Shares.districts`, plus one.
        cover: (N,) share of each pixel inside the area.
    """

    months: Sequence[str]
    output: FloatArray
    codes: IntArray
    cover: FloatArray


def pixel_cover(area: shapely.Geometry, geobox: GeoBox) -> FloatArray:
    """(y, x) share of every pixel that lies in an area, of the grid's system; exact, by cutting the border's pixels."""
    rows, cols = geobox.shape
    a, _, c, _, e, f = list(geobox.transform)[:6]
    west, south, east, north = area.bounds
    left, right = np.clip([np.floor((west - c) / a), np.ceil((east - c) / a)], 0, cols).astype(int)
    top, bottom = np.clip([np.floor((north - f) / e), np.ceil((south - f) / e)], 0, rows).astype(int)
    x, y = c + a * np.arange(left, right + 1), f + e * np.arange(top, bottom + 1)
    boxes = shapely.box(*np.broadcast_arrays(x[None, :-1], y[1:, None], x[None, 1:], y[:-1, None]))
    shapely.prepare(area)
    inside = shapely.contains_properly(area, boxes).astype(np.float64)
    border = shapely.intersects(area, boxes) & (inside == 0)
    inside[border] = shapely.area(shapely.intersection(area, boxes[border])) / abs(a * e)
    cover: FloatArray = np.zeros((rows, cols))
    cover[top:bottom, left:right] = inside
    return cover


def district_shares(
    area: shapely.Geometry, districts: Sequence[str], outlines: Sequence[shapely.Geometry], geobox: GeoBox
) -> Shares:
    """Which districts an area holds wholly, partly or not, by their outlines: pixels on a border belong to one only.

    Args:
        area: In the system of the grid.
        districts: Ids.
        outlines: One a district, in the system of the grid.
        geobox: The grid.
    """
    shapes = np.asarray(outlines, dtype=object)
    share = shapely.area(shapely.intersection(shapes, area)) / shapely.area(shapes)
    return Shares(
        districts=tuple(districts),
        whole=tuple(bool(of >= 1 - _WHOLE) for of in share),
        outside=tuple(bool(of <= _WHOLE) for of in share),
        cover=pixel_cover(area, geobox),
    )


def summed_series(estimates: pd.DataFrame, city: str, shares: Shares, pixels: PartPixels | None) -> pd.DataFrame:
    """Series of an area; columns of `ESTIMATE_COLUMNS` and `whole`, indexed by month (texts).

    Args:
        estimates: The release's table, months as texts.
        city: Area that means all districts.
        shares: Of the area.
        pixels: Of the districts that are cut, whose months are told then; None where none is.
    """
    tables = {name: estimates.pivot(index="month", columns="area_id", values=name) for name in ESTIMATE_COLUMNS}
    if all(shares.whole):
        return pd.DataFrame({name: table[city] for name, table in tables.items()}).assign(whole=1.0)
    wholly = [area for area, whole in zip(shares.districts, shares.whole, strict=True) if whole]
    inside = pd.DataFrame({name: table[wholly].sum(axis=1) for name, table in tables.items()})
    own = inside["estimate"].copy()
    if pixels is not None:
        months = list(pixels.months)
        inside, own = inside.loc[months], own.loc[months]
        for area in shares.parts:
            share = _share_inside(pixels, shares.districts.index(area) + 1)
            inside = inside + pd.DataFrame({name: table[area].loc[months] * share for name, table in tables.items()})
    total = inside["estimate"].to_numpy()
    return inside.assign(whole=np.divide(own.to_numpy(), total, out=np.ones(len(total)), where=total > 0))


def _share_inside(pixels: PartPixels, code: int) -> FloatArray:
    """(month,) share of a district's output that lies inside; of its pixels where it has no output."""
    own = pixels.codes == code
    mine, cover = pixels.output[:, own].astype(np.float64), pixels.cover[own]
    total = mine.sum(axis=1)
    inside: FloatArray = np.divide(mine @ cover, total, out=np.full(len(total), cover.mean()), where=total > 0)
    return inside
