"""Drift for the page of checks: every monitor in a row, alarms first."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

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


def drift_rows(drift: Drift, names: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """What each monitor watches, whether it alarmed, what it found or how near it is, what to do; alarms first."""
    rows = list[tuple[str, str, str, str]]()
    for monitor in MONITORS:
        told = [alarm for alarm in drift.alarms if alarm.monitor == monitor]
        rows += [(TITLES[monitor], "alarm", alarm_text(alarm, names), ACTIONS[monitor]) for alarm in told]
        if not told:
            rows.append((TITLES[monitor], "quiet", state_text(drift, monitor), ""))
    return sorted(rows, key=lambda row: row[1] != "alarm")


def drift_html(drift: Drift, names: Mapping[str, str]) -> str:
    """`drift_rows` as a table."""
    return render("drift.html", rows=drift_rows(drift, names))


def drift_table(drift: Drift, names: Mapping[str, str]) -> pd.DataFrame:
    """`drift_rows` as a frame: monitor, state, found, action."""
    return pd.DataFrame(drift_rows(drift, names), columns=["monitor", "state", "found", "action"])
