"""A chart that joins January and February keeps their sum and claims no narrower interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gvio.report.new_year import january_with_february
from gvio.report.tables import series


def rows(months: list[str], estimate: list[float], official: list[float]) -> pd.DataFrame:
    frame = pd.DataFrame({"area_id": "A", "month": months, "estimate": estimate, "official": official})
    bounds = {
        f"{side}{level}": frame["estimate"] * f for side, f in (("lower", 0.9), ("upper", 1.2)) for level in (80, 95)
    }
    return series(frame.assign(**bounds, kind="nowcast"), "A")


def test_the_sum_of_both_months_is_kept() -> None:
    joined = january_with_february(
        rows(["2019-12", "2020-01", "2020-02", "2020-03"], [10.0, 8.0, 4.0, 11.0], [np.nan] * 4)
    )
    assert joined["estimate"].tolist() == [10.0, 6.0, 6.0, 11.0]
    np.testing.assert_allclose(joined["lower80"], [9.0, 5.4, 5.4, 9.9])
    np.testing.assert_allclose(joined["upper95"], [12.0, 7.2, 7.2, 13.2])


def test_a_month_without_the_other_is_left_alone() -> None:
    joined = january_with_february(rows(["2020-02", "2020-03", "2021-01"], [8.0, 4.0, 5.0], [np.nan] * 3))
    assert joined["estimate"].tolist() == [8.0, 4.0, 5.0]


def test_an_official_figure_of_one_month_alone_is_not_half_of_a_pair() -> None:
    months, estimates = ["2020-01", "2020-02", "2021-01", "2021-02"], [8.0, 4.0, 6.0, 6.0]
    joined = january_with_february(rows(months, estimates, [8.0, 5.0, 7.0, np.nan]))
    np.testing.assert_allclose(joined["official"], [6.5, 6.5, np.nan, np.nan])
