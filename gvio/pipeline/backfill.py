"""The monthly job over a range of months."""

from __future__ import annotations

import dataclasses

from gvio.errors import ConfigError, InputRefused
from gvio.pipeline.job import Job, StageReport
from gvio.pipeline.run import run_month
from gvio.types import Month, Progress, month_range


def backfill(
    job: Job, first: Month, last: Month, single_release: bool = False, progress: Progress | None = None
) -> StageReport:
    """Publish every month of the range: one release a month, or all grids in one release of the last month.

    A month that is refused is skipped and reported; the others go on.

    Raises:
        ConfigError: The range is empty.
        InputRefused: Every month was refused.
    """
    months = list(month_range(first, last))
    if not months:
        raise ConfigError(f"the range {first}..{last} is empty", where="--from/--to", hint="Swap the two months.")
    refused: dict[str, str] = {}
    releases = []
    for done, month in enumerate(months if not single_release else [last]):
        try:
            report = run_month(
                dataclasses.replace(job, month=month, also=tuple(months) if single_release else ()), None
            )
            releases.append(report.release)
        except InputRefused as error:
            refused[str(month)] = str(error)
        if progress is not None:
            progress("backfill", done + 1, len(months))
    if not releases:
        month_text, why = next(iter(refused.items()))
        hint = "Correct the input and run again."
        raise InputRefused(f"every month was refused; {month_text}: {why}", where="backfill", hint=hint)
    return StageReport("backfill", str(last), "done", {}, {"releases": releases, "refused": refused})
