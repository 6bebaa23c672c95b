"""Credentials of the archives for a flow: from the environment and `.netrc`, else from Prefect's Secret blocks.

Never flow parameters: Prefect keeps those in its database and shows them on its pages.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from prefect.blocks.system import Secret
from prefect.context import FlowRunContext
from pydantic import SecretStr

from gvio.archives.access import Credentials
from gvio.archives.environment import SECRETS, credentials_from, endpoints_from
from gvio.config import OFFICIAL
from gvio.run.context import Context, open_context
from gvio.run.request import RunRequest, revised, workers_asked
from gvio.types import Progress


def open_with_access(request: RunRequest, progress: Progress | None = None) -> Context:
    """The context of a request, with what it takes to reach the archives where its light comes from them.

    Servers and workers that the request does not name are those of the environment of whoever runs it, as for the
    command line; before that, workers are those of the flow's own task runner, where that is prefect-dask's.

    Raises:
        ConfigError: A variable of the environment is not valid; else as `open_context`.
    """
    environment = os.environ  # noqa: TID251
    login = {name: value for name, value in environment.items() if name.startswith("MLFLOW_TRACKING_")}
    servers = {
        "endpoint_url": request.endpoint_url or environment.get("AWS_ENDPOINT_URL"),
        "tracking_uri": request.tracking_uri or environment.get("MLFLOW_TRACKING_URI"),
    }
    asked = dict(request)
    if request.workers is None and request.cluster is None:
        asked["cluster"] = _cluster_of_run()
    request = revised(request, **servers, **workers_asked(asked, environment))
    context = open_context(request, progress=progress, registry_login=login)
    context = dataclasses.replace(context, notify=environment.get("GVIO_NOTIFY") or None)
    if context.config.ntl.source != OFFICIAL:
        return context
    given = credentials_from(environment, Path(environment.get("NETRC") or Path.home() / ".netrc"))
    return dataclasses.replace(context, credentials=_completed(given), endpoints=endpoints_from(environment))


def _cluster_of_run() -> str | None:
    """Address of the cluster that prefect-dask's task runner has, or makes, for this flow run."""
    run = FlowRunContext.get()
    runner: Any = None if run is None else run.task_runner
    if type(runner).__module__.partition(".")[0] != "prefect_dask":
        return None
    return str(runner.client.scheduler_info()["address"])


def block_name(field: str) -> str:
    """Name of the Secret block of a credential: earthdata_token → gvio-earthdata-token."""
    return f"gvio-{field.replace('_', '-')}"


def _completed(given: Credentials) -> Credentials:
    """Blocks for what the environment does not name."""
    missing = [field for field in SECRETS if getattr(given, field) is None]
    found = {field: secret for field in missing if (secret := _block(block_name(field))) is not None}
    return given.model_copy(update=found)


def _block(name: str) -> SecretStr | None:
    load: Any = Secret.load  # its type does not know that it can be told to wait
    try:
        block = load(name, _sync=True)
    except ValueError:  # Prefect's word for a block that does not exist
        return None
    return SecretStr(str(block.get()))
