"""Reading `checks.json`, which `gvio.publish.release` writes."""

from __future__ import annotations

import dataclasses
import json

from gvio.types import CheckResult

_FLAGS, _TEXTS = ("passed", "required"), ("name", "subject", "message")
_FIELDS = frozenset(field.name for field in dataclasses.fields(CheckResult))


def read_checks(data: bytes) -> list[CheckResult]:
    """The checks as written; a field that a newer program added is left out.

    Raises:
        KeyError, TypeError, ValueError: A field is absent, or is not what it should be.
    """
    found = []
    for listed in json.loads(data)["checks"]:
        check = CheckResult(**{name: value for name, value in listed.items() if name in _FIELDS})
        flags = all(isinstance(getattr(check, name), bool) for name in _FLAGS)
        if not (flags and all(isinstance(getattr(check, name), str) for name in _TEXTS)):
            raise TypeError(f"the check {check.name!r} is not whole")
        found.append(check)
    return found
