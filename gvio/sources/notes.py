"""What a run says about light that did not come as it was asked for: warnings of the release."""

from __future__ import annotations

from gvio.sources.bridge import MIN_COMMON, Calibration, Plan
from gvio.types import CheckResult, Month, Switch


def stood_in(plan: Plan, found: Calibration) -> CheckResult:
    """Another product's months were taken, and how far they can be trusted."""
    main, other = plan.products
    months, common = [str(m) for m in plan.gaps], found.months
    message = (
        f"{_named(months)} of {other} stand in for {main} ({'/'.join(plan.regime)}): radiance = {found.offset:.3g} + "
        f"{found.gain:.3g} × theirs, from {len(common)} months both have ({common[0]}..{common[-1]}); it leaves "
        f"{found.pixel_error:.0%} at a pixel and {found.month_error:.1%} over a month; they are replaced when {main} "
        "has them"
    )
    observed = switch(plan, found).as_document()
    return CheckResult("light.fallback", False, False, f"{other} {months[0]}..{months[-1]}", message, observed)


def switch(plan: Plan, found: Calibration) -> Switch:
    """The same as a value, for manifests."""
    return Switch(
        main=plan.products[0],
        product=plan.products[1],
        processing="/".join(plan.regime),
        months=tuple(str(m) for m in plan.gaps),
        gain=round(found.gain, 6),
        offset=round(found.offset, 6),
        pixel_error=round(found.pixel_error, 4),
        month_error=round(found.month_error, 4),
        common_months=tuple(str(m) for m in found.months),
    )


def could_not_stand_in(plan: Plan) -> CheckResult:
    """Another product has the months, but its level cannot be compared."""
    main, other = plan.products
    months = [str(m) for m in plan.gaps]
    message = (
        f"{_named(months)} of {main} stay without light: {other} has them, but only {len(plan.common)} months with "
        f"their processing {'/'.join(plan.regime)} are in both, and {MIN_COMMON} are needed to compare levels"
    )
    observed = {"months": months, "common_months": [str(m) for m in plan.common]}
    return CheckResult("light.fallback_unused", False, False, f"{other} {months[0]}..{months[-1]}", message, observed)


def archive_silent(archive: str, month: Month, why: str) -> CheckResult:
    """The archive did not answer; the run went on with what was fetched before."""
    message = f"{archive} did not answer; used the files of {month} and before that were fetched earlier ({why})"
    return CheckResult("light.archive_answers", False, False, archive, message)


def file_lost(archive: str, name: str, month: Month, why: str) -> CheckResult:
    """The archive lists a file of the history that it does not have, or has damaged."""
    message = f"{name} of {month} could not be had from {archive} and is missing: {why}"
    return CheckResult("light.files_whole", False, False, name, message, {"month": str(month)})


def _named(months: list[str]) -> str:
    count = f"{len(months)} months" if len(months) > 1 else "1 month"
    more = ", …" if len(months) > 3 else ""
    return f"{count} ({', '.join(months[:3])}{more})"
