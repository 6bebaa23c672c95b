"""Drift as checks: what was found, since when, by how much, and what to do. Never required: drift refuses nothing."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gvio.drift.coverage import TOLERATED
from gvio.drift.level import FEWEST
from gvio.drift.monitors import MONITORS, Alarm, Drift, Monitor
from gvio.types import CheckResult
from gvio.words import marked, tr

NAMES: Mapping[Monitor, str] = {
    "light_city": "drift.light_city",
    "light_districts": "drift.light_districts",
    "counts_city": "drift.counts_city",
    "counts_districts": "drift.counts_districts",
    "processing": "drift.processing",
    "factories": "drift.factories",
    "errors": "drift.errors",
    "coverage": "drift.coverage",
}
TITLES: Mapping[Monitor, str] = {
    "light_city": marked("all light away from factories"),
    "light_districts": marked("a district's light away from factories"),
    "counts_city": marked("cloud-free observations"),
    "counts_districts": marked("a district's cloud-free observations"),
    "processing": marked("processing of the light"),
    "factories": marked("factories that the pack lists"),
    "errors": marked("errors on figures published since"),
    "coverage": marked("figures inside the 80 % interval"),
}
ACTIONS: Mapping[Monitor, str] = {
    "light_city": marked(
        "Ask the provider for a change of sensor or processing; read all light estimates since with care."
    ),
    "light_districts": marked(
        "Ask whether street lamps were replaced, or a large site was built or lit, in the district."
    ),
    "counts_city": marked(
        "Ask the provider whether nights are selected otherwise; sparse months weigh less by themselves."
    ),
    "counts_districts": marked("Look whether tiles or files are incomplete over the district."),
    "processing": marked("Compare levels before and after; January's run trains anew."),
    "factories": marked("Compare the pack's factories with its last version; if it is right, there is nothing to do."),
    "errors": marked(
        "Look for a large site that stopped or opened without a change of light, and at the figure itself."
    ),
    "coverage": marked("Read the intervals as too narrow; look at the coverage on the page Scoreboard."),
}


def check_drift(drift: Drift, names: Mapping[str, str]) -> list[CheckResult]:
    """One check a monitor; failed while an alarm of its stands.

    Args:
        drift: Of the release.
        names: Of areas, by id.
    """
    return [_check(drift, monitor, names) for monitor in MONITORS]


def alarm_sentences(drift: Drift, names: Mapping[str, str]) -> tuple[str, ...]:
    """What was told in the release's year, the newest first, each with what to do."""
    newest = sorted(drift.alarms, key=lambda alarm: alarm.month, reverse=True)
    return tuple(f"Drift: {alarm_text(alarm, names)}. {ACTIONS[alarm.monitor]}" for alarm in newest)


def alarm_text(alarm: Alarm, names: Mapping[str, str]) -> str:
    """One alarm without the action: what, where, by how much, since when, and which month told it."""
    where = names.get(alarm.area_id, alarm.area_id)
    told = tr("in {month}", month=alarm.month)
    if alarm.since != alarm.month:
        told = tr("since {since}, told by {month}", since=alarm.since, month=alarm.month)
    percent = f"{100.0 * float(np.expm1(alarm.size)):+z.0f}"
    said = {"where": where, "percent": percent, "words": alarm.words, "told": told}
    match alarm.monitor:
        case "light_city" | "light_districts":
            return tr(
                "light of {where} away from factories is {percent} % against its season and trend, {told}", **said
            )
        case "counts_city" | "counts_districts":
            return tr("cloud-free observations of {where} are {percent} % against their season, {told}", **said)
        case "processing":
            return tr("light is processed otherwise: {words}, {told}", **said)
        case "factories":
            said["percent"] = f"{100 * alarm.size:+z.0f}"
            return tr("factories of {where} in the pack: {words} ({percent} %), {told}", **said)
        case "errors":
            return tr("official figures of {where} are {percent} % against what was estimated before, {told}", **said)
        case "coverage":
            said["percent"] = f"{100 * alarm.size:.0f}"
            return tr("the 80 % intervals hold {percent} % of the figures published since, {told}", **said)


def state_text(drift: Drift, monitor: Monitor) -> str:
    """What a monitor without an alarm can say of itself."""
    reading = next((one for one in drift.readings if one.monitor == monitor), None)
    if monitor == "processing":
        return drift.processing or tr("no light")
    if monitor == "factories":
        return tr("{n} in {districts} districts", n=sum(drift.factories.values()), districts=len(drift.factories))
    if reading is None or not reading.judged:
        if monitor in ("errors", "coverage"):
            return tr("no figure to compare with yet")
        return tr("learns {n} months first", n=FEWEST)
    height = f"{100 * reading.height:.0f}"
    judged = tr("{n} months judged, highest sum at {height} % of its threshold", n=reading.judged, height=height)
    if monitor != "coverage":
        return judged
    return tr("{held} of {of} held; {judged}", held=drift.coverage.held, of=drift.coverage.n, judged=judged)


def _check(drift: Drift, monitor: Monitor, names: Mapping[str, str]) -> CheckResult:
    alarms = [alarm for alarm in drift.alarms if alarm.monitor == monitor]
    expected = f"at least {100 * TOLERATED:.0f} % of them" if monitor == "coverage" else "no drift"
    if not alarms:
        message = f"{TITLES[monitor]}: {expected}; {state_text(drift, monitor)}"
        return CheckResult(NAMES[monitor], True, False, drift.month, message)
    found = "; ".join(alarm_text(alarm, names) for alarm in alarms)
    message = f"{TITLES[monitor]}: expected {expected}; found {found}. {ACTIONS[monitor]}"
    observed = {"alarms": [{"area_id": a.area_id, "since": a.since, "month": a.month} for a in alarms]}
    return CheckResult(NAMES[monitor], False, False, drift.month, message, observed)
