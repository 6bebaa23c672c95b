"""The monthly job of one region as a Prefect flow: every stage of the pipeline, in order."""

from __future__ import annotations

from prefect import flow

from flows.access import with_access
from flows.stages import run_stages
from gvio.pipeline.job import StageReport, make_job
from gvio.pipeline.stages import STAGES


@flow(name="gvio-monthly", persist_result=False)
def monthly(
    pack: str,
    store: str,
    workspace: str,
    month: str | None = None,
    as_of: str | None = None,
    params_file: str | None = None,
    endpoint_url: str | None = None,
    tracking_uri: str | None = None,
) -> list[StageReport]:
    """Publish `month` (YYYY-MM; the newest with a product when None) as known on `as_of` (YYYY-MM-DD)."""
    job = with_access(make_job(pack, store, workspace, month, as_of, params_file, endpoint_url, tracking_uri))
    return run_stages(job, STAGES)
