"""A sign of life after every look, for anybody's monitor: a file is touched, or an address is asked."""

from __future__ import annotations

import http.client
import logging
import urllib.parse
import urllib.request
from pathlib import Path

_TIMEOUT_S = 10.0
_log = logging.getLogger("gvio.run")


def beat(target: str) -> None:
    """Touch the file, or GET the address; a failure is one line of warning, and never the run's.

    Args:
        target: A path, or an `https://` (or `http://`) address.
    """
    try:
        if is_address(target):
            request = urllib.request.Request(target, headers={"User-Agent": "gvio"})
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S):
                return
        path = Path(target)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except (OSError, ValueError, http.client.HTTPException) as error:  # HTTPError and timeouts are OSErrors
        why = getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__
        _log.warning("%s: the heartbeat failed (%s); the run itself is done", shown(target), why)


def is_address(target: str) -> bool:
    """Whether it is an address and not a file."""
    return target.startswith(("https://", "http://"))


def shown(target: str) -> str:
    """The target as a message may show it: of an address only the host, because the rest is often a secret."""
    parts = urllib.parse.urlsplit(target)
    return f"{parts.scheme}://{parts.hostname}/…" if is_address(target) else target
