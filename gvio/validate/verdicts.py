"""How a check words its outcome: one line with what was expected, what was found, and the next action."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from gvio.types import CheckResult


def verdict(
    name: str,
    passed: object,
    *,
    required: bool,
    subject: str,
    expected: str,
    found: str,
    hint: str = "",
    observed: Mapping[str, Any] | None = None,
) -> CheckResult:
    """One check's outcome, worded for a person.

    Args:
        name: Stable dotted name, documented in docs/checks.md.
        passed: Truth of the expectation; written so that a NaN on the way makes it False.
        required: Whether failing refuses the run.
        subject: File, month or table looked at.
        expected: What should hold, as a noun phrase.
        found: What is the case.
        hint: Next action, shown only when the check failed.
        observed: Numbers behind the message, JSON-serialisable.
    """
    ok = bool(passed)
    text = f"{expected}: {found}" if ok else f"expected {expected}; found {found}. {hint}"
    return CheckResult(name, ok, required, subject, " ".join(text.split()), _drop_nonfinite(dict(observed or {})))


def _drop_nonfinite(value: Any) -> Any:
    """NaN and infinity become None: JSON has no word for them."""
    if isinstance(value, dict):
        return {k: _drop_nonfinite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_drop_nonfinite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def count(n: int, noun: str) -> str:
    """`1 month`, `2 months`."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def name_some(items: Iterable[object], most: int = 5) -> str:
    """`a, b, c and 4 more`: the first items by name, the rest counted; `none` when there are none."""
    names = [str(item) for item in items]
    if not names:
        return "none"
    listed = ", ".join(names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most} more"
