"""The schedule of `gvio serve`: one look a day; of the looks missed in a downtime only the newest does the work."""

from __future__ import annotations

import datetime as dt

from prefect import flow, runtime
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.types.entrypoint import EntrypointType

from flows.monthly import monthly
from flows.server import scheduling_server

DAILY_AT_SIX = "0 6 * * *"
_PERIOD = dt.timedelta(days=1)


@flow(name="gvio-daily-look", persist_result=False)
def daily_look(
    pack: str,
    store: str,
    workspace: str,
    params_file: str | None,
    endpoint_url: str | None,
    tracking_uri: str | None = None,
) -> str:
    """Run the monthly job for the newest month; it finds by itself whether a product or a figure is new."""
    if is_superseded(runtime.flow_run.scheduled_start_time, dt.datetime.now(dt.UTC)):
        return "superseded by a newer look"
    reports = monthly(
        pack, store, workspace, params_file=params_file, endpoint_url=endpoint_url, tracking_uri=tracking_uri
    )
    return ", ".join(f"{report.stage}: {report.outcome}" for report in reports)


def is_superseded(scheduled: dt.datetime, now: dt.datetime) -> bool:
    """Whether a newer daily look than the one scheduled at `scheduled` is already due."""
    return now - scheduled >= _PERIOD


def serve_daily(
    pack: str,
    store: str,
    workspace: str,
    params_file: str | None = None,
    endpoint_url: str | None = None,
    tracking_uri: str | None = None,
    cron: str = DAILY_AT_SIX,
) -> None:
    """Look once a day until interrupted. Uses the server `PREFECT_API_URL` names, else one of its own.

    Raises:
        UpstreamUnavailable: The server does not come up.
    """
    with scheduling_server(workspace):
        daily_look.serve(
            name=f"{pack} to {store}".replace("/", "∕"),  # a slash is not allowed in a deployment's name
            cron=cron,
            parameters={
                "pack": pack,
                "store": store,
                "workspace": workspace,
                "params_file": params_file,
                "endpoint_url": endpoint_url,
                "tracking_uri": tracking_uri,
            },
            global_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
            pause_on_shutdown=False,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
