"""The tables of `bench_policy`: errors, coverage and cost by policy, and paired differences against today's rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

AGAINST = "rule"
CITY = "CITY"
_WHAT = ("error", "change_error")


def tell(found: Sequence[Mapping[str, Any]]) -> None:
    """Print all tables of one or several measurements."""
    rows = pd.DataFrame([row for one in found for row in one["rows"]])
    costs = pd.DataFrame([row for one in found for row in one["costs"]])
    rows["level"] = np.where(rows["area"] == CITY, "city", "districts")
    for title, table in tables(rows):
        print(f"\n{title}\n{table.to_string(float_format=lambda x: f'{x:.4f}')}")
    print(f"\nCost\n{costs.drop(columns='alarms').to_string()}")
    for row in costs.itertuples():
        if row.alarms:
            print(f"{row.world} {row.policy}: {'; '.join(row.alarms)}")


def tables(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Means by policy of each world and of all, then differences."""
    groups = {"all": rows, **dict(list(rows.groupby("world", sort=False)))}
    for world, some in groups.items():
        for (day, level), of in some.groupby(["day", "level"], sort=False):
            yield f"{world}, look of the {day}th, {level}", means(of)
    for (day, level), of in rows.groupby(["day", "level"], sort=False):
        yield f"difference of |error| to '{AGAINST}', look of the {day}th, {level}", differences(of)


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """Root mean square of both errors, mean sizes, share held by both intervals, by policy."""
    size = rows["error"].abs()
    wide = rows.assign(
        square=rows["error"] ** 2,
        size=size,
        change_size=rows["change_error"].abs(),
        held=(size <= rows["half80"]).astype(float),
        held_raw=(size <= rows["raw80"]).astype(float),
    )
    by = wide.groupby("policy", sort=False)[["size", "square", "change_size", "held", "half80", "held_raw"]].mean()
    by["rmse"] = np.sqrt(by.pop("square"))
    return by


def differences(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean difference of sizes to today's rule, over years of worlds, with its standard error.

    Months that follow each other are alike, so that the years of each world are what is counted.
    """
    found: dict[str, dict[str, float]] = {}
    for what in _WHAT:
        size = rows.assign(size=rows[what].abs(), year=rows["month"].str[:4])
        yearly = size.pivot_table(index=["world", "year"], columns="policy", values="size", aggfunc="mean")
        for policy in yearly.columns.drop(AGAINST, errors="ignore"):
            gap = (yearly[policy] - yearly[AGAINST]).dropna()
            se = float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else float("nan")
            found.setdefault(str(policy), {})[what] = float(gap.mean())
            found[str(policy)][f"{what} se"] = se
            found[str(policy)]["years"] = float(len(gap))
    return pd.DataFrame(found).T
