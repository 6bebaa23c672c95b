"""Publishes a range of months as a Prefect flow. Idempotent: a month that stands is found done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import flow

from flows.access import with_access
from flows.stages import run_stages
from gvio.pipeline.backfill import backfill
from gvio.pipeline.job import Job, StageReport, make_job
from gvio.types import Month

if TYPE_CHECKING:
    from gvio.types import Progress


@flow(name="gvio-backfill", persist_result=False)
def backfill_months(
    pack: str,
    store: str,
    workspace: str,
    first: str,
    last: str,
    single_release: bool = False,
    as_of: str | None = None,
    params_file: str | None = None,
    endpoint_url: str | None = None,
    tracking_uri: str | None = None,
) -> list[StageReport]:
    """Publish `first`..`last` (YYYY-MM): one release a month, or one for all with `single_release`."""
    job = with_access(make_job(pack, store, workspace, None, as_of, params_file, endpoint_url, tracking_uri))

    def whole_range(job: Job, progress: Progress | None) -> StageReport:
        return backfill(job, Month.parse(first), Month.parse(last), single_release, progress)

    return run_stages(job, [("backfill", whole_range)])
