"""The calendar of observations and the months: what is not known is a dash, a change of processing is told."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gvio.drift.coverage import Coverage
from gvio.drift.figures import FigureError
from gvio.drift.monitors import Alarm, Drift
from gvio.report.seen import breaks_sentence, month_by_month, regime_breaks, seen_map

MONTHS = ("2021-01", "2021-02", "2021-03")
REGIMES = ("vnl/npp/v10/vcm", "", "vnl/j01/v10/vcm")


SUMS = pd.DataFrame({"area_id": ["B"], "month": ["2021-01"], "value": [2.0]})


def counts() -> pd.DataFrame:
    rows = [
        (area, month, looks, looks / 10, np.nan if area == "B" else looks / 10, regime)
        for area, looks in (("A", 8.0), ("B", 2.0), ("CITY", 5.0))
        for month, regime in zip(MONTHS, REGIMES, strict=True)
    ]
    return pd.DataFrame(rows, columns=["area_id", "month", "observations", "seen", "factories_seen", "regime"])


def estimates() -> pd.DataFrame:
    rows = [
        (area, month, 1.0 if (area, month) in {("A", "2021-01"), ("CITY", "2021-01"), ("CITY", "2021-02")} else np.nan)
        for area in ("A", "B", "CITY")
        for month in MONTHS
    ]
    return pd.DataFrame(rows, columns=["area_id", "month", "official"])


def test_the_calendar_has_the_areas_in_their_order() -> None:
    found = seen_map(counts(), ["CITY", "B", "A", "new"], {"B": "Harbour"})
    assert list(found.observations.index) == ["CITY", "B", "A"]
    assert found.observations.loc["A", "2021-02"] == 8.0
    told = "Harbour, January 2021: 2.0 observations a pixel, 20 % of pixels seen, – of those with factories"
    assert found.told.loc["B", "2021-01"] == told


def test_a_change_of_processing_is_found_across_a_gap() -> None:
    assert regime_breaks(counts()) == [("2021-03", "npp → j01")]
    assert "changed in March 2021 (npp → j01)" in breaks_sentence(regime_breaks(counts()))
    assert breaks_sentence([]) == "Light of one processing throughout."


def test_every_month_says_what_stands_behind_it() -> None:
    errors = (FigureError("A", "2021-01", 0.01, 0.02, True), FigureError("CITY", "2021-01", 0.3, 0.02, True))
    alarm = Alarm("light_city", "CITY", "2021-02", "2021-03", 0.1)
    drift = Drift("2021-03", (alarm,), (), errors, Coverage(2, 1, 0.0), {"A": 1}, "v10")
    table = month_by_month(estimates(), counts(), drift, "CITY", SUMS).set_index("Month")
    assert list(table.index) == ["March 2021", "February 2021", "January 2021"]
    assert table.loc["March 2021"].tolist() == ["5.0", "50 %", "changed: npp → j01", "–", "0 of 2", "–", "1"]
    assert table.loc["February 2021"].tolist() == ["5.0", "50 %", "no light", "public", "1 of 2, as sums", "–", "–"]
    assert table.loc["January 2021"].tolist() == ["5.0", "50 %", "vnl/npp/v10/vcm", "public", "1 of 2", "1 of 2", "–"]
    bare = month_by_month(estimates(), None, None, None, SUMS[:0])
    assert bare["Observations"].tolist() == ["–"] * 3
