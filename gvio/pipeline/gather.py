"""The region's light, wherever it comes from: list, bring what is new, open, and let a fallback fill what is absent."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gvio.archives.archive import RemoteFile
from gvio.archives.manifest import read_manifest
from gvio.errors import UpstreamUnavailable
from gvio.pipeline.job import Job
from gvio.pipeline.places import Place, places_of, widened
from gvio.sources.bridge import Plan, bridge, plan_months, too_few
from gvio.sources.files import ProductFile
from gvio.sources.folder import open_files, recognise_files
from gvio.sources.notes import archive_silent, could_not_stand_in, file_lost, stood_in
from gvio.types import CheckResult, LightStack, Month, Progress, month_range


@dataclasses.dataclass(frozen=True)
class Gathered:
    """Light up to the run's month, warnings about it, and one entry for every other product that stands in."""

    stack: LightStack
    notes: tuple[CheckResult, ...]
    switches: tuple[dict[str, Any], ...]


@dataclasses.dataclass(frozen=True)
class _Listed:
    place: Place
    files: tuple[RemoteFile, ...]
    named: tuple[ProductFile, ...]  # what the names say, up to the newest month that may be used

    @property
    def months(self) -> set[Month]:
        return {file.month for file in self.files}


def gather_light(job: Job, progress: Progress | None = None) -> Gathered:
    """List, bring and open the light up to the job's month; by default the newest that was complete on its day.

    Raises:
        UpstreamUnavailable: The source has no product of the month, or does not answer.
        ProductError: A file is damaged or off the grid, or a fallback cannot be compared.
        ConfigError: A source that cannot be read, or credentials that are wrong or absent.
        StoreError: A source under `s3://` cannot be read.
    """
    cutoff, notes = _cutoff(job), list[CheckResult]()
    first, *others = places_of(job)
    main = _list(job, first, cutoff, notes)
    chosen = _plans(job, main, others, cutoff, notes)
    last = _last(job, main.months | {gap for plan, _ in chosen for gap in plan.gaps}, cutoff)
    stack = _open_main(job, main, last, bool(chosen), notes, progress)
    switches = []
    for plan, other in chosen:
        check, stack = _stand_in(job, stack, plan, other, notes, progress)
        notes.append(check)
        switches.append(dict(check.observed))
    return Gathered(stack, tuple(notes), tuple(switches))


def _cutoff(job: Job) -> Month:
    """The month asked for; else the newest that was complete on the job's day.

    Raises:
        UpstreamUnavailable: None was.
    """
    if job.month is not None:
        return job.month
    cutoff = Month(job.as_of.year, job.as_of.month) + -1
    if cutoff < job.config.start:
        what = f"no month was complete on {job.as_of}"
        raise UpstreamUnavailable(what, where=job.region, hint="Choose a later --as-of.")
    return cutoff


def _list(job: Job, place: Place, cutoff: Month, notes: list[CheckResult]) -> _Listed:
    """What the place has; an official archive that does not answer may have been asked before."""
    try:
        files = place.listed(job.config.start, cutoff)
    except UpstreamUnavailable as error:
        files = _fetched_before(job, place)
        if not files:
            raise
        notes.append(archive_silent(place.archive.name, cutoff, str(error)))
    named = recognise_files([Path(file.name) for file in files if file.month <= cutoff], place.product)
    return _Listed(place, tuple(files), tuple(named))


def _fetched_before(job: Job, place: Place) -> list[RemoteFile]:
    """Records as if they were listed, when they reach the month asked for: without one, newer ones may be missed."""
    if place.span is not None or job.month is None:
        return []
    known = [f for f in read_manifest(place.folder).values() if not f.superseded]
    files = [RemoteFile(f.name, Month.parse(f.month), f.url) for f in known]
    return files if job.month in {file.month for file in files} else []


def _plans(
    job: Job, main: _Listed, others: Sequence[Place], cutoff: Month, notes: list[CheckResult]
) -> list[tuple[Plan, _Listed]]:
    """Which months are taken from which fallback; nothing is asked of one that is not needed.

    Raises:
        ProductError: The month asked for is only in a fallback that cannot be compared.
    """
    lacking = set(month_range(job.config.start, cutoff)) - main.months
    chosen: list[tuple[Plan, _Listed]] = []
    for place in others if main.named else ():
        if not lacking:
            break
        other = _list(job, place, cutoff, notes)
        for plan in plan_months(main.named, other.named):
            needed = dataclasses.replace(plan, gaps=tuple(gap for gap in plan.gaps if gap in lacking))
            if needed.gaps and needed.usable:
                chosen.append((needed, other))
                lacking -= set(needed.gaps)
            elif needed.gaps:
                if job.month in needed.gaps:
                    raise too_few(needed)
                notes.append(could_not_stand_in(needed))
    return chosen


def _last(job: Job, available: set[Month], cutoff: Month) -> Month:
    if job.month is None and not available:
        hint = "Wait for the provider, or correct first_month and bounds in region.yaml."
        raise UpstreamUnavailable(f"no product from {job.config.start} to {cutoff}", where=job.region, hint=hint)
    return job.month or min(max(available), cutoff)


def _open_main(
    job: Job, main: _Listed, last: Month, helped: bool, notes: list[CheckResult], progress: Progress | None
) -> LightStack:
    """The product's own months, up to `last`, or to its newest where a fallback has the rest."""
    files = _bring(main.place, main.files, last, notes, progress)
    if not files:
        hint = "Wait for the provider, or ask for another month."
        raise UpstreamUnavailable(
            f"no product from {job.config.start} to {last}", where=str(main.place.folder), hint=hint
        )
    newest = max((f.month for f in files if f.month <= last), default=last) if helped else last
    product, where = main.place.product, str(main.place.folder)
    stack, found = open_files(files, product, job.config.bounds, job.config.start, newest, where, progress)
    notes += found
    return stack


def _bring(
    place: Place, listed: Sequence[RemoteFile], last: Month, notes: list[CheckResult], progress: Progress | None
) -> list[ProductFile]:
    brought = place.bring(listed, progress)
    for file, error in brought.lost.items():
        if file.month == last:
            raise error
        notes.append(file_lost(place.archive.name, file.name, file.month, str(error)))
    return recognise_files(brought.paths, place.product)


def _stand_in(
    job: Job, stack: LightStack, plan: Plan, other: _Listed, notes: list[CheckResult], progress: Progress | None
) -> tuple[CheckResult, LightStack]:
    """Fill the plan's gaps; of the other product only the months of the plan are brought."""
    wanted = {*plan.gaps, *plan.common}
    listed = [file for file in other.files if file.month in wanted]
    files = [f for f in _bring(other.place, listed, max(plan.gaps), notes, progress) if f.month in wanted]
    have = {file.month for file in files}
    plan = dataclasses.replace(
        plan, gaps=tuple(m for m in plan.gaps if m in have), common=tuple(m for m in plan.common if m in have)
    )
    bounds, where = widened(job.config.bounds), str(other.place.folder)
    light, found = open_files(files, other.place.product, bounds, min(have), max(have), where, progress)
    notes += found
    merged, calibration = bridge(stack, light, plan)
    return stood_in(plan, calibration), merged
