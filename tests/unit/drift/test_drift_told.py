"""All monitors together, what they say as checks, sentences and a page, and `drift.json` there and back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from gvio.drift.checks import NAMES, alarm_sentences, check_drift
from gvio.drift.figures import FigureError
from gvio.drift.light import LightSeries
from gvio.drift.monitors import MONITORS, TOLD, Alarm, Drift, Seen, find_drift
from gvio.publish.drift import drift_json, read_drift
from gvio.report.drift import drift_html, drift_sentence
from gvio.types import Month

T, AREAS = 72, tuple("ABCD")
CALLED = {"A": "Old Town", "CITY": "City"}
MONTHS = tuple(Month(2015, 1) + t for t in range(T))


def seen(**changes: Any) -> Seen:
    rng = np.random.default_rng(6)
    city, districts = rng.normal(0, 0.02, (1, T)), rng.normal(0, 0.02, (4, T))
    counts = rng.normal(2, 0.1, (1, T)), rng.normal(0, 0.1, (4, T))
    months = [str(month) for month in MONTHS[-20:]]
    errors = tuple(FigureError(a, m, float(rng.normal(0, 0.03)), 0.05, True) for m in months for a in (*AREAS, "CITY"))
    quiet = Seen(
        months=MONTHS,
        area_ids=AREAS,
        city_id="CITY",
        series=LightSeries(city, districts, *counts),
        regimes=("v10/vcm",) * T,
        factories=dict.fromkeys(AREAS, 20),
        factories_before=dict.fromkeys(AREAS, 20),
        errors=errors,
    )
    return dataclasses.replace(quiet, **changes)


def shifted(part: str, by: float, row: int = 0, since: int = T - 2) -> Seen:
    values = getattr(seen().series, part).copy()
    values[row, since:] += by
    return seen(series=dataclasses.replace(seen().series, **{part: values}))


def narrow() -> Seen:
    return seen(errors=tuple(dataclasses.replace(e, error=0.2, half80=0.15) for e in seen().errors))


DRIFTED: Mapping[str, Seen] = {
    "drift.light_city": shifted("city", -0.15),
    "drift.light_districts": shifted("districts", -0.2),
    "drift.counts_city": shifted("city_counts", 1.0),
    "drift.counts_districts": shifted("counts", -1.0, since=T - 4),
    "drift.processing": seen(regimes=("v10/vcm",) * (T - 3) + ("v10/vcmsl",) * 3),
    "drift.factories": seen(factories={**dict.fromkeys(AREAS, 20), "A": 12}),
    "drift.errors": seen(errors=(*seen().errors, FigureError("A", str(MONTHS[-1] + 1), -0.4, 0.05, True))),
    "drift.coverage": narrow(),
}


def test_a_quiet_region_has_no_alarm() -> None:
    found = find_drift(seen())
    assert found.alarms == ()
    checks = check_drift(found, CALLED)
    assert [check.name for check in checks] == [NAMES[monitor] for monitor in MONITORS]
    assert all(check.passed and not check.required for check in checks)
    assert drift_sentence(found) == "Drift: no monitor has alarmed in the 12 months until 2020-12."
    assert "36 months judged" in drift_html(found, CALLED)


@pytest.mark.parametrize("name", DRIFTED)
def test_each_kind_of_drift_is_told_with_what_to_do(name: str) -> None:
    drifted = DRIFTED[name]
    if name == "drift.errors":
        drifted = dataclasses.replace(drifted, months=(*MONTHS, MONTHS[-1] + 1)[1:])
    found = find_drift(drifted)
    failed = [check for check in check_drift(found, CALLED) if not check.passed]
    assert name in [check.name for check in failed]
    (check,) = [check for check in failed if check.name == name]
    assert not check.required
    json.dumps(check.observed)
    assert "Old Town" in check.message or "City" in check.message or name in ("drift.processing", "drift.coverage")
    assert alarm_sentences(found, CALLED)[0].startswith("Drift: ")
    assert drift_html(found, CALLED).index("alarm") < drift_html(found, CALLED).index("quiet")


def test_an_alarm_stands_for_a_year() -> None:
    assert find_drift(shifted("districts", -0.2, since=T - TOLD)).alarms
    assert not find_drift(shifted("districts", -0.2, since=T - TOLD - 4)).alarms


def test_a_changed_list_of_factories_is_carried_on_and_then_forgotten() -> None:
    told = find_drift(DRIFTED["drift.factories"]).alarms
    later = {"factories": {**dict.fromkeys(AREAS, 20), "A": 12}, "told": told}
    assert find_drift(seen(factories_before=later["factories"], **later)).alarms == told
    old = tuple(dataclasses.replace(alarm, month="2019-12") for alarm in told)
    assert find_drift(seen(told=old)).alarms == ()


def test_a_processing_that_comes_back_is_not_new() -> None:
    back = ("v10/vcm",) * (T - 30) + ("v10/vcmsl",) * 20 + ("",) * 2 + ("v10/vcm",) * 8
    assert find_drift(seen(regimes=back)).alarms == ()


def test_the_document_is_read_as_it_was_written() -> None:
    for drifted in (seen(), DRIFTED["drift.processing"]):
        written = find_drift(drifted)
        read = read_drift(drift_json(written))
        assert drift_json(read) == drift_json(written)
        assert [dataclasses.replace(a, size=0.0) for a in read.alarms] == [
            dataclasses.replace(a, size=0.0) for a in written.alarms
        ]


def test_a_monitor_of_a_newer_program_is_left_out() -> None:
    document = json.loads(drift_json(find_drift(DRIFTED["drift.factories"])))
    document["alarms"][0]["monitor"] = "moon"
    document["readings"][0]["monitor"] = "moon"
    read: Drift = read_drift(json.dumps(document).encode())
    assert read.alarms == ()
    assert len(read.readings) == 5


def test_an_older_release_says_that_it_does_not_know() -> None:
    assert drift_sentence(None) == "Drift: this release was made before drift was watched."


def test_sentences_name_the_newest_first() -> None:
    alarms = tuple(Alarm("light_city", "CITY", m, m, 0.1) for m in ("2020-01", "2020-05"))
    found = dataclasses.replace(find_drift(seen()), alarms=alarms)
    first, second = alarm_sentences(found, CALLED)
    assert "+11 % against its season and trend, in 2020-05" in first
    assert "in 2020-01" in second
