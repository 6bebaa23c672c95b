"""Lets flows run where no Prefect server is configured: a temporary one, patient, with its state in the workspace."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    temporary_settings,
)

PATIENCE_S = 120  # a new database takes Prefect 18 s on two idle cores, and it gives up after 20


@contextlib.contextmanager
def temporary_server(workspace: str) -> Iterator[None]:
    """Flows called inside use the server `PREFECT_API_URL` names, else a temporary one kept in `workspace/prefect`."""
    if PREFECT_API_URL.value():
        yield
        return
    home = Path(workspace, "prefect").resolve()
    home.mkdir(parents=True, exist_ok=True)
    settings = {
        PREFECT_HOME: home,
        PREFECT_SERVER_ANALYTICS_ENABLED: False,
        PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: PATIENCE_S,
    }
    with temporary_settings(settings):
        yield
