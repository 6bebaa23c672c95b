"""The monthly run over a range of months: the same run, month after month, under one hold of the region."""

from __future__ import annotations

from collections.abc import Callable

from gvio.errors import ConfigError, InputRefused, UpstreamUnavailable
from gvio.run.context import Context
from gvio.run.executor import Executor, in_process
from gvio.run.order import Stages, region_held, run_month_held
from gvio.run.report import RangeReport
from gvio.run.request import RangeRequest, RunRequest
from gvio.types import Month, Progress, month_range

Open = Callable[[RunRequest], Context]
"""Makes the context of a request; the credentials are the maker's."""


def run_range(
    request: RangeRequest, open_: Open, stages: Stages, do: Executor = in_process, progress: Progress | None = None
) -> RangeReport:
    """Publish every month of the range: one release a month, or all grids in one release of the last month.

    A month that is refused, or that the source does not have, is skipped and named; the others go on.

    Raises:
        ConfigError: The range is empty.
        InputRefused: No month was published, and one was refused.
        UpstreamUnavailable: No month was published: the source has none of them.
        RunHeld: Another run holds the region.
    """
    first, last = Month.parse(request.first), Month.parse(request.last)
    months = list(month_range(first, last))
    if not months:
        raise ConfigError(f"the range {first}..{last} is empty", where="--from/--to", hint="Swap the two months.")
    asked = [request.of_month(last, tuple(months))] if request.single_release else [*map(request.of_month, months)]
    releases, refused, absent = list[str](), dict[str, str](), dict[str, str]()
    contexts = [open_(one) for one in asked]  # all of them first: a wrong month must not be noticed in the middle
    with region_held(contexts[0]):
        for done, context in enumerate(contexts, start=1):
            month = str(context.month)
            try:
                releases.append(run_month_held(context, stages, do).release)
            except InputRefused as error:
                refused[month] = str(error)
            except UpstreamUnavailable as error:
                absent[month] = str(error)
            if progress is not None:
                progress("backfill", done, len(contexts))
    if not releases:
        _refuse(refused, absent)
    return RangeReport(region=contexts[0].region, releases=tuple(releases), refused=refused, absent=absent)


def _refuse(refused: dict[str, str], absent: dict[str, str]) -> None:
    month, why = next(iter((refused or absent).items()))
    if refused:
        what = f"no month was published; {month} was refused: {why}"
        raise InputRefused(what, where="backfill", hint="Correct the input and run again.")
    what = f"no month was published; {month} is absent: {why}"
    raise UpstreamUnavailable(what, where="backfill", hint="Choose months that the source has.")
