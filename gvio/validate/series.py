"""Checks of the history of light: months missing, districts unseen, the same pixels twice, regime breaks."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import numpy as np

from gvio.config import ValidateParams
from gvio.types import BoolArray, CheckResult, FloatArray, IntArray, LightStack, Month
from gvio.validate.verdicts import count, name_some, verdict


def check_series(
    stack: LightStack, target: Month, owner: IntArray, area_ids: Sequence[str], params: ValidateParams
) -> list[CheckResult]:
    """Checks of all months before `target`, and of `target` against them.

    Args:
        stack: Months of radiance (month, y, x), nW cm⁻² sr⁻¹, NaN where nothing was observed.
        target: The month that is to be mapped; its own emptiness is judged elsewhere.
        owner: (y, x) int, index into `area_ids`, −1 outside every district.
        area_ids: District ids in the order of `owner`'s indices.
        params: Thresholds.
    """
    counts = np.array([np.isfinite(r).sum() for r in stack.radiance], dtype=np.int64)
    return [
        _check_missing(stack, target, counts, params),
        _check_districts(stack, target, counts, owner, area_ids),
        _check_duplicates(stack, counts),
        _check_regimes(stack),
    ]


def _check_missing(stack: LightStack, target: Month, counts: IntArray, params: ValidateParams) -> CheckResult:
    history = [(m, int(n)) for m, n in zip(stack.months, counts, strict=True) if m != target]
    empty = [str(m) for m, n in history if n == 0]
    share = len(empty) / len(history) if history else 0.0
    found = f"{len(empty)} of {count(len(history), 'month')} of the history without light ({share:.0%})"
    return verdict(
        "light.missing_months",
        not empty,
        required=not share <= params.max_missing_share,
        subject=_span(stack),
        expected=f"light in every month (at most {params.max_missing_share:.0%} may be missing)",
        found=f"{found}: {name_some(empty)}",
        hint="Fetch these months, or move first_month; what is missing is not learned from.",
        observed={"missing": empty, "share": share, "max_missing_share": params.max_missing_share},
    )


def _check_districts(
    stack: LightStack, target: Month, counts: IntArray, owner: IntArray, area_ids: Sequence[str]
) -> CheckResult:
    """Months that have light somewhere, yet none over some district."""
    seen = count_seen(np.isfinite(stack.radiance), owner, len(area_ids))
    blind: dict[str, list[str]] = {}
    for month, row, total in zip(stack.months, seen, counts, strict=True):
        unseen = [a for a, n in zip(area_ids, row, strict=True) if n == 0]
        if unseen and total > 0 and month != target:
            blind[str(month)] = unseen
    listed = name_some(f"{month} ({name_some(areas, 3)})" for month, areas in blind.items())
    return verdict(
        "light.district_history",
        not blind,
        required=False,
        subject=_span(stack),
        expected="an observation over every district in every month of the history",
        found=f"{count(len(blind), 'month')} with a district unseen: {listed}",
        hint="These district-months are treated as missing, not as dark.",
        observed={"unseen": blind},
    )


def _check_duplicates(stack: LightStack, counts: IntArray) -> CheckResult:
    by_hash: dict[str, list[str]] = {}
    for month, light, seen in zip(stack.months, stack.radiance, counts, strict=True):
        if seen > 0:
            by_hash.setdefault(hash_pixels(light), []).append(str(month))
    twins = [months for months in by_hash.values() if len(months) > 1]
    return verdict(
        "light.duplicate_months",
        not twins,
        required=True,
        subject=_span(stack),
        expected="different pixels in different months",
        found=f"identical pixels in {name_some(' = '.join(t) for t in twins)}" if twins else "no two months alike",
        hint="One file was saved under two names: fetch these months again.",
        observed={"identical": twins},
    )


def _check_regimes(stack: LightStack) -> CheckResult:
    known = [(m, r) for m, r in zip(stack.months, stack.regimes, strict=True) if r]
    breaks = [(str(m), a, b) for (_, a), (m, b) in itertools.pairwise(known) if a != b]
    return verdict(
        "light.regimes",
        not breaks,
        required=False,
        subject=_span(stack),
        expected="one satellite, collection and processing throughout",
        found=name_some(f"{m}: {a} → {b}" for m, a, b in breaks) if breaks else (known[0][1] if known else "no light"),
        hint="Levels before and after are not comparable as they stand; the break is recorded with the release.",
        observed={"breaks": [list(b) for b in breaks]},
    )


def count_seen(seen: BoolArray, owner: IntArray, n_areas: int) -> IntArray:
    """(month, district) number of seen pixels; `seen` is (month, y, x) bool, `owner` (y, x) index or −1."""
    inside = owner >= 0
    labels = owner[inside].astype(np.intp)
    rows = [np.bincount(labels[s[inside]], minlength=n_areas) for s in seen]
    return np.stack(rows) if rows else np.zeros((0, n_areas), dtype=np.int64)


def hash_pixels(light: FloatArray) -> str:
    """SHA-256 of a month's pixels (y, x), every NaN counted alike whatever its bit pattern."""
    seen = np.isfinite(light)
    digest = hashlib.sha256(np.packbits(seen).tobytes())
    digest.update(np.ascontiguousarray(light[seen], dtype=np.float32).tobytes())
    return digest.hexdigest()


def _span(stack: LightStack) -> str:
    return f"light {stack.months[0]}..{stack.months[-1]}" if stack.months else "light"
