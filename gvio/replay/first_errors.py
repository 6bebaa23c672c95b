"""How good estimates were before their figure came out, by age, against the last official figure. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gvio.replay.told import Errors, Level
from gvio.types import Month

AGES = (0, 1, 2, 3, 6, 12)
_KEY = ["area_id", "month"]


def errors_by_age(known: Sequence[tuple[Month, pd.DataFrame]], city_id: str) -> tuple[Errors, ...]:
    """Errors of what stood published after each month's looks.

    Args:
        known: In order, of each look its month and the table of estimates (contract §3) that readers had after it. Of
            the looks of one month the first that has an estimate counts: a later one may know figures beside it.
        city_id: The city's area_id.

    Returns:
        For districts and city: first estimates, then each of `AGES` of which there are any.
    """
    if not known:
        return ()
    final = known[-1][1].set_index(_KEY)["official"].dropna()
    first = known[0][0]
    rows = [_scored(table, month, final) for month, table in known]
    every = pd.concat(rows, ignore_index=True)
    every = every[every["month"] >= str(first)]  # the months before were never told in time
    opening = every.drop_duplicates(_KEY, keep="first")
    every = every.drop_duplicates([*_KEY, "age"], keep="first")
    found = list[Errors]()
    for level, of in _levels(city_id).items():
        groups: dict[int | None, pd.DataFrame] = {None: opening} | {age: every[every["age"] == age] for age in AGES}
        for age, rows_of in groups.items():
            chosen = rows_of[(rows_of["area_id"] == city_id) == of]
            if len(chosen):
                found.append(_errors(level, age, chosen))
    return tuple(found)


def _levels(city_id: str) -> Mapping[Level, bool]:
    del city_id
    return {"districts": False, "city": True}


def _scored(table: pd.DataFrame, month: Month, final: pd.Series[float]) -> pd.DataFrame:
    """Rows without a figure then and with one at the end, with their age in months at the look."""
    open_ = table[table["official"].isna()].set_index(_KEY)
    rows = open_.loc[open_.index.intersection(final.index)].reset_index()
    truth = final.reindex(pd.MultiIndex.from_frame(rows[_KEY])).to_numpy(np.float64)
    ages = [month - Month.parse(str(text)) for text in rows["month"]]
    return rows.assign(truth=truth, age=np.array(ages, dtype=np.int64))


def _errors(level: Level, age: int | None, rows: pd.DataFrame) -> Errors:
    truth = rows["truth"].to_numpy(np.float64)
    error = rows["estimate"].to_numpy(np.float64) / truth - 1

    def held(width: int) -> float:
        inside = (rows[f"lower{width}"].to_numpy() <= truth) & (truth <= rows[f"upper{width}"].to_numpy())
        return _rounded(inside.mean())

    return Errors(
        level=level,
        age=age,
        n=len(rows),
        bias=_rounded(error.mean()),
        spread=_rounded(error.std()),
        mean_absolute=_rounded(np.abs(error).mean()),
        held80=held(80),
        held95=held(95),
    )


def _rounded(value: float) -> float:
    return round(float(value), 6)
