"""A layer of the map in blocks of kilometres: seen from afar a pixel is smaller than a dot of the screen and is lost.

Pure. Output is summed, so that what is drawn adds up to the table at every detail; a factor is the factor of the sums;
a width is the mean of its pixels, weighted by their output, since no interval of a block is published.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.grid.blocks import block_pixels, block_sums, pixel_km
from gvio.map.bands import BANDS
from gvio.report.picture import Layer, layer_values
from gvio.types import FloatArray
from gvio.words import marked, tr

_LEAST_PX = 3.0  # a square with shorter sides is not found on a screen


@dataclasses.dataclass(frozen=True)
class Detail:
    """Side of the squares of a map: `km`, or None for the pixels of the grid itself."""

    title: str
    km: float | None

    @property
    def words(self) -> str:
        """The title in the language spoken."""
        return tr(self.title) if self.km is None else tr("{km} km", km=format(self.km, "g"))

    @property
    def key(self) -> str:
        """In addresses: 5km, 1km, pixels."""
        return self.title.replace(" ", "").lower()


PIXELS = Detail(marked("Pixels"), None)
DETAILS: tuple[Detail, ...] = (Detail("5 km", 5.0), Detail("2 km", 2.0), Detail("1 km", 1.0), PIXELS)
"""From coarse to fine."""


def details_of(geobox: GeoBox) -> tuple[Detail, ...]:
    """Those whose squares are larger than a pixel of the grid, and its pixels."""
    return tuple(d for d in DETAILS if d.km is None or block_pixels(geobox, d.km) > (1, 1))


def finest_seen(geobox: GeoBox, screen_px: float) -> Detail:
    """The finest detail whose squares can be seen when the whole grid is fitted into `screen_px`; else the coarsest."""
    offered = details_of(geobox)
    height_km, width_km = pixel_km(geobox)
    whole_km = max(geobox.shape[0] * height_km, geobox.shape[1] * width_km)
    seen = [d for d in offered if (d.km or width_km) * screen_px / whole_km >= _LEAST_PX]
    return seen[-1] if seen else offered[0]


def detailed(bands: FloatArray, geobox: GeoBox, layer: Layer, detail: Detail) -> tuple[FloatArray, GeoBox]:
    """Values (y, x) of a layer in squares of the detail, NaN where no pixel has one, with the squares' grid.

    Args:
        bands: (5, y, x) in the order of `BANDS`.
        geobox: Their grid; blocks begin at its north-west corner, and the last ones may reach beyond it.
        layer: What is shown.
        detail: How finely.

    Raises:
        StoreError: The grid does not have the five bands.
    """
    values = layer_values(bands, layer)
    if detail.km is None:
        return values, geobox
    side = block_pixels(geobox, detail.km)
    estimate = np.asarray(bands[BANDS.index("estimate")], dtype=np.float64)
    if layer.key == "adjustment":
        values = _ratio(_sums(estimate, side), _sums(np.asarray(bands[BANDS.index("raw")], dtype=np.float64), side))
    elif layer.key == "width":
        weight = np.where(np.isfinite(values), estimate, np.nan)
        values = _ratio(_sums(values * weight, side), _sums(weight, side))
    else:
        values = _sums(values, side)
    return values, block_geobox(geobox, (values.shape[0], values.shape[1]), side)


def block_geobox(geobox: GeoBox, shape: tuple[int, int], side: tuple[int, int]) -> GeoBox:
    """The grid of blocks of (rows, columns) pixels, from the north-west corner on."""
    a, b, c, d, e, f = geobox.affine[:6]
    return GeoBox(shape, Affine(a * side[1], b * side[0], c, d * side[1], e * side[0], f), geobox.crs)


def _sums(values: FloatArray, side: tuple[int, int]) -> FloatArray:
    """Sums over blocks of what is finite; NaN where nothing is."""
    known = np.isfinite(values)
    sums, counts = block_sums(np.stack([np.where(known, values, 0.0), known.astype(np.float64)]), side)
    return np.where(counts > 0, sums, np.nan)


def _ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    out = np.full_like(numerator, np.nan)
    return np.divide(numerator, denominator, out=out, where=np.nan_to_num(denominator) > 0)
