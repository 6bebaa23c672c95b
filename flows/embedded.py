"""Lets flows run where no Prefect server is configured: a temporary one, patient, with its state in the workspace."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_ANALYTICS_ENABLED,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    temporary_settings,
)

from flows.own_server import ADDRESS, LOCK, taken
from gvio.errors import RunHeld
from gvio.files import held

PATIENCE_S = 120  # a new database takes Prefect 18 s on two idle cores, and it gives up after 20


@contextlib.contextmanager
def temporary_server(workspace: str) -> Iterator[None]:
    """Flows called inside use the server `PREFECT_API_URL` names, else a temporary one kept in `workspace/prefect`, or
    the one of a schedule that runs there.
    """
    if PREFECT_API_URL.value():
        yield
        return
    home = Path(workspace, "prefect").resolve()
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(held(home / LOCK, lambda: taken(home)))
        except RunHeld:  # a schedule has its server here: two on one database disturb each other
            stack.enter_context(temporary_settings({PREFECT_API_URL: (home / ADDRESS).read_text().strip()}))
        else:
            stack.enter_context(_ephemeral(home))
        yield


@contextlib.contextmanager
def _ephemeral(home: Path) -> Iterator[None]:
    settings = {
        PREFECT_HOME: home,
        PREFECT_SERVER_ANALYTICS_ENABLED: False,
        PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: PATIENCE_S,
    }
    with temporary_settings(settings), stopped_by_sigterm(_stop):
        yield


@contextlib.contextmanager
def stopped_by_sigterm(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` when SIGTERM ends the process inside, which Python would leave without any cleaning up.

    The process still dies of the signal. Where somebody else already handles it, or outside the main thread, nothing
    is changed.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, _frame: FrameType | None) -> None:
        stop()
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop() -> None:
    """Stop the server that Prefect started for this process, if it has."""
    from prefect.server.api.server import SubprocessASGIServer  # takes a second: only when it is needed

    SubprocessASGIServer().stop()
