"""Flags that several commands share, and the one place that reads the environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gvio.pipeline.job import Job

F = TypeVar("F", bound=Callable[..., Any])

# Set before any library is imported; a user's own value stands.
_QUIET = {
    "DO_NOT_TRACK": "true",
    "DVC_NO_ANALYTICS": "1",
    "ITERATIVE_DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "OMP_NUM_THREADS": "1",  # folds run side by side in threads; see gvio.pipeline.workers
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}


def be_quiet() -> None:
    """Switch the libraries' telemetry and chatter off, for this process and its children."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if "AWS_ENDPOINT_URL" in os.environ:  # a server of one's own: do not ask the cloud's metadata address for keys
        os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")


def job_options(*, store_required: bool = False) -> Callable[[F], F]:
    """--region, --store, --workspace, --month, --as-of, --params."""
    options = [
        click.option(
            "--region", "pack", required=True, metavar="PACK", help="Region pack: folder or s3://bucket/prefix."
        ),
        click.option(
            "--store", required=store_required, metavar="URL", help="Folder, file:// or s3://bucket/prefix of releases."
        ),
        click.option("--workspace", default=".gvio", show_default=True, metavar="DIR", help="Files of the work."),
        click.option("--month", metavar="YYYY-MM", help="Month to publish; default: the newest with a product."),
        click.option("--as-of", metavar="YYYY-MM-DD", help="Hide figures published later; default: today."),
        click.option("--params", "params_file", metavar="FILE", help="Scientific parameters; default: built in."),
    ]

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def job_from(
    pack: str,
    store: str | None,
    workspace: str,
    month: str | None,
    as_of: str | None,
    params_file: str | None,
    *,
    retrain: bool = False,
) -> Job:
    """The job that flags and environment describe: servers, and the archives' credentials and addresses."""
    from gvio.archives.environment import credentials_from, endpoints_from
    from gvio.pipeline.job import make_job
    from gvio.progress import terminal_progress

    return make_job(
        pack,
        store or str(Path(workspace) / "store"),
        workspace,
        month,
        as_of,
        params_file,
        endpoint_url=os.environ.get("AWS_ENDPOINT_URL"),
        tracking_uri=os.environ.get("MLFLOW_TRACKING_URI"),
        retrain=retrain,
        progress=terminal_progress(),
        credentials=credentials_from(os.environ, netrc_file()),
        endpoints=endpoints_from(os.environ),
    )


def netrc_file() -> Path:
    """Where a user's `.netrc` is, whether it exists or not."""
    return Path(os.environ.get("NETRC") or Path.home() / ".netrc")
