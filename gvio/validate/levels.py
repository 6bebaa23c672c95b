"""Checks of the values of radiance in every month: finite, in range, in the right unit, not constant, not all dark.

A month of the history is held to the same rules as the target month: it would teach the model just as wrongly.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from gvio.config import ValidateParams
from gvio.types import BoolArray, CheckResult, FloatArray, LightStack
from gvio.validate.verdicts import count, name_some, verdict

MIN_RADIANCE = -50.0
"""nW cm⁻² sr⁻¹. Background correction leaves a few units below zero; fill values (−999.9, −9999) lie far below."""

MAX_LEVEL_FACTOR = 100.0
"""A month's level off the series' level by more: no season, snow or growth does that, a unit (×10³, ×10⁹) does."""

LEVEL_RANGE = (1e-3, 1e4)
"""nW cm⁻² sr⁻¹. Mean radiance around factories: rural sites have 0.1–1, the brightest plants some 10³."""

MAX_ZERO_SHARE = 0.99
"""More exact zeros than this among seen pixels is a lost layer, not a dark region."""


def check_levels(stack: LightStack, footprint_pixels: BoolArray, params: ValidateParams) -> list[CheckResult]:
    """Checks of the values in every month.

    Args:
        stack: Months of radiance (month, y, x), nW cm⁻² sr⁻¹, NaN where nothing was observed.
        footprint_pixels: (y, x) bool, pixels that carry factories; the level is measured there.
        params: Thresholds.
    """
    seen = np.isfinite(stack.radiance)
    return [
        _check_finite(stack),
        _check_unseen(stack, seen),
        _check_range(stack, seen, params),
        _check_unit(stack, seen, footprint_pixels),
        _check_constant(stack, seen),
        _check_dark(stack, seen),
    ]


def _check_finite(stack: LightStack) -> CheckResult:
    bad = _months(stack, np.isinf(stack.radiance).any(axis=(1, 2)))
    return _judge("light.finite", bad, "no infinite radiance", "The product is damaged: fetch these months again.")


def _check_unseen(stack: LightStack, seen: BoolArray) -> CheckResult:
    bad = _months(stack, (seen & (stack.observations == 0)).any(axis=(1, 2)))
    hint = "A zero count is missing, not dark: the reader or the count layer of these months is wrong."
    return _judge("light.unseen_is_missing", bad, "no radiance where nothing was observed", hint)


def _check_range(stack: LightStack, seen: BoolArray, params: ValidateParams) -> CheckResult:
    inside = (stack.radiance >= MIN_RADIANCE) & (stack.radiance <= params.max_radiance)
    bad = _months(stack, (seen & ~inside).any(axis=(1, 2)))
    low, high = _extremes(stack.radiance[seen])
    expected = f"radiance from {MIN_RADIANCE:g} to {params.max_radiance:g} nW cm-2 sr-1"
    hint = "A fill value was read as light, or scale and offset are wrong: check the files of these months."
    observed = {"min": low, "max": high, "max_radiance": params.max_radiance}
    return _judge("light.range", bad, expected, hint, extra=f" (range {low:g} to {high:g})", observed=observed)


def _check_unit(stack: LightStack, seen: BoolArray, footprint: BoolArray) -> CheckResult:
    levels = month_levels(stack, seen, footprint)
    known = levels[np.isfinite(levels)]
    reference = float(np.median(known)) if known.size else float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = levels / reference
    good = (ratio <= MAX_LEVEL_FACTOR) & (ratio >= 1 / MAX_LEVEL_FACTOR)
    sane = LEVEL_RANGE[0] <= reference <= LEVEL_RANGE[1]
    bad = [f"{m} (×{_plain(ratio[i])})" for i, m in enumerate(stack.months) if np.isfinite(levels[i]) and not good[i]]
    found = f"level {reference:.3g}, {count(len(bad), 'month')} off it: {name_some(bad)}"
    return verdict(
        "light.unit",
        sane and not bad,
        required=True,
        subject="light",
        expected=f"mean radiance around factories near {LEVEL_RANGE[0]:g} to {LEVEL_RANGE[1]:g} nW cm-2 sr-1, "
        f"every month within ×{MAX_LEVEL_FACTOR:g} of their median",
        found=found,
        hint="The unit is off (W instead of nW is 10^9) or a scale factor was not applied: check these files.",
        observed={"level": reference, "months": bad},
    )


def month_levels(stack: LightStack, seen: BoolArray, footprint: BoolArray) -> FloatArray:
    """(month,) mean radiance over seen factory pixels (all seen pixels where the footprint is empty), NaN unseen."""
    where = footprint if footprint.any() else np.ones_like(footprint)
    light = np.where(seen[:, where], stack.radiance[:, where], 0.0).astype(np.float64)
    counts = seen[:, where].sum(axis=1)
    return np.where(counts > 0, light.sum(axis=1) / np.maximum(counts, 1), np.nan)


def _check_constant(stack: LightStack, seen: BoolArray) -> CheckResult:
    low = np.where(seen, stack.radiance, np.inf).min(axis=(1, 2), initial=np.inf)
    high = np.where(seen, stack.radiance, -np.inf).max(axis=(1, 2), initial=-np.inf)
    bad = _months(stack, (seen.sum(axis=(1, 2)) > 1) & (low == high))
    hint = "An image of one value is a placeholder: fetch these months again."
    return _judge("light.constant", bad, "more than one value in an image", hint)


def _check_dark(stack: LightStack, seen: BoolArray) -> CheckResult:
    zeros = (seen & (stack.radiance == 0)).sum(axis=(1, 2))
    counts = seen.sum(axis=(1, 2))
    bad = _months(stack, (counts > 0) & (zeros > MAX_ZERO_SHARE * counts))
    hint = "Zeros stand for missing pixels here: check the count layer and the nodata value of these months."
    return _judge("light.dark", bad, f"at most {MAX_ZERO_SHARE:.0%} zeros among seen pixels", hint)


def _months(stack: LightStack, flags: ArrayLike) -> list[str]:
    return [str(m) for m, flag in zip(stack.months, np.asarray(flags), strict=True) if flag]


def _plain(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}"


def _extremes(values: FloatArray) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if values.size else (float("nan"), float("nan"))


def _judge(
    name: str,
    bad: Sequence[str],
    expected: str,
    hint: str,
    extra: str = "",
    observed: dict[str, float] | None = None,
) -> CheckResult:
    found = (f"{count(len(bad), 'month')} otherwise: {name_some(bad)}" if bad else "so in every month") + extra
    return verdict(
        name,
        not bad,
        required=True,
        subject="light",
        expected=expected,
        found=found,
        hint=hint,
        observed={**(observed or {}), "months": list(bad)},
    )
