"""Borders of districts as a release's grid itself shows them: the raking factor is one number per district."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from odc.geo.geobox import GeoBox

from gvio.map.bands import BANDS
from gvio.types import FloatArray

Path = list[list[float]]


def district_edges(bands: FloatArray, geobox: GeoBox) -> list[Path]:
    """Paths of (x, y) along pixel edges where the district changes, in the CRS of `geobox`.

    Two neighbouring districts with exactly the same factor are not told apart; the region's own border is always there.

    Args:
        bands: (5, y, x) in the order of `BANDS`, NaN outside every district.
        geobox: The grid, north up.
    """
    zone = np.where(np.isfinite(bands[BANDS.index("estimate")]), 1.0, 0.0)
    factor = bands[BANDS.index("adjustment")].astype(np.float64)
    zone = np.pad(zone * (2.0 + np.nan_to_num(factor, nan=0.0)), 1)
    below = np.argwhere(zone[:-1] != zone[1:])  # an edge under padded (row, column): pixel row `row`, from column - 1
    beside = np.argwhere(zone[:, :-1] != zone[:, 1:])
    segments = np.concatenate([_segments(below, (0, 1)), _segments(beside, (1, 0))])
    if len(segments) == 0:
        return []
    lines = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapely.linestrings(segments))))
    a, b, c, d, e, f = geobox.affine[:6]
    matrix, origin = np.array([[a, d], [b, e]]), np.array([c, f])
    return [(_corners(shapely.get_coordinates(line)) @ matrix + origin).tolist() for line in lines]


def _segments(cells: npt.NDArray[np.intp], step: tuple[int, int]) -> FloatArray:
    """(N, 2, 2) unit segments as (x, y) of pixel corners; `step` (rows, columns) is the segment's direction."""
    end = cells[:, ::-1].astype(np.float64)
    return np.stack([end - np.array(step[::-1], dtype=np.float64), end], axis=1)


def _corners(path: FloatArray) -> FloatArray:
    """The path without points in the middle of a straight run."""
    step = np.diff(path, axis=0)
    turns = np.any(step[1:] != step[:-1], axis=1)
    return np.asarray(path[np.concatenate([[True], turns, [True]])])
