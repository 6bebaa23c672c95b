"""The region's light, wherever it comes from: list, bring what is new, open, and let a fallback fill what is absent."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.archives.archive import Bounds, RemoteFile
from gvio.archives.manifest import read_manifest
from gvio.errors import PackError, ProductAbsent, UpstreamUnavailable
from gvio.sources.bridge import Plan, bridge, plan_months, too_few
from gvio.sources.files import ProductFile
from gvio.sources.folder import open_files, recognise_files
from gvio.sources.notes import archive_silent, could_not_stand_in, file_lost, stood_in, switch
from gvio.sources.read_before import ReadBefore
from gvio.stages.light_sources import LightSource, light_sources, widened
from gvio.types import CheckResult, LightStack, Month, Progress, Switch, month_range

if TYPE_CHECKING:
    from gvio.run.context import Context


@dataclasses.dataclass(frozen=True)
class Gathered:
    """Light up to the run's month, warnings about it, and one entry for every other product that stands in."""

    stack: LightStack
    notes: tuple[CheckResult, ...]
    switches: tuple[Switch, ...]


@dataclasses.dataclass(frozen=True)
class _Listed:
    source: LightSource
    files: tuple[RemoteFile, ...]
    named: tuple[ProductFile, ...]  # what the names say, up to the newest month that may be used

    @property
    def months(self) -> set[Month]:
        return {file.month for file in self.files}


@dataclasses.dataclass(frozen=True)
class Survey:
    """What there is, before anything is brought or opened.

    Attributes:
        main: Files of the product itself.
        chosen: Which months are taken from which fallback.
        last: The month of the run.
        notes: Warnings about the listing.
    """

    main: _Listed
    chosen: tuple[tuple[Plan, _Listed], ...]
    last: Month
    notes: tuple[CheckResult, ...]

    @property
    def token(self) -> str:
        """Changes whenever a file up to the run's month appears, goes, or is written; costs one look at each name.

        Of files on this machine it knows size, time and inode, as git and make do; of remote ones what the archive
        lists. Equal tokens mean equal light; unequal ones that the files must be read to know.
        """
        listed = [self.main, *(other for _, other in self.chosen)]
        lines = [_seen(one.source, file) for one in listed for file in one.files if file.month <= self.last]
        text = "\n".join([str(self.last), *lines, *(note.message for note in self.notes)])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@functools.lru_cache(maxsize=1)  # a run looks first and then fetches: an archive is asked for its list once
def survey_light(context: Context) -> Survey:
    """List the light up to the month of the run; by default the newest that was complete on its day.

    Raises:
        UpstreamUnavailable: The source has no product of the month, or does not answer.
        ProductError: The month asked for is only in a fallback that cannot be compared.
        PackError: The month asked for is only in files with other names than the official ones.
        ConfigError: A source that cannot be read, or credentials that are wrong or absent.
        StoreError: A source under `s3://` cannot be read.
    """
    cutoff, notes = context.cutoff, list[CheckResult]()
    first, *others = light_sources(context)
    main = _list(context, first, cutoff, notes)
    chosen = _plans(context, main, others, cutoff, notes)
    available = main.months | {gap for plan, _ in chosen for gap in plan.gaps}
    _check_unread(context, available, notes)
    last = _last(context, available, cutoff)
    return Survey(main, tuple(chosen), last, tuple(notes))


def gather_light(context: Context, survey: Survey, before: ReadBefore | None = None) -> Gathered:
    """Bring and open what the survey found; of the product itself no month that `before` has read as it is now.

    Raises:
        UpstreamUnavailable: The source has no product of the month, or does not answer.
        ProductError: A file is damaged or off the grid, or a fallback cannot be compared.
        ConfigError: Credentials are wrong or absent.
        StoreError: A source under `s3://` cannot be read.
    """
    notes, progress = list(survey.notes), context.progress
    stack = _open_main(context, survey, before, notes, progress)
    switches = []
    for plan, other in survey.chosen:
        check, switch, stack = _stand_in(context, stack, plan, other, notes, progress)
        notes.append(check)
        switches.append(switch)
    return Gathered(stack, tuple(notes), tuple(switches))


def _seen(source: LightSource, file: RemoteFile) -> str:
    """What is known of a file without opening it."""
    listed = f"{source.product} {file.name} {file.size} {file.checksum} {file.etag}"
    path = Path(file.url)
    if not path.is_file():
        return listed
    stat = path.stat()
    return f"{listed} {path} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"


def _list(context: Context, source: LightSource, cutoff: Month, notes: list[CheckResult]) -> _Listed:
    """What the source has; an official archive that does not answer may have been asked before."""
    try:
        files = source.listed(context.config.start, cutoff)
    except UpstreamUnavailable as error:
        files = _fetched_before(context, source)
        if not files:
            raise
        notes.append(archive_silent(source.archive.name, cutoff, str(error)))
    notes += source.unread()
    named = recognise_files([Path(file.name) for file in files if file.month <= cutoff], source.product)
    return _Listed(source, tuple(files), tuple(named))


def _fetched_before(context: Context, source: LightSource) -> list[RemoteFile]:
    """Records as if they were listed, when they reach the month asked for: without one, newer ones may be missed."""
    if source.span is not None or context.month is None:
        return []
    known = [f for f in read_manifest(source.folder).values() if not f.superseded]
    files = [RemoteFile(f.name, Month.parse(f.month), f.url) for f in known]
    return files if context.month in {file.month for file in files} else []


def _plans(
    context: Context, main: _Listed, others: Sequence[LightSource], cutoff: Month, notes: list[CheckResult]
) -> list[tuple[Plan, _Listed]]:
    """Which months are taken from which fallback; nothing is asked of one that is not needed.

    Raises:
        ProductError: The month asked for is only in a fallback that cannot be compared.
    """
    lacking = set(month_range(context.config.start, cutoff)) - main.months
    chosen: list[tuple[Plan, _Listed]] = []
    for source in others if main.named else ():
        if not lacking:
            break
        other = _list(context, source, cutoff, notes)
        for plan in plan_months(main.named, other.named):
            needed = dataclasses.replace(plan, gaps=tuple(gap for gap in plan.gaps if gap in lacking))
            if needed.gaps and needed.usable:
                chosen.append((needed, other))
                lacking -= set(needed.gaps)
            elif needed.gaps:
                if context.month in needed.gaps:
                    raise too_few(needed)
                notes.append(could_not_stand_in(needed))
    return chosen


def _check_unread(context: Context, available: set[Month], notes: Sequence[CheckResult]) -> None:
    """The month asked for may be there under a name that is not read: waiting for it would not help."""
    for note in notes:
        if (
            note.name == "light.names"
            and context.month not in available
            and str(context.month) in note.observed["months"]
        ):
            raise PackError(f"no product for {context.month}, and {note.message}", where=note.subject)


def _last(context: Context, available: set[Month], cutoff: Month) -> Month:
    if context.month is None and not available:
        hint = "Wait for the provider, or correct first_month and bounds in region.yaml."
        raise ProductAbsent(f"no product from {context.config.start} to {cutoff}", where=context.region, hint=hint)
    return context.month or min(max(available), cutoff)


def _open_main(
    context: Context, survey: Survey, before: ReadBefore | None, notes: list[CheckResult], progress: Progress | None
) -> LightStack:
    """The product's own months, up to the last, or to its newest where a fallback has the rest."""
    main, last, helped = survey.main, survey.last, bool(survey.chosen)
    files = _bring(main.source, main.files, last, notes, progress)
    if not files:
        hint = "Wait for the provider, or ask for another month."
        raise ProductAbsent(
            f"no product from {context.config.start} to {last}", where=str(main.source.folder), hint=hint
        )
    newest = max((f.month for f in files if f.month <= last), default=last) if helped else last
    product, where = main.source.product, str(main.source.folder)
    config = context.config
    stack, found = open_files(files, product, config.bounds, config.start, newest, where, progress, before)
    notes += found
    return stack


def _bring(
    source: LightSource, listed: Sequence[RemoteFile], last: Month, notes: list[CheckResult], progress: Progress | None
) -> list[ProductFile]:
    brought = source.bring(listed, progress)
    for file, error in brought.lost.items():
        if file.month == last:
            raise error
        notes.append(file_lost(source.archive.name, file.name, file.month, str(error)))
    return recognise_files(brought.paths, source.product)


def _area(bounds: Bounds) -> float:
    west, south, east, north = bounds
    return (east - west) * (north - south)


def _stand_in(
    context: Context, stack: LightStack, plan: Plan, other: _Listed, notes: list[CheckResult], progress: Progress | None
) -> tuple[CheckResult, Switch, LightStack]:
    """Fill the plan's gaps; of the other product only the months of the plan are brought."""
    wanted = {*plan.gaps, *plan.common}
    listed = [file for file in other.files if file.month in wanted]
    files = [f for f in _bring(other.source, listed, max(plan.gaps), notes, progress) if f.month in wanted]
    have = {file.month for file in files}
    plan = dataclasses.replace(
        plan, gaps=tuple(m for m in plan.gaps if m in have), common=tuple(m for m in plan.common if m in have)
    )
    bounds, where = widened(context.config.bounds), str(other.source.folder)
    light, found = open_files(files, other.source.product, bounds, min(have), max(have), where, progress)
    margin = 1 - _area(context.config.bounds) / _area(bounds)  # nothing has to reach over it
    notes += [note for note in found if note.name != "light.tiles" or note.observed["share"] > margin]
    merged, calibration = bridge(stack, light, plan)
    return stood_in(plan, calibration), switch(plan, calibration), merged
