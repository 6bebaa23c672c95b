"""The schedule of `gvio serve`: one look a day; of the looks missed in a downtime only the newest does the work."""

from __future__ import annotations

import datetime as dt

from prefect import flow, runtime
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.types.entrypoint import EntrypointType

from flows.monthly import monthly
from flows.server import scheduling_server
from gvio.run.request import RunRequest

DAILY_AT_SIX = "0 6 * * *"
_PERIOD = dt.timedelta(days=1)


@flow(name="gvio-daily-look", persist_result=False)
def daily_look(request: RunRequest) -> str:
    """Run the newest month; the run finds by itself whether a product or a figure is new."""
    if is_superseded(runtime.flow_run.scheduled_start_time, dt.datetime.now(dt.UTC)):
        return "superseded by a newer look"
    report = monthly(request)
    return f"{report.outcome}: {report.month}, release {report.release}"


def is_superseded(scheduled: dt.datetime, now: dt.datetime) -> bool:
    """Whether a newer daily look than the one scheduled at `scheduled` is already due."""
    return now - scheduled >= _PERIOD


def serve_daily(request: RunRequest, cron: str = DAILY_AT_SIX) -> None:
    """Look once a day until interrupted. Uses the server `PREFECT_API_URL` names, else one of its own.

    Raises:
        UpstreamUnavailable: The server does not come up.
    """
    with scheduling_server(request.workspace):
        daily_look.serve(
            name=f"{request.pack} to {request.store}".replace("/", "∕"),  # no slash is allowed in a deployment's name
            cron=cron,
            parameters={"request": request.model_dump(mode="json")},
            global_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
            pause_on_shutdown=False,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
