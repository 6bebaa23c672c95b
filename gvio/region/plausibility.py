"""Whether a pack's values can be meant as they are written: legal settings that would give wrong numbers in silence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy import stats

from gvio.ledger.rows import name_lines
from gvio.types import BoolArray, CheckResult, FloatArray, LightStack, Month

Bounds = tuple[float, float, float, float]

MOST_CUT = 0.01  # share of a district outside the bounds; digitised outlines end a little anywhere
_PIXEL = 1 / 240  # degrees; 15 arc-seconds in every product
MOST_ROOM = 16.0  # bounds as a multiple of the districts' own box
APART, SEPARATE = 2.0, 4.0  # decades between two heaps of weights, and the same in their spread; real sizes: 1.4, 3.6
REVERSED, UNRELATED = 0.2, 0.75  # chance that an urban pixel is brighter than a rural one; true masks have over 0.9
_LEAST_HEAP = 3
LEAST_PIXELS = 20  # of each kind, below which the chance says nothing


def check_extent(districts: gpd.GeoDataFrame, bounds: Bounds, where: str) -> tuple[CheckResult, ...]:
    """`districts.cut`, `pack.bounds`: bounds that leave out a part of a district, or are much wider than all.

    Args:
        districts: EPSG:4326.
        bounds: West, south, east, north in WGS84 degrees.
        where: The file of districts, for messages.
    """
    shapes = np.asarray(districts.geometry)
    seen = shapely.buffer(shapely.box(*bounds), _PIXEL, join_style="mitre")  # the grid ends with a whole pixel
    outside = 1 - shapely.area(shapely.intersection(shapes, seen)) / shapely.area(shapes)
    west, south, east, north = districts.total_bounds
    spans = f"[{west:.3f}, {south:.3f}, {east:.3f}, {north:.3f}]"
    notes = []
    if not outside.max() <= MOST_CUT:
        worst = int(np.argmax(outside))
        message = (
            f"{outside[worst]:.0%} of district {districts['area_id'].iloc[worst]} lies outside the bounds and is not "
            f"seen; write bounds that hold all of {spans}"
        )
        notes.append(CheckResult("districts.cut", False, False, where, message, {"share": float(outside[worst])}))
    room = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) / ((east - west) * (north - south))
    if not room <= MOST_ROOM:
        message = (
            f"bounds are {room:.0f} times as large as the districts, which span {spans}: narrow them, or add the rest"
        )
        notes.append(CheckResult("pack.bounds", False, False, "region.yaml", message, {"times": float(room)}))
    return tuple(notes)


def check_weights(weights: npt.NDArray[np.float64], lines: Sequence[int], where: str) -> tuple[CheckResult, ...]:
    """`factories.weight_units`: weights in two heaps far apart, as two units in one column make them.

    The heaps are those of least squares of the logarithm (2-means, exact in one dimension).

    Args:
        weights: (F,) above zero.
        lines: (F,) their lines.
        where: The file, for messages.
    """
    order = np.argsort(weights)
    logs = np.log10(weights[order])
    low = np.arange(1, len(logs))
    high = len(logs) - low
    enough = np.minimum(low, high) >= max(_LEAST_HEAP, 0.01 * len(logs))
    if not enough.any():
        return ()
    sums = np.cumsum(logs)[:-1]
    means = sums / low, (logs.sum() - sums) / high
    within = (logs**2).sum() - low * means[0] ** 2 - high * means[1] ** 2
    at = int(np.argmin(np.where(enough, within, np.inf)))
    apart = float(means[1][at] - means[0][at])
    spread = math.sqrt(max(float(within[at]), 0.0) / len(logs))
    if not (apart >= APART and apart > SEPARATE * spread):
        return ()
    few = order[: at + 1] if at + 1 <= len(order) // 2 else order[at + 1 :]
    message = (
        f"{name_lines(np.asarray(lines)[np.sort(few)])}: weights lie in two heaps, a factor of {10**apart:.0f} "
        "apart, as two units in one column make them: bring them to one, or leave the column out"
    )
    return (CheckResult("factories.weight_units", False, False, where, message, {"factor": 10**apart}),)


def check_life(
    closed: Sequence[Month | None], lines: Sequence[int], first: Month, where: str
) -> tuple[CheckResult, ...]:
    """`factories.never_open`: factories that closed before the series begins, as all do whose columns are exchanged.

    Args:
        closed: (F,) last month, None: still open.
        lines: (F,) their lines.
        first: The region's first month.
        where: The file, for messages.
    """
    gone = [line for line, month in zip(lines, closed, strict=True) if month is not None and month < first]
    if not gone:
        return ()
    message = (
        f"{name_lines(gone)}: {len(gone)} of {len(lines)} factories closed before the first month {first} and count "
        "for nothing: are opened and closed exchanged?"
    )
    return (CheckResult("factories.never_open", False, False, where, message, {"factories": len(gone)}),)


def check_urban(urban: FloatArray, inside: BoolArray, stack: LightStack, where: str) -> tuple[CheckResult, ...]:
    """`pack.urban_light`, `pack.urban_even`: urban land that is not the brighter, or a mask that tells nothing apart.

    Args:
        urban: (y, x) 1 urban, 0 rural.
        inside: (y, x) whether a pixel belongs to a district.
        stack: Light on the same grid.
        where: The mask's file, for messages.
    """
    seen = np.isfinite(stack.radiance)
    mean = np.where(seen, stack.radiance, 0).sum(axis=0, dtype=np.float64) / np.maximum(seen.sum(axis=0), 1)
    known = inside & seen.any(axis=0)
    city, land = mean[known & (urban == 1)], mean[known & (urban == 0)]
    if not city.size or not land.size:
        kind = "urban" if city.size else "rural"
        message = f"every pixel of the districts is {kind}: check that the mask is of this place and 1 means urban"
        return (CheckResult("pack.urban_even", False, False, where, message),)
    if min(city.size, land.size) < LEAST_PIXELS:
        return ()
    brighter = float(stats.mannwhitneyu(city, land).statistic) / (city.size * land.size)
    if brighter >= UNRELATED:
        return ()
    cause = (
        "1 must mean urban and 0 rural, and they look exchanged"
        if brighter <= REVERSED
        else "check that the mask is of this place, and in the coordinates that it says"
    )
    message = f"an urban pixel is brighter than a rural one in {brighter:.0%} of cases: {cause}"
    required = brighter <= REVERSED
    return (CheckResult("pack.urban_light", False, required, where, message, {"brighter": brighter}),)
