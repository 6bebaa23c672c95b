"""Months that one product lacks, taken from another: brought to its grid, then to its level on the months both have.

Grid: pixels are averaged by the area they share (the Black Marble lattice lies half a pixel off the composites of EOG),
which blurs by up to half a pixel. Level: reference = offset + gain × other, one pair for all pixels, fitted robustly
(reweighted least squares, Cauchy weights) to relative residuals, because light spans four decades and a few pixels
burn. Only months of the same processing on both sides teach it. The error it leaves is measured on months that it did
not see, each left out in turn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from odc.geo.geobox import GeoBox

from gvio.errors import ProductError
from gvio.sources.files import ProductFile
from gvio.sources.regrid import area_weighted
from gvio.types import FloatArray, IntArray, LightStack, Month, Provenance, month_range

MIN_COMMON = 12  # months both have: a year, so that no season is missing
MAX_COMMON = 24  # the nearest of them; more would only cost downloads
GAINS = (0.2, 5.0)  # composites of the same sensor; beyond, these are not two pictures of one light

_PER_MONTH = 5000  # most pixels of a month in the fit
_MIN_PIXELS = 100
_SOFT = 0.1  # relative residual at which a pixel counts half (Cauchy weights)
_ROUNDS = 20  # of reweighted least squares; settled to four digits after about ten
_BRIGHT = 1.0  # nW cm-2 sr-1; the error is reported for pixels above it, where there are enough
_DARKEST = -0.9  # keeps log1p finite; composites subtract a background


@dataclasses.dataclass(frozen=True)
class Plan:
    """Months of one processing of the other product: those to be taken, and those to learn the level from."""

    products: tuple[str, str]  # the one that lacks months, the one that has them
    regime: tuple[str, str, str]  # satellite, collection and processing of the latter
    gaps: tuple[Month, ...]
    common: tuple[Month, ...]

    @property
    def usable(self) -> bool:
        """Whether enough months are common."""
        return len(self.common) >= MIN_COMMON


@dataclasses.dataclass(frozen=True)
class Calibration:
    """reference = offset + gain × other, nW cm⁻² sr⁻¹, and what it leaves: relative errors of log(1 + radiance).

    `pixel_error` is the spread of one pixel in one month (1.48 × the median absolute deviation), `month_error` the root
    mean square of whole months' median deviation; both of months left out of the fit.
    """

    gain: float
    offset: float
    pixel_error: float
    month_error: float
    months: tuple[Month, ...]


def plan_months(main: Sequence[ProductFile], other: Sequence[ProductFile]) -> list[Plan]:
    """What to take from `other` for the months that `main` lacks, per processing of `other`; opens nothing.

    Months before the first of `main` count as lacking too. Common months are those nearest to the lacking ones, and
    have the processing of `main`'s newest month.
    """
    ours, theirs = _regimes(main), _regimes(other)
    if not ours:
        return []
    newest = ours[max(ours)]
    plans = []
    for regime in sorted(set(theirs.values())):
        months = [month for month, own in theirs.items() if own == regime]
        gaps = sorted(month for month in months if month not in ours)
        shared = [month for month in months if ours.get(month) == newest]
        near = sorted(shared, key=lambda month: (min((abs(month - gap) for gap in gaps), default=0), month))
        if gaps:
            names = (main[0].product, other[0].product)
            plans.append(Plan(names, regime, tuple(gaps), tuple(sorted(near[:MAX_COMMON]))))
    return plans


def bridge(main: LightStack, other: LightStack, plan: Plan) -> tuple[LightStack, Calibration]:
    """`main` with the gaps of the plan filled from `other`, on `main`'s grid and level; longer where a gap is later.

    Filled months keep their own provenance; its processing names what they were adjusted to, so that the regime breaks.

    Args:
        main: Months of the product, nW cm⁻² sr⁻¹.
        other: Months of the other product, on its own grid, over the same place.
        plan: Which months to fill and to learn from; all are in the stacks.

    Raises:
        ProductError: Too few common months or pixels, or light that does not follow.
    """
    if not plan.usable:
        raise too_few(plan)
    regridded = {m: _regrid(other, m, main.geobox) for m in (*plan.common, *plan.gaps)}
    pairs = [_pair(main.radiance[main.months.index(m)], regridded[m][0], seed) for seed, m in enumerate(plan.common)]
    calibration = _calibrate(pairs, plan)
    filled = {m: (calibration.offset + calibration.gain * regridded[m][0], regridded[m][1]) for m in plan.gaps}
    provenance = {m: _marked(other.provenance[other.months.index(m)], plan.products[0]) for m in plan.gaps}
    return _merged(main, filled, provenance), calibration


def too_few(plan: Plan) -> ProductError:
    """The error of a plan that is not usable."""
    main, other = plan.products
    what = f"{other} cannot stand in for {main} in {', '.join(map(str, plan.gaps[:3]))}: {len(plan.common)} month(s) "
    what += f"with the processing {'/'.join(plan.regime)} are in both, and {MIN_COMMON} are needed to compare levels"
    return ProductError(what, where="ntl.product", hint="Fetch more months, or wait for the product itself.")


def _regimes(files: Sequence[ProductFile]) -> dict[Month, tuple[str, str, str]]:
    """Satellite, collection and processing of every month's newest production."""
    newest: dict[Month, ProductFile] = {}
    for file in files:
        if file.month not in newest or newest[file.month].vintage < file.vintage:
            newest[file.month] = file
    return {month: (f.satellite, f.collection, f.processing) for month, f in sorted(newest.items())}


def _regrid(stack: LightStack, month: Month, target: GeoBox) -> tuple[FloatArray, IntArray]:
    at = stack.months.index(month)
    return area_weighted(stack.radiance[at], stack.observations[at], stack.geobox, target)


def _pair(reference: FloatArray, other: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    """Pixels of a month that both have seen: (n,) of each, at most `_PER_MONTH` at random."""
    both = np.flatnonzero(np.isfinite(reference) & np.isfinite(other))
    if both.size > _PER_MONTH:
        both = np.sort(np.random.default_rng(seed).choice(both, _PER_MONTH, replace=False))
    return reference.ravel()[both].astype(np.float64), other.ravel()[both].astype(np.float64)


def _calibrate(pairs: Sequence[tuple[FloatArray, FloatArray]], plan: Plan) -> Calibration:
    main, other = plan.products
    pixels = sum(y.size for y, _ in pairs)
    if pixels < _MIN_PIXELS:
        what = f"only {pixels} pixels are seen by {main} and {other} in the {len(pairs)} months both have"
        raise ProductError(what, where="ntl.product", hint="Leave the fallback out.")
    offset, gain = _fit(pairs)
    if not (np.isfinite(offset) and GAINS[0] <= gain <= GAINS[1]):
        what = f"{other} does not follow {main}: a gain of {gain:.3g} and an offset of {offset:.3g} fit best"
        raise ProductError(what, where="ntl.product", hint="Leave the fallback out, or check the files of both.")
    deviations = [
        _deviation(pair, *_fit([*pairs[:i], *pairs[i + 1 :]])) for i, pair in enumerate(pairs) if pair[0].size
    ]
    biases = np.array([np.median(d) for d in deviations])
    spread = np.median([np.median(np.abs(d)) for d in deviations])
    return Calibration(gain, offset, float(1.4826 * spread), float(np.sqrt(np.mean(biases**2))), plan.common)


def _fit(pairs: Sequence[tuple[FloatArray, FloatArray]]) -> tuple[float, float]:
    """Offset and gain; residuals relative to 1 nW plus the mean of both, so that neither side's noise is favoured."""
    y, x = (np.concatenate(side) for side in zip(*pairs, strict=True))
    scale = 1 + np.maximum((x + y) / 2, 0)
    design, target = np.stack([1 / scale, x / scale], axis=1), y / scale
    found, weight = np.array([0.0, 1.0]), np.ones(len(y))
    for _ in range(_ROUNDS):
        weighted = design * weight[:, None]  # normal equations: two unknowns, however many pixels
        found = np.linalg.lstsq(weighted.T @ design, weighted.T @ target, rcond=None)[0]
        weight = 1 / (1 + ((design @ found - target) / _SOFT) ** 2)
    return float(found[0]), float(found[1])


def _deviation(pair: tuple[FloatArray, FloatArray], offset: float, gain: float) -> FloatArray:
    """Difference of log(1 + radiance), of bright pixels where there are enough of them."""
    y, x = pair
    bright = x + y > 2 * _BRIGHT
    chosen = bright if bright.sum() >= _MIN_PIXELS else np.ones_like(bright)
    brought, truth = (np.maximum(v[chosen], _DARKEST) for v in (offset + gain * x, y))
    return np.asarray(np.log1p(brought) - np.log1p(truth))


def _marked(provenance: tuple[Provenance, ...], reference: str) -> tuple[Provenance, ...]:
    return tuple(dataclasses.replace(p, processing=f"{p.processing} as {reference}") for p in provenance)


def _merged(
    main: LightStack,
    filled: dict[Month, tuple[FloatArray, IntArray]],
    provenance: dict[Month, tuple[Provenance, ...]],
) -> LightStack:
    months = tuple(month_range(main.months[0], max(main.months[-1], *filled)))
    radiance = np.full((len(months), *main.geobox.shape), np.nan, np.float32)
    observations = np.zeros(radiance.shape, np.uint16)
    radiance[: len(main.months)], observations[: len(main.months)] = main.radiance, main.observations
    origins = [*main.provenance, *(() for _ in months[len(main.months) :])]
    for month, (light, counts) in filled.items():
        at = month - months[0]
        radiance[at], observations[at], origins[at] = light, counts, provenance[month]
    missing = tuple(m for m, origin in zip(months, origins, strict=True) if not origin)
    return LightStack(months, radiance, observations, main.geobox, tuple(origins), missing)
