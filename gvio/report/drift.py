"""Drift for the page of checks: every monitor in a row, alarms first."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from gvio.drift.checks import ACTIONS, TITLES, alarm_text, state_text
from gvio.drift.monitors import MONITORS, TOLD, Drift
from gvio.report.pages import render
from gvio.words import tr, tr_count


def drift_sentence(drift: Drift | None) -> str:
    """One sentence over the table."""
    if drift is None:
        return tr("Drift: this release was made before drift was watched.")
    n = len(drift.alarms)
    if not n:
        return tr("Drift: no monitor has alarmed in the {months} months until {last}.", months=TOLD, last=drift.month)
    return tr_count(
        "Drift: {n} alarm in the {months} months until {last}.",
        "Drift: {n} alarms in the {months} months until {last}.",
        n,
        months=TOLD,
        last=drift.month,
    )


def drift_rows(drift: Drift, names: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """What each monitor watches, whether it alarmed, what it found or how near it is, what to do; alarms first."""
    rows = list[tuple[str, str, str, str]]()
    for monitor in MONITORS:
        told = [alarm for alarm in drift.alarms if alarm.monitor == monitor]
        title = tr(TITLES[monitor])
        rows += [(title, tr("alarm"), alarm_text(alarm, names), tr(ACTIONS[monitor])) for alarm in told]
        if not told:
            rows.append((title, tr("quiet"), state_text(drift, monitor), ""))
    return sorted(rows, key=lambda row: row[1] != tr("alarm"))


def drift_html(drift: Drift, names: Mapping[str, str]) -> str:
    """`drift_rows` as a table."""
    return render("drift.html", rows=drift_rows(drift, names))


def drift_table(drift: Drift, names: Mapping[str, str]) -> pd.DataFrame:
    """`drift_rows` as a frame: monitor, state, found, action."""
    return pd.DataFrame(drift_rows(drift, names), columns=["monitor", "state", "found", "action"])
