"""A sign of life after every look, for anybody's monitor: a file is touched, or an address is asked."""

from __future__ import annotations

import contextlib
import http.client
import logging
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

_TIMEOUT_S = 10.0
_log = logging.getLogger("gvio.run")


def beat(target: str) -> None:
    """Touch the file, or GET the address; a failure is one line of warning, and never the run's.

    Args:
        target: A path, or an `https://` (or `http://`) address.
    """
    with only_warned_of(target, "the heartbeat failed"):
        if is_address(target):
            ask(target)
            return
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


@contextlib.contextmanager
def only_warned_of(target: str, failure: str) -> Iterator[None]:
    """Where a file or an address of somebody's monitor fails inside: one line of warning, because the run is done."""
    try:
        yield
    except (OSError, ValueError, http.client.HTTPException) as error:  # HTTPError and timeouts are OSErrors
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        _log.warning("%s: %s (%s); the run itself is done", shown(target), failure, why)


def ask(address: str, document: bytes | None = None) -> None:
    """GET an address, or POST a JSON document to it; the answer is not read.

    Raises:
        OSError, ValueError, http.client.HTTPException: It does not answer, or with a failure.
    """
    headers = {"User-Agent": "gvio"} | ({} if document is None else {"Content-Type": "application/json"})
    request = urllib.request.Request(address, data=document, headers=headers)
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S):
        return


def is_address(target: str) -> bool:
    """Whether it is an address and not a file."""
    return target.startswith(("https://", "http://"))


def shown(target: str) -> str:
    """The target as a message may show it: of an address only the host, because the rest is often a secret."""
    parts = urllib.parse.urlsplit(target)
    return f"{parts.scheme}://{parts.hostname}/…" if is_address(target) else target
