"""Names of objects, and the hash that names their content. The same rules for a folder and for S3.

Rules are the stricter of both worlds, so that a release written to a folder can be copied to any bucket: no empty
segment, none that begins with a dot (S3 servers refuse `.` and `..`; folders keep temporary files there).
"""

from __future__ import annotations

import hashlib
import re

from gvio.errors import StoreError

_SEGMENT = re.compile(r"^[A-Za-z0-9_=+@,()~-][A-Za-z0-9._=+@,()~ -]*$")
_LONGEST = 900  # S3 allows 1024 bytes including the prefix


def check_key(key: str, where: str) -> str:
    """Return `key` when it is a name that every store takes.

    Raises:
        StoreError: An empty, dotted or otherwise unportable segment, or longer than 900 characters.
    """
    if len(key) > _LONGEST or not all(_SEGMENT.match(part) for part in key.split("/")):
        raise StoreError(
            f"{key[:80]!r} is not a portable object key",
            where=where,
            hint="Use segments of letters, digits, '.', '_' and '-', separated by single slashes.",
        )
    return key


def check_prefix(prefix: str, where: str) -> str:
    """Return `prefix` without surrounding slashes when it is empty or a portable key.

    Raises:
        StoreError: As for `check_key`.
    """
    bare = prefix.strip("/")
    return check_key(bare, where) if bare else ""


def sha256(data: bytes) -> str:
    """Hex digest that names and verifies content."""
    return hashlib.sha256(data).hexdigest()
