"""Drift for the page of checks: every monitor in a row, alarms first."""

from __future__ import annotations

from collections.abc import Mapping

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


def drift_html(drift: Drift, names: Mapping[str, str]) -> str:
    """The monitors as a table: what each watches, what it found or how near it is, and what to do."""
    rows = list[tuple[str, str, str, str]]()
    for monitor in MONITORS:
        told = [alarm for alarm in drift.alarms if alarm.monitor == monitor]
        title = tr(TITLES[monitor])
        rows += [(title, tr("alarm"), alarm_text(alarm, names), tr(ACTIONS[monitor])) for alarm in told]
        if not told:
            rows.append((title, tr("quiet"), state_text(drift, monitor), ""))
    return render("drift.html", rows=sorted(rows, key=lambda row: row[1] != tr("alarm")))
