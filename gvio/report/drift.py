"""Drift for the page of checks: every monitor in a row, alarms first."""

from __future__ import annotations

from collections.abc import Mapping

from gvio.drift.checks import ACTIONS, TITLES, alarm_text, state_text
from gvio.drift.monitors import MONITORS, TOLD, Drift
from gvio.report.pages import render


def drift_sentence(drift: Drift | None) -> str:
    """One sentence over the table."""
    if drift is None:
        return "Drift: this release was made before drift was watched."
    n = len(drift.alarms)
    if not n:
        return f"Drift: no monitor has alarmed in the {TOLD} months until {drift.month}."
    return f"Drift: {n} alarm{'' if n == 1 else 's'} in the {TOLD} months until {drift.month}."


def drift_html(drift: Drift, names: Mapping[str, str]) -> str:
    """The monitors as a table: what each watches, what it found or how near it is, and what to do."""
    rows = list[tuple[str, str, str, str]]()
    for monitor in MONITORS:
        told = [alarm for alarm in drift.alarms if alarm.monitor == monitor]
        rows += [(TITLES[monitor], "alarm", alarm_text(alarm, names), ACTIONS[monitor]) for alarm in told]
        if not told:
            rows.append((TITLES[monitor], "quiet", state_text(drift, monitor), ""))
    return render("drift.html", rows=sorted(rows, key=lambda row: row[1] != "alarm"))
