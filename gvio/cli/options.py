"""Flags that several commands share, and the one place that reads the environment."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gvio.errors import ConfigError
from gvio.loopback import direct_loopback

if TYPE_CHECKING:
    from gvio.run.context import Context
    from gvio.run.request import RangeRequest, RunRequest
    from gvio.store.objects import ObjectStore

F = TypeVar("F", bound=Callable[..., Any])

# Set before any library is imported; a user's own value stands.
_QUIET = {
    "DO_NOT_TRACK": "true",
    "DVC_NO_ANALYTICS": "1",
    "ITERATIVE_DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "OMP_NUM_THREADS": "1",  # folds run side by side in threads; see gvio.stages.workers
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}


def be_quiet() -> None:
    """Switch the libraries' telemetry and chatter off, for this process and its children; loopback needs no proxy."""
    os.environ.update(direct_loopback(os.environ))
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    if "AWS_ENDPOINT_URL" in os.environ:  # a server of one's own: do not ask the cloud's metadata address for keys
        os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")


def open_reading(url: str) -> ObjectStore:
    """A store to be read, at the server and with the credentials of the environment; see `open_to_read`."""
    from gvio.store.objects import asks_for_nobody, open_to_read

    return open_to_read(url, os.environ.get("AWS_ENDPOINT_URL"), anonymous=asks_for_nobody(os.environ))


def show_runs() -> None:
    """Let Prefect keep the lines of a run, which its pages show; its own chatter stays off."""
    for kind in ("FLOW", "TASK"):
        os.environ.setdefault(f"PREFECT_LOGGING_LOGGERS_PREFECT_{kind}_RUNS_LEVEL", "INFO")


def _not_empty(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    if given == "":  # a variable of the shell that is not set
        raise ConfigError("is empty", where="--store", hint="Give a folder or an s3:// address, or leave it out.")
    return given


def request_options(*, store_required: bool = False) -> Callable[[F], F]:
    """--region, --store, --workspace, --month, --as-of, --params."""
    options = [
        click.option(
            "--region", "pack", required=True, metavar="PACK", help="Region pack: folder or s3://bucket/prefix."
        ),
        click.option(
            "--store",
            required=store_required,
            metavar="URL",
            callback=_not_empty,
            help="Folder, file:// or s3://bucket/prefix of releases.",
        ),
        click.option("--workspace", default=".gvio", show_default=True, metavar="DIR", help="Files of the work."),
        click.option("--month", metavar="YYYY-MM", help="Month to publish; default: the newest with a product."),
        click.option("--as-of", metavar="YYYY-MM-DD", help="Hide statistics published later; default: today."),
        click.option("--params", "params_file", metavar="FILE", help="Scientific parameters; default: built in."),
    ]

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def heartbeat_option(command: F) -> F:
    """--heartbeat: where a sign of life goes after every look."""
    text = "File to touch or https address to ask after every look, whatever its outcome; else GVIO_HEARTBEAT."
    return click.option("--heartbeat", metavar="FILE_OR_URL", help=text)(command)


def approval_option(command: F) -> F:
    """--approval: whether a person promotes candidates."""
    text = "Who promotes a candidate that passed the gate; default: GVIO_APPROVAL, else the rule."
    return click.option("--approval", type=click.Choice(["rule", "hand"]), help=text)(command)


def workers_options(command: F) -> F:
    """--workers, --worker-memory, --cluster: who does folds, members and images."""
    workers = "Processes of this machine that share the work; 1: in turn. Default: GVIO_WORKERS, else threads."
    memory = "Memory limit of each process, as 2GB. Default: GVIO_WORKER_MEMORY, else an equal share."
    cluster = "Dask cluster that runs already, instead of --workers. Default: GVIO_CLUSTER, else none."
    command = click.option("--cluster", metavar="tcp://HOST:PORT", help=cluster)(command)
    command = click.option("--worker-memory", metavar="SIZE", help=memory)(command)
    return click.option("--workers", type=int, metavar="N", help=workers)(command)


def request_from(**flags: Any) -> RunRequest:
    """The request that flags and environment describe.

    Raises:
        ConfigError: A month or a day is not valid.
    """
    from gvio.run.request import make_request

    return make_request(**_with_servers(flags))


def range_from(**flags: Any) -> RangeRequest:
    """As `request_from`, for a range of months."""
    from gvio.run.request import make_range

    return make_range(**_with_servers(flags))


def open_from(request: RunRequest) -> Context:
    """The context of a request, with the archives' credentials and addresses of the environment."""
    from gvio.archives.environment import credentials_from, endpoints_from
    from gvio.progress import terminal_progress
    from gvio.run.context import open_context

    credentials = credentials_from(os.environ, netrc_file())
    login = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_TRACKING_")}
    context = open_context(request, credentials, endpoints_from(os.environ), terminal_progress(), login)
    return dataclasses.replace(context, notify=os.environ.get("GVIO_NOTIFY") or None)


def _with_servers(flags: dict[str, Any]) -> dict[str, Any]:
    from gvio.run.request import workers_asked

    store = flags.get("store") or str(Path(flags["workspace"]) / "store")
    endpoint, tracking = os.environ.get("AWS_ENDPOINT_URL"), os.environ.get("MLFLOW_TRACKING_URI")
    heartbeat = flags.get("heartbeat") or os.environ.get("GVIO_HEARTBEAT") or None
    approval = flags.get("approval") or os.environ.get("GVIO_APPROVAL") or "rule"
    servers = {"store": store, "endpoint_url": endpoint, "tracking_uri": tracking, "heartbeat": heartbeat}
    servers |= {"approval": approval}
    return {**flags, **servers, **workers_asked(flags, os.environ)}


def netrc_file() -> Path:
    """Where a user's `.netrc` is, whether it exists or not."""
    return Path(os.environ.get("NETRC") or Path.home() / ".netrc")
