"""Checks of the month that is to be mapped: seen at all, seen where the factories are, seen in every district.

Finiteness and coverage come first, because a NaN passes every comparison. The history is in `series`, values
in `levels`; `check_light` is the door to all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gvio.config import ValidateParams
from gvio.types import BoolArray, CheckResult, IntArray, LightStack, Month
from gvio.validate.levels import check_levels
from gvio.validate.series import check_series, count_seen
from gvio.validate.verdicts import name_some, verdict


def check_light(
    stack: LightStack,
    target: Month,
    owner: IntArray,
    footprint_pixels: BoolArray,
    area_ids: Sequence[str],
    params: ValidateParams,
) -> list[CheckResult]:
    """Every array check, the decisive ones first.

    Args:
        stack: Months of radiance (month, y, x), nW cm⁻² sr⁻¹, NaN where nothing was observed.
        target: The month that is to be mapped.
        owner: (y, x) int, index into `area_ids`, −1 outside every district.
        footprint_pixels: (y, x) bool, pixels that carry factories.
        area_ids: District ids in the order of `owner`'s indices.
        params: Thresholds.
    """
    results = check_target(stack, target, owner, footprint_pixels, area_ids, params)
    results += check_series(stack, target, owner, area_ids, params)
    return results + check_levels(stack, footprint_pixels, params)


def check_target(
    stack: LightStack,
    target: Month,
    owner: IntArray,
    footprint_pixels: BoolArray,
    area_ids: Sequence[str],
    params: ValidateParams,
) -> list[CheckResult]:
    """Checks of the target month; arguments as for `check_light`. A month outside the stack counts as unseen."""
    index = stack.months.index(target) if target in stack.months else None
    seen = np.isfinite(stack.radiance[index]) if index is not None else np.zeros(owner.shape, dtype=bool)
    return [
        _check_seen(seen, target),
        _check_coverage(seen, target, footprint_pixels, params),
        _check_districts(seen, target, owner, area_ids),
        _check_district_factories(seen, target, owner, footprint_pixels, area_ids),
    ]


def _check_seen(seen: BoolArray, target: Month) -> CheckResult:
    count = int(seen.sum())
    return verdict(
        "light.target_seen",
        count > 0,
        required=True,
        subject=str(target),
        expected="pixels with an observation in the target month",
        found=f"{count} of {seen.size}",
        hint="The product holds no observation: fetch it again, or wait for the provider to reissue the month.",
        observed={"seen_pixels": count, "pixels": int(seen.size)},
    )


def _check_coverage(seen: BoolArray, target: Month, footprint: BoolArray, params: ValidateParams) -> CheckResult:
    n = int(footprint.sum())
    share = float(seen[footprint].mean()) if n else 0.0
    return verdict(
        "light.coverage",
        share >= params.min_coverage,
        required=True,
        subject=str(target),
        expected=f"at least {params.min_coverage:.0%} of the factory pixels seen",
        found=f"{share:.1%} of {n}",
        hint="Where light.tiles says that files do not reach over the region, download them; otherwise too cloudy or "
        "too little sky: wait for a reissued month or use a product with more observations.",
        observed={"seen_share": share, "factory_pixels": n, "min_coverage": params.min_coverage},
    )


def _check_districts(seen: BoolArray, target: Month, owner: IntArray, area_ids: Sequence[str]) -> CheckResult:
    counts = count_seen(seen[np.newaxis], owner, len(area_ids))[0]
    unseen = [a for a, n in zip(area_ids, counts, strict=True) if n == 0]
    return verdict(
        "light.district_coverage",
        not unseen,
        required=True,
        subject=str(target),
        expected="an observation over every district",
        found=f"nothing seen over {name_some(unseen)}" if unseen else f"all {len(area_ids)} districts seen",
        hint="A map would invent these districts: wait for a reissued month, or check bounds and district outlines.",
        observed={"unseen": unseen, "districts": len(area_ids)},
    )


def _check_district_factories(
    seen: BoolArray, target: Month, owner: IntArray, footprint: BoolArray, area_ids: Sequence[str]
) -> CheckResult:
    industry = np.where(footprint, owner, -1)
    total = np.bincount(industry[industry >= 0], minlength=len(area_ids))
    counts = count_seen(seen[np.newaxis], industry, len(area_ids))[0]
    blind = [a for a, n, m in zip(area_ids, counts, total, strict=True) if m > 0 and n == 0]
    return verdict(
        "light.district_factories",
        not blind,
        required=False,
        subject=str(target),
        expected="a factory pixel seen in every district that has factories",
        found=f"none seen in {name_some(blind)}" if blind else "one or more in each",
        hint="The estimate there rests on the rest of the city and on the past; read its interval.",
        observed={"blind": blind},
    )
