"""How good an estimate was before its figure: of a month's looks the first counts, before figures came beside it."""

from __future__ import annotations

import pandas as pd
import pytest

from gvio.replay.first_errors import errors_by_age
from gvio.types import Month

MAY = Month(2018, 5)


def table(estimates: dict[str, float], official: dict[str, float]) -> pd.DataFrame:
    months = list(estimates)
    return pd.DataFrame(
        {
            "area_id": "D00",
            "month": months,
            "estimate": [estimates[month] for month in months],
            **{f"lower{width}": [value * 0.9 for value in estimates.values()] for width in (80, 95)},
            **{f"upper{width}": [value * 1.1 for value in estimates.values()] for width in (80, 95)},
            "official": [official.get(month) for month in months],
        }
    ).astype({"official": float})


def test_the_first_look_of_a_month_counts_and_not_the_one_that_knows_more() -> None:
    known = [
        (MAY, table({"2018-05": 120.0}, {})),
        (MAY, table({"2018-05": 101.0}, {})),  # the city's figure came in between
        (MAY + 1, table({"2018-05": 100.0, "2018-06": 50.0}, {"2018-05": 100.0})),
        (MAY + 1, table({"2018-05": 100.0, "2018-06": 50.0}, {"2018-05": 100.0, "2018-06": 50.0})),
    ]
    found = {(one.level, one.age): one for one in errors_by_age(known, "CITY")}
    assert {key: one.n for key, one in found.items()} == {("districts", None): 2, ("districts", 0): 2}
    assert found["districts", 0].bias == pytest.approx((0.2 + 0.0) / 2)
    assert found["districts", None].held80 == 0.5
