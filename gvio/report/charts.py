"""Figures for people, as PNG bytes: prediction against official figures, and a month's map.

Pure: arrays and tables in, bytes out. They go into the registry, the model card and the README; the dashboard draws
its own, interactive ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter
from odc.geo.geobox import GeoBox

from gvio.report.canvas import FAINT, INK, QUIET, blank, drawable, empty, headline, lettering, quiet, to_png
from gvio.report.picture import PALETTES, TRIM, Kind, Scale, fit_scale, legend_stops, short_number, signed_short
from gvio.types import BoolArray, FloatArray
from gvio.words import tr

_NO_INDUSTRY = "#f0f1f3"
_METRES_PER_DEGREE = 111_320.0


def agreement_png(
    official: FloatArray,
    estimate: FloatArray,
    areas: Sequence[str],
    out_of_sample: BoolArray,
    *,
    unit: str,
    title: str,
    invented: bool = False,
) -> bytes:
    """Estimates against official figures on logarithmic axes, a colour per area.

    Filled points were estimated before the figure was known to the model, hollow ones it was trained on; the two
    are never counted together in the note. Points with a value that is not positive and finite are left out.

    Args:
        official: (N,) published figures, in `unit`.
        estimate: (N,) estimates of the same, in `unit`.
        areas: (N,) area of every point, as people call it.
        out_of_sample: (N,) whether the model had not seen the figure.
        unit: Unit of both axes.
        title: One line.
        invented: The data are simulated, which the picture says.

    Returns:
        PNG bytes.
    """
    figure = blank(7.6, 5.6)
    axes = figure.add_subplot()
    official, estimate = np.asarray(official, dtype=np.float64), np.asarray(estimate, dtype=np.float64)
    known = (official > 0) & (estimate > 0) & np.isfinite(official) & np.isfinite(estimate)
    parts = ((out_of_sample, "● out of sample"), (~out_of_sample, "○ in sample"))
    headline(axes, title, "   ".join(_errors(official, estimate, known & part, name) for part, name in parts))
    if not known.any():
        empty(axes, "no month with an official figure")
        return to_png(figure, invented)
    names = sorted(set(areas))
    labels = np.array([names.index(a) for a in areas])
    palette = mpl.colormaps["tab20" if len(names) > 10 else "tab10"].colors  # type: ignore[attr-defined]
    for i, label in enumerate(drawable(names, "area")):
        colour = palette[i % len(palette)]
        for part, fill in ((out_of_sample, colour), (~out_of_sample, "none")):
            chosen = known & (labels == i) & part
            axes.scatter(official[chosen], estimate[chosen], s=16, facecolor=fill, edgecolor=colour, linewidth=0.8)
        axes.scatter([], [], s=22, color=colour, label=label)
    _equal_log_axes(axes, np.concatenate([official[known], estimate[known]]))
    axes.set_xlabel(f"official figure, {unit} a month", color=INK)
    axes.set_ylabel(f"estimate, {unit} a month", color=INK)
    figure.legend(loc="outside right center", frameon=False, fontsize=8, ncols=1 + (len(names) > 28))
    return to_png(figure, invented)


def map_png(
    values: FloatArray,
    geobox: GeoBox,
    *,
    districts: gpd.GeoDataFrame | None,
    title: str,
    unit: str,
    note: str = "",
    invented: bool = False,
    kind: Kind = "log",
) -> bytes:
    """A month's grid with district outlines; of output, colour is logarithmic and perceptually uniform.

    Args:
        values: (y, x), in `unit`; NaN outside the region, 0 where there is no industry.
        geobox: Its geographic grid.
        districts: Outlines; None draws none.
        title: One line, with the month.
        unit: What the scale says: the unit of a value, and of what.
        note: A quieter line under the title.
        invented: The data are simulated, which the picture says.
        kind: How colours follow values.

    Returns:
        PNG bytes.
    """
    box = geobox.extent.boundingbox
    stretch = 1.0 / math.cos(math.radians((box.bottom + box.top) / 2))
    ratio = (box.top - box.bottom) * stretch / (box.right - box.left)
    height = float(np.clip(6.0 * ratio, 3.5, 8.0))
    figure = blank(max(height / ratio + 2.2, 5.5), height + 0.9)
    axes = figure.add_subplot()
    extent = (box.left, box.right, box.bottom, box.top)
    ground, grey = np.where(np.isfinite(values), 1.0, np.nan), mpl.colors.ListedColormap([_NO_INDUSTRY])
    axes.imshow(ground, cmap=grey, extent=extent, interpolation="nearest")
    scale = fit_scale(np.asarray(values, dtype=np.float64), kind)
    logarithmic = kind in ("log", "ratio")
    shown = np.where(values > 0, values, np.nan) if logarithmic else np.asarray(values, dtype=np.float64)
    norm = (LogNorm if logarithmic else Normalize)(scale.low, scale.high, clip=True)
    image = axes.imshow(shown, norm=norm, cmap=_colours(kind), extent=extent, interpolation="nearest")
    if not np.isfinite(shown).any():
        empty(axes, tr("no pixel with output"))
    if districts is not None:
        axes.add_collection(_outlines(districts, geobox))
    axes.set(xlim=extent[:2], ylim=extent[2:], aspect=stretch)
    headline(axes, title, note)
    _degrees(axes)
    _scale_bar(axes, box, stretch)
    bar = figure.colorbar(image, ax=axes, shrink=0.75, pad=0.02, aspect=32, extend="both")
    bar.set_label(unit, color=INK, **lettering(10))
    _figures(bar, scale)
    bar.outline.set_visible(False)
    return to_png(figure, invented)


def _figures(bar: Colorbar, scale: Scale) -> None:
    """Write figures at the scale."""
    text = signed_short if scale.kind == "change" else short_number
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: text(v)))
    if scale.kind == "ratio":
        bar.set_ticks([scale.low * (scale.high / scale.low) ** place for place, _ in legend_stops(scale)])
    few = scale.kind == "log" and scale.high < 1000 * scale.low  # else the powers of ten are labels enough
    bar.ax.yaxis.set_minor_formatter(FuncFormatter(lambda v, _: short_number(v) if few and _leading(v) else ""))
    bar.ax.tick_params(which="both", labelsize=8.5, labelcolor=INK)


def _colours(kind: Kind) -> mpl.colors.ListedColormap:
    start, stop = (0.08, 0.97) if kind == "log" else TRIM[kind]
    return mpl.colors.ListedColormap(mpl.colormaps[PALETTES[kind]](np.linspace(start, stop, 256)))


def _errors(official: FloatArray, estimate: FloatArray, chosen: BoolArray, name: str) -> str:
    if not chosen.any():
        return f"{name}: none"
    error = np.abs(estimate[chosen] / official[chosen] - 1).mean()
    return f"{name}: {int(chosen.sum()):,} figures, mean error {100 * error:.1f} %"


def _equal_log_axes(axes: Axes, values: FloatArray) -> None:
    """Both axes logarithmic over the same range, with the line of equality and 20 % on either side."""
    low, high = values.min() / 1.25, values.max() * 1.25
    line = np.array([low, high])
    axes.fill_between(line, line / 1.2, line * 1.2, color=FAINT, linewidth=0, zorder=0)
    axes.plot(line, line, color=QUIET, linewidth=1, zorder=1)
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high), aspect="equal")
    quiet(axes, grid=False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda v, _: short_number(v)))
        # Minor labels only where there is hardly a power of ten to read.
        few = high / low < 30
        axis.set_minor_formatter(FuncFormatter(lambda v, _, few=few: short_number(v) if few and _leading(v) else ""))


def _leading(value: float) -> bool:
    """Whether the first digit is 2 or 5: the minor ticks worth a label."""
    return round(value / 10 ** math.floor(math.log10(value))) in (2, 5)


def _outlines(districts: gpd.GeoDataFrame, geobox: GeoBox) -> LineCollection:
    lines = shapely.get_parts(districts.geometry.to_crs(geobox.crs).boundary.to_numpy())
    return LineCollection([shapely.get_coordinates(line) for line in lines], colors=QUIET, linewidths=0.6)


def _degrees(axes: Axes) -> None:
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{abs(v):.5g}° {'E' if v >= 0 else 'W'}"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{abs(v):.5g}° {'N' if v >= 0 else 'S'}"))
    axes.locator_params(nbins=5)
    axes.tick_params(colors=QUIET, labelsize=8)
    axes.spines[:].set_visible(False)


def _scale_bar(axes: Axes, box: Any, stretch: float) -> None:
    """A bar of a round length, about a fifth of the width, at the lower left."""
    width_km = (box.right - box.left) * _METRES_PER_DEGREE / stretch / 1000
    length = max((n * 10.0**d for d in range(-1, 4) for n in (1, 2, 5) if n * 10.0**d <= width_km / 4), default=0.1)
    left, bottom = box.left + 0.03 * (box.right - box.left), box.bottom + 0.03 * (box.top - box.bottom)
    right = left + length / width_km * (box.right - box.left)
    halo = [withStroke(linewidth=3, foreground="white")]
    axes.plot([left, right], [bottom, bottom], color=INK, linewidth=2.5, solid_capstyle="butt", path_effects=halo)
    axes.annotate(f"{length:g} km", ((left + right) / 2, bottom), (0, 4), textcoords="offset points", ha="center",
                  fontsize=8, color=INK, path_effects=halo)  # fmt: skip
