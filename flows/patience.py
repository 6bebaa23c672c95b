"""What Prefect shows is never worth a month: a server that is gone costs a line in the log, and not the run."""

from __future__ import annotations

import contextlib
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

from prefect.exceptions import MissingContextError
from prefect.logging import get_logger, get_run_logger
from prefect.settings import PREFECT_API_URL

from gvio.errors import GvioError

SERVER_PATIENCE_S = 1800.0
_POLL_S = 5.0
_ASK_S = 10.0


def logger_of_run() -> logging.Logger | logging.LoggerAdapter[logging.Logger]:
    """The logger whose lines Prefect shows with the run; outside a run one that nobody keeps."""
    try:
        return get_run_logger()
    except MissingContextError:
        return get_logger("gvio")


@contextlib.contextmanager
def best_effort(what: str) -> Iterator[None]:
    """Do something at the Prefect server; where it fails, say so in the log and go on. Our own errors pass."""
    try:
        yield
    except GvioError:
        raise
    except Exception as error:
        logger_of_run().warning("Prefect could not be told of %s: %s", what, error)


def await_server(patience_s: float = SERVER_PATIENCE_S) -> None:
    """Wait until the configured server answers again, so that what has been done can be told; not for ever."""
    url = PREFECT_API_URL.value()
    deadline = time.monotonic() + patience_s
    while url and not answers(str(url)) and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def answers(url: str) -> bool:
    """Whether a Prefect server answers under this address."""
    return silence_of(url) is None


def silence_of(url: str) -> Exception | None:
    """Why no Prefect server answers under this address; None where one does, if only to ask for a key."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=_ASK_S):
            return None
    except urllib.error.HTTPError as answer:
        answer.close()
        return None
    except (OSError, ValueError) as error:
        return error
