"""A grid as a picture: values → colour scale → PNG data URL, with the legend that explains it.

Pure: arrays in, text out. Where a picture is put on a screen is the dashboard's business.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import math
from collections.abc import Mapping, Sequence
from typing import Literal

import matplotlib as mpl
import matplotlib.image
import numpy as np
import numpy.typing as npt
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import LogLocator, MaxNLocator
from odc.geo.geobox import GeoBox

from gvio.errors import StoreError
from gvio.map.bands import BANDS
from gvio.report.pages import render
from gvio.types import FloatArray
from gvio.words import marked

Kind = Literal["log", "linear", "ratio", "change"]
Rgba = npt.NDArray[np.uint8]

PALETTES: Mapping[Kind, str] = {"log": "magma_r", "linear": "cividis_r", "ratio": "PuOr_r", "change": "PuOr_r"}
TRIM: Mapping[Kind, tuple[float, float]] = {
    "log": (0.06, 0.96),
    "linear": (0.0, 1.0),
    "ratio": (0.08, 0.92),
    "change": (0.15, 0.85),
}
_STEPS = 24  # colours of the legend strip
_DECADES = 3.0  # a log scale never spans more: below a thousandth of the brightest pixel nothing is told apart
_LEGEND_LABELS = 6
_ROW_FACTOR = 3  # finer rows than the grid, so that the Mercator projection neither drops nor doubles a row unevenly


@dataclasses.dataclass(frozen=True)
class Layer:
    """One thing to look at in a release's grid: how it is computed is `layer_values`.

    Texts are English; `explanation` speaks of its pixels, `of_blocks` of the same in squares of kilometres
    (`gvio.report.detail`).
    """

    key: str
    title: str
    kind: Kind
    explanation: str
    of_blocks: str


LAYERS: tuple[Layer, ...] = (
    Layer(
        "estimate",
        marked("Estimate"),
        "log",
        marked(
            "Output of each pixel; the pixels of a district add up to its estimate. Seen from afar single pixels are "
            "lost."
        ),
        marked("Output of each square, the sum of its pixels. All squares add up to the districts' estimates."),
    ),
    Layer(
        "raw",
        marked("Raw map"),
        "log",
        marked("The linear map from light, before it is raked to the districts' estimates."),
        marked("The linear map from light, before it is raked to the districts' estimates, summed over each square."),
    ),
    Layer(
        "adjustment",
        marked("Adjustment"),
        "ratio",
        marked("Factor from the raw map to the estimate; 1 means the map needed none."),
        marked("Factor from the raw map to the estimate of each square; 1 means the map needed none."),
    ),
    Layer(
        "width",
        marked("Uncertainty"),
        "linear",
        marked("Width of the 80 % interval as a percentage of the pixel's estimate."),
        marked(
            "Width of the 80 % interval of single pixels in per cent of their estimate: the mean of a square, weighted "
            "by output."
        ),
    ),
)


@dataclasses.dataclass(frozen=True)
class Scale:
    """A range of values and how it is laid out along the palette.

    `log`: equal ratios are equal steps; `ratio`: as `log`, symmetric about 1; `linear`: equal differences; `change`: as
    `linear`, symmetric about 0.
    """

    kind: Kind
    low: float
    high: float

    def position(self, values: FloatArray) -> FloatArray:
        """Place of each value along the palette, 0..1, clipped; NaN where there is nothing to show.

        Zero and negative values have no place on `log` and `ratio` scales.
        """
        if self.kind in ("linear", "change"):
            return np.ma.filled(Normalize(self.low, self.high, clip=True)(values), np.nan)
        # clipping would give zero the colour of the lowest value
        positive = np.ma.masked_less_equal(values, 0.0)
        return np.ma.filled(LogNorm(self.low, self.high, clip=True)(positive), np.nan)


@dataclasses.dataclass(frozen=True)
class Picture:
    """A coloured grid: `data_url` is a PNG in Mercator rows; `bounds` west, south, east, north in degrees."""

    data_url: str
    bounds: tuple[float, float, float, float]
    scale: Scale


def layer_values(bands: FloatArray, layer: Layer) -> FloatArray:
    """The values (y, x) of one layer from a grid's bands (5, y, x) in the order of `BANDS`.

    Raises:
        StoreError: The grid does not have the five bands.
    """
    if bands.ndim != 3 or bands.shape[0] != len(BANDS):
        what = f"a grid of shape {bands.shape} does not have the bands {', '.join(BANDS)}"
        raise StoreError(what, hint="Publish the month again with this version of gvio.")
    if layer.key != "width":
        return np.asarray(bands[BANDS.index(layer.key)], dtype=np.float64)
    estimate, lower, upper = np.asarray(bands[:3], dtype=np.float64)
    width: FloatArray = np.full_like(estimate, np.nan)
    np.divide(100.0 * (upper - lower), estimate, out=width, where=estimate > 0)
    return width


def fit_scale(values: FloatArray, kind: Kind) -> Scale:
    """A scale over the bulk of `values` (any shape); extremes beyond the 99.5 % quantile share its end colour.

    With nothing to show, the scale is 1..10 (log), 0..1 (linear), ½..2 (ratio) or ±1 (change), so that a legend can
    still be drawn.
    """
    if kind == "change":
        widest = max(1.0, float(np.max(np.abs(values[np.isfinite(values)]), initial=0.0)))
        return Scale(kind, -widest, widest)
    shown = values[np.isfinite(values) & (values > 0)]
    if shown.size == 0:
        return {"log": Scale(kind, 1.0, 10.0), "linear": Scale(kind, 0.0, 1.0), "ratio": Scale(kind, 0.5, 2.0)}[kind]
    low, high = (float(q) for q in np.quantile(shown, [0.02, 0.995]))
    if kind == "linear":
        return Scale(kind, 0.0, high)
    if kind == "ratio":
        reach = max(abs(math.log(low)), abs(math.log(high)), math.log(1.05))
        return Scale(kind, math.exp(-reach), math.exp(reach))
    return Scale(kind, max(min(low, high / 10.0), high / 10**_DECADES), high)


def colour(values: FloatArray, scale: Scale) -> Rgba:
    """Colours (y, x, 4) uint8 of `values` (y, x); NaN, and zero on log scales, are fully transparent."""
    position = scale.position(np.asarray(values, dtype=np.float64))
    start, stop = TRIM[scale.kind]
    seen = np.isfinite(position)
    palette = mpl.colormaps[PALETTES[scale.kind]]
    rgba: Rgba = palette(start + (stop - start) * np.where(seen, position, 0.0), bytes=True)
    rgba[~seen] = (255, 255, 255, 0)  # white, so that no dark seam bleeds into neighbours
    return rgba


def draw(values: FloatArray, geobox: GeoBox, kind: Kind) -> Picture:
    """Draw `values` (y, x) on `geobox` (EPSG:4326) for a Web Mercator screen; every value keeps its own square."""
    scale = fit_scale(np.asarray(values, dtype=np.float64), kind)
    box = geobox.geographic_extent.boundingbox
    rows = mercator_rows(box.bottom, box.top, geobox.shape[0])
    rgba = colour(values, scale)[rows]
    return Picture(data_url=png_url(rgba), bounds=(box.left, box.bottom, box.right, box.top), scale=scale)


def mercator_rows(south: float, north: float, rows: int) -> npt.NDArray[np.intp]:
    """For each row of a picture even in Mercator, the row of a grid even in latitude (both north up).

    A picture stretched over its corners would put pixels of the middle up to 200 m off at Shanghai's size.
    Inverse of the spherical Mercator projection (Snyder 1987, eq. 7-4).
    """
    top, bottom = (math.asinh(math.tan(math.radians(v))) for v in (north, south))
    centres = (np.arange(rows * _ROW_FACTOR) + 0.5) / (rows * _ROW_FACTOR)
    latitude = np.degrees(np.arctan(np.sinh(top + (bottom - top) * centres)))
    row = np.floor((north - latitude) / (north - south) * rows)
    return np.clip(row, 0, rows - 1).astype(np.intp)


def legend_stops(scale: Scale) -> list[tuple[float, str]]:
    """Round values along the scale as (place 0..1, text), ascending, at most six."""
    if scale.kind in ("linear", "change"):
        candidates = MaxNLocator(_LEGEND_LABELS - 1, steps=[1, 2, 5, 10]).tick_values(scale.low, scale.high)
    elif scale.kind == "ratio":
        candidates = _ratio_ticks(scale)
    else:
        candidates = _log_ticks(scale)
    inside = [tick for tick in candidates if scale.low <= tick <= scale.high]
    places = scale.position(np.asarray(inside, dtype=np.float64))
    text = signed_short if scale.kind == "change" else short_number
    return [(float(p), text(v)) for p, v in zip(places, inside, strict=True)]


def palette_stops(scale: Scale) -> list[str]:
    """Colours at even steps along the scale, as CSS has them."""
    positions = scale.low + (scale.high - scale.low) * np.linspace(0.0, 1.0, _STEPS)
    if scale.kind in ("log", "ratio"):
        positions = np.geomspace(scale.low, scale.high, _STEPS)
    return ["rgb({}, {}, {})".format(*c[:3]) for c in colour(positions[None, :], scale)[0]]


def legend_html(scale: Scale, caption: str) -> str:
    """A legend strip with its caption as self-contained HTML."""
    stops = ", ".join(palette_stops(scale))
    return render("legend.html", caption=caption, stops=stops, labels=legend_stops(scale))


def short_number(value: float) -> str:
    """A round number for a legend: three significant digits, no trailing zeros: 0.0123, 1.5, 640, 12,300."""
    text = _significant(value, 3)
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed_short(value: float) -> str:
    """The same of a change: +5, −2.5, 0."""
    return f"+{short_number(value)}" if value > 0 else short_number(value)


def figure(value: float) -> str:
    """A figure for people: four significant digits with thousands separators: 0.5000, 25.00, 3,479, 12,340."""
    return _significant(value, 4)


def _significant(value: float, significant: int) -> str:
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    digits = significant - 1 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(digits, 0)}f}".replace("-", "−")


def _log_ticks(scale: Scale) -> Sequence[float]:
    """As many as there is room for: 1, 2 and 5 of each decade, 1 and 3, or 1 alone."""
    for subs in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        ticks = LogLocator(subs=subs).tick_values(scale.low, scale.high)
        if sum(scale.low <= tick <= scale.high for tick in ticks) <= _LEGEND_LABELS:
            break
    return ticks


def _ratio_ticks(scale: Scale) -> Sequence[float]:
    """A factor and its inverse about 1; no locator of matplotlib is symmetric about it on narrow scales."""
    reach = math.log(scale.high)
    factor = next((f for f in (10.0, 5.0, 2.0, 1.5, 1.25, 1.1, 1.05) if math.log(f) <= reach * 0.95), None)
    return [1.0] if factor is None else [1 / factor, 1.0, factor]


def png_url(rgba: Rgba) -> str:
    """Colours (y, x, 4) as a PNG in a data URL."""
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, rgba, format="png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
