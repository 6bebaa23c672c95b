"""Train, score, and promote or keep: the monthly flow without map and publication."""

from __future__ import annotations

from prefect import flow

from flows.access import with_access
from flows.stages import run_stages
from gvio.pipeline.job import StageReport, make_job
from gvio.pipeline.stages import STAGES

_LAST = "evaluate"


@flow(name="gvio-retrain", persist_result=False)
def retrain(
    pack: str,
    store: str,
    workspace: str,
    month: str | None = None,
    as_of: str | None = None,
    params_file: str | None = None,
    endpoint_url: str | None = None,
    tracking_uri: str | None = None,
) -> list[StageReport]:
    """Bring the registry's champion up to `month` as known on `as_of`; whether from scratch is the pipeline's rule."""
    job = with_access(make_job(pack, store, workspace, month, as_of, params_file, endpoint_url, tracking_uri))
    names = [name for name, _ in STAGES]
    return run_stages(job, STAGES[: names.index(_LAST) + 1])
