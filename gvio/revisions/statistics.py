"""How large revisions were, by the age of the estimate: measured on what was published."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from gvio.revisions.vintages import ESTIMATE, KEY, OFFICIAL
from gvio.types import FloatArray, Month

AGES = (0, 1, 2, 3, 6, 9, 12, 18, 24)
"""Months between the month and the release that estimated it."""
YEAR = 12
"""Months after which an estimate is compared with itself."""
COLUMNS = ("against", "area", "age", "n", "bias", "spread", "mean_absolute", "band_held")
DISTRICTS, CITY = "districts", "city"
LATER, FIRST_OFFICIAL = "later", "first_official"


def revisions_by_age(vintages: pd.DataFrame, last: Month, city: str) -> pd.DataFrame:
    """Revision statistics by age, of districts and of the city; rows without any revision are left out.

    Args:
        vintages: Table of a release; its own rows may be unnamed.
        last: The release's month.
        city: Id of the city.

    Returns:
        `COLUMNS`. `against` says what the estimate is compared with: `later`, the estimate a year on, or
        `first_official`, the first official figure of the area's month, for estimates made before it came out. `age` in
        months, `n` revisions, all in logarithms: `bias` (mean of later less earlier), `spread` (standard deviation),
        `mean_absolute`; `band_held` is the share inside the predicted 80 % band, NaN where none was predicted.
    """
    estimate, band, day = (_by_age(vintages, name, last) for name in ("value", "revision80", "day"))
    first, public = _first_official(vintages, estimate.index)
    of_city = estimate.index.get_level_values("area_id") == city
    rows = []
    for age in AGES:
        if age not in estimate:
            continue
        now, predicted = np.log(estimate[age].to_numpy()), band[age].to_numpy()
        later = np.log(estimate[age + YEAR].to_numpy()) - now if age + YEAR in estimate else np.full(len(now), np.nan)
        before = day[age].to_numpy() < public
        official = np.where(before, np.log(first) - now, np.nan)
        for against, change in ((LATER, later), (FIRST_OFFICIAL, official)):
            for area, chosen in ((DISTRICTS, ~of_city), (CITY, of_city)):
                found = chosen & np.isfinite(change)
                if found.any():
                    rows.append((against, area, age, *_summary(change[found], predicted[found])))
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values(["against", "area", "age"], kind="stable")


def _by_age(vintages: pd.DataFrame, column: str, last: Month) -> pd.DataFrame:
    """What stood at each age (columns, months) of every area and month (rows); NaN before the first and after today."""
    rows = vintages[vintages["kind"] == ESTIMATE]
    if column == "day":
        rows = rows.assign(day=[np.nan if pd.isna(day) else float(day.toordinal()) for day in rows["day"]])
    # Of several releases of one month the last one counts.
    newest = rows.drop_duplicates([*KEY, "age"], keep="last").set_index([*KEY, "age"])[column].astype(np.float64)
    wide = newest.unstack("age")
    reached = np.array([last - Month.parse(month) for month in wide.index.get_level_values("month")])
    ages = np.arange(int(reached.max(initial=0)) + 1)
    filled = wide.reindex(columns=ages).ffill(axis=1)
    return filled.where(ages[None] <= reached[:, None])


def _first_official(vintages: pd.DataFrame, index: pd.Index) -> tuple[FloatArray, FloatArray]:
    """The first official figure of each area and month, and the day (ordinal) it became public; NaN without one."""
    first = vintages[vintages["kind"] == OFFICIAL].drop_duplicates(KEY, keep="first").set_index(KEY)
    first = first.reindex(index)
    days = [np.nan if not isinstance(day, dt.date) else float(day.toordinal()) for day in first["day"]]
    return first["value"].to_numpy(dtype=np.float64), np.array(days)


def _summary(change: FloatArray, predicted: FloatArray) -> tuple[int, float, float, float, float]:
    told = np.isfinite(predicted)
    held = float((np.abs(change[told]) <= predicted[told]).mean()) if told.any() else float("nan")
    return len(change), float(change.mean()), float(change.std()), float(np.abs(change).mean()), held
