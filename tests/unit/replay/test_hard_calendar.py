"""A hard calendar plants every kind of trouble, apart from each other, and none that blocks all later months."""

from __future__ import annotations

import pandas as pd

from gvio.simulate.hard_calendar import hard_calendar
from gvio.simulate.statistics import PUBLICATION_DAY
from gvio.types import Month

FIRST, LAST = Month(2016, 1), Month(2019, 12)


def figures() -> pd.DataFrame:
    """Two districts' figures since January, each quarter; the city's by month."""
    rows = [
        (area, f"{year}-01", f"{year}-{end:02d}", "year-to-date", f"{year + end // 12}-{end % 12 + 1:02d}-17")
        for year in range(2014, 2020)
        for area in ("D00", "D01")
        for end in (3, 6, 9, 12)
    ]
    rows += [("CITY", str(m), str(m), "current", str((m + 1).first_day)) for m in (FIRST + k for k in range(48))]
    return pd.DataFrame(rows, columns=["area_id", "start", "end", "kind", "published"])


def test_every_kind_is_planted_the_same_for_the_same_seed() -> None:
    calendar = hard_calendar(figures(), FIRST, LAST, 1)
    assert calendar == hard_calendar(figures(), FIRST, LAST, 1) != hard_calendar(figures(), FIRST, LAST, 2)
    planted = calendar.model_dump(exclude_defaults=True)
    assert {"late", "missing", "unseen", "withdrawn", "republished", "revised", "retracted"} <= set(planted)
    assert {"twice", "restarts", "lost_workspace"} <= set(planted)
    first, last = calendar.looks
    assert calendar.light_day <= first < PUBLICATION_DAY <= last, "first estimates are made before figures come"


def test_a_revised_sum_since_january_rises_above_no_later_one() -> None:
    for seed in range(5):
        assert {one.end for one in hard_calendar(figures(), FIRST, LAST, seed).revised} <= {
            f"{year}-12" for year in range(2014, 2020)
        }
