"""The one rule that turns check results into a refusal. It has no switch: a failed required check refuses."""

from __future__ import annotations

from collections.abc import Sequence

from gvio.errors import GateRefused
from gvio.types import CheckResult
from gvio.validate.verdicts import count

_HINT = "Nothing is published and the last release stands; docs/checks.md says what to do about each check."


def failed_required(results: Sequence[CheckResult]) -> list[CheckResult]:
    """The results that refuse a run, in the order given."""
    return [r for r in results if r.required and not r.passed]


def refuse_failed(results: Sequence[CheckResult]) -> None:
    """Refuse when a required check failed; failed checks that are not required pass as reported warnings.

    Raises:
        GateRefused: At least one required check failed; one line carries the name and message of every one.
    """
    failed = failed_required(results)
    if not failed:
        return
    told = "; ".join(f"[{r.name}] {r.message.rstrip('.')}" for r in failed)
    raise GateRefused(f"{count(len(failed), 'required check')} failed: {told}", where=_subjects(failed), hint=_HINT)


def _subjects(failed: Sequence[CheckResult]) -> str:
    return ", ".join(dict.fromkeys(r.subject for r in failed))
