"""Forms of a series: sums are kept, intervals never claim more than bounds allow, joined months meet joined months."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gvio.report.forms import FORMS, base_label, shaped
from gvio.report.new_year import public_sums
from gvio.report.tables import series
from gvio.types import Month, month_range


def rows(first: str, values: list[float], official: list[float] | None = None) -> pd.DataFrame:
    start = Month.parse(first)
    months = [str(m) for m in month_range(start, start + (len(values) - 1))]
    frame = pd.DataFrame({"area_id": "A", "month": months, "estimate": values, "kind": "nowcast"})
    bounds = {f"{s}{n}": frame["estimate"] * f for s, f in (("lower", 0.9), ("upper", 1.2)) for n in (80, 95)}
    return series(frame.assign(**bounds, official=np.nan if official is None else official), "A")


def test_january_and_february_are_one_row_that_keeps_their_sum() -> None:
    told = shaped(rows("2019-12", [10.0, 8.0, 4.0, 11.0]), "level", joined=True, base="")
    assert told["label"].tolist() == ["December 2019", "January + February 2020", "March 2020"]
    assert told["estimate"].tolist() == [10.0, 6.0, 11.0]
    assert told["sum"].tolist() == pytest.approx([np.nan, 12.0, np.nan], nan_ok=True)
    np.testing.assert_allclose(told["lower80"], [9.0, 5.4, 9.9])
    np.testing.assert_allclose(told["upper95"], [12.0, 7.2, 13.2])


def test_a_month_without_the_other_is_left_alone() -> None:
    assert shaped(rows("2020-02", [8.0, 4.0]), "level", joined=True, base="")["estimate"].tolist() == [8.0, 4.0]
    assert shaped(rows("2020-12", [8.0, 4.0]), "level", joined=True, base="")["estimate"].tolist() == [8.0, 4.0]


def test_an_official_figure_of_one_month_alone_is_not_half_of_a_pair() -> None:
    told = shaped(rows("2020-01", [8.0, 4.0], [8.0, 5.0]), "level", joined=True, base="")
    assert told["official"].tolist() == [6.5]
    told = shaped(rows("2020-01", [8.0, 4.0], [8.0, np.nan]), "level", joined=True, base="")
    assert told["official"].isna().all()


def test_output_per_km2_is_the_level_over_the_land() -> None:
    sums = pd.DataFrame({"area_id": ["A"], "month": ["2020-01"], "value": [14.0]})
    told = shaped(
        rows("2020-01", [8.0, 4.0, 12.0], [np.nan, np.nan, 10.0]), "density", joined=True, base="", sums=sums, km2=2.0
    )
    assert told["estimate"].tolist() == [3.0, 6.0]
    assert told["official"].tolist() == [3.5, 5.0]
    assert shaped(rows("2020-01", [8.0]), "density", joined=True, base="").empty


def test_without_its_season_a_series_is_its_trend() -> None:
    t = np.arange(60)
    season = 1 + 0.2 * np.sin(2 * np.pi * t / 12)
    told = shaped(rows("2016-01", list(100 * 1.01**t * season)), "adjusted", joined=False, base="")
    np.testing.assert_allclose(told["estimate"], 100 * 1.01**t, rtol=0.03)
    np.testing.assert_allclose(told["upper80"] / told["estimate"], 1.2)
    joined = shaped(rows("2016-01", list(100 * season)), "adjusted", joined=True, base="")
    assert len(joined) == 55
    sums = pd.DataFrame({"area_id": ["A"], "month": ["2017-01"], "value": [220.0]})
    known = shaped(rows("2016-01", list(100 * season)), "adjusted", joined=True, base="", sums=sums)
    assert known["official"].dropna().tolist() == pytest.approx([110 / season[:2].mean()], rel=0.01)
    short = rows("2016-01", [1.0] * 35)
    assert shaped(short, "adjusted", joined=True, base="").empty
    assert shaped(rows("2016-01", [0.0] * 40), "adjusted", joined=True, base="").empty


def test_apart_means_apart() -> None:
    assert shaped(rows("2020-01", [8.0, 4.0]), "level", joined=False, base="")["estimate"].tolist() == [8.0, 4.0]


def test_year_on_year_compares_sums_with_sums() -> None:
    told = shaped(rows("2020-01", [8.0, 4.0, *[5.0] * 10, 9.0, 9.0, 10.0]), "year", joined=True, base="")
    assert told["label"].tolist() == ["January + February 2021", "March 2021"]
    assert told["estimate"].tolist() == pytest.approx([50.0, 100.0])
    assert told["lower80"].tolist() == pytest.approx([100 * (1.5 * 0.9 / 1.2 - 1), 100 * (2 * 0.9 / 1.2 - 1)])
    lone = shaped(rows("2020-01", [8.0, 4.0, *[5.0] * 10, 9.0]), "year", joined=True, base="")
    assert lone.empty, "January alone against a sum would be no comparison"


def test_an_index_is_100_in_its_month_also_where_that_is_joined() -> None:
    frame = rows("2020-01", [8.0, 4.0, 12.0])
    told = shaped(frame, "index", joined=True, base="2020-02")
    assert told["estimate"].tolist() == [100.0, 200.0]
    assert told["lower80"].tolist() == pytest.approx([100.0, 100 * 12 * 0.9 / (6 * 1.2)])
    assert base_label(told, "2020-02") == "January + February 2020"
    assert shaped(frame, "index", joined=False, base="1999-01")["estimate"].tolist() == [100.0, 50.0, 150.0]


def test_twelve_months_are_a_sum_without_joining() -> None:
    told = shaped(rows("2020-01", [float(i) for i in range(1, 14)], [1.0] * 13), "rolling", joined=True, base="")
    assert told["estimate"].tolist() == [78.0, 90.0]
    assert told["official"].tolist() == [12.0, 12.0]
    assert told["lower80"].tolist() == pytest.approx([78 * 0.9, 90 * 0.9])
    assert shaped(rows("2020-01", [1.0] * 11), "rolling", joined=True, base="").empty
    assert list(FORMS) == ["level", "index", "year", "rolling", "density", "adjusted"]


def test_a_public_sum_is_a_point_and_as_certain_as_a_public_month() -> None:
    frame = rows("2020-01", [8.0, 4.0, 12.0, 10.0], [np.nan, np.nan, 12.0, np.nan])
    frame.loc[2, ["lower80", "upper80"]] = [11.4, 12.6]
    sums = pd.DataFrame({"area_id": ["A", "B"], "month": ["2020-01"] * 2, "value": [12.5, 99.0]})
    told = shaped(frame, "level", joined=True, base="", sums=sums)
    assert told["official"].tolist() == pytest.approx([6.25, 12.0, np.nan], nan_ok=True)
    assert told["lower80"].tolist() == pytest.approx([6.0 * 0.95, 11.4, 9.0])
    assert told["upper80"].tolist() == pytest.approx([6.0 * 1.05, 12.6, 12.0])
    unknown = shaped(frame, "level", joined=True, base="", sums=sums.iloc[1:])
    assert unknown["lower80"].iloc[0] == pytest.approx(6.0 * 0.9)


def test_official_sums_of_the_new_year_are_found_newest_first() -> None:
    figures = pd.DataFrame(
        [
            ("A", "2020-01", "2020-02", 10.0, "2020-03-17"),
            ("A", "2020-01", "2020-02", 11.0, "2020-05-17"),
            ("A", "2020-01", "2020-03", 20.0, "2020-04-17"),
            ("A", "2020-02", "2020-02", 5.0, "2020-03-17"),
        ],
        columns=["area_id", "start", "end", "value", "published"],
    )
    assert public_sums(figures).to_dict("records") == [{"area_id": "A", "month": "2020-01", "value": 11.0}]
    assert public_sums(None).empty


def test_a_change_on_the_year_has_the_interval_of_the_release_but_not_of_a_joined_new_year() -> None:
    series = rows("2019-01", [10.0] * 24)
    limits = {f"year_{name}": value for name, value in (("lower80", -2.0), ("upper80", 2.0), ("lower95", -3.0))}
    told = shaped(series.assign(**limits, year_upper95=3.0), "year", joined=True, base="")
    alone = told["month"] != "2020-01"
    assert set(told.loc[alone, "upper80"]) == {2.0}
    assert set(told.loc[alone, "lower95"]) == {-3.0}
    assert told.loc[~alone, "upper80"].tolist() == pytest.approx([100 * (1.2 / 0.9 - 1)])
    apart = shaped(series.assign(**limits, year_upper95=3.0), "year", joined=False, base="")
    assert set(apart["upper80"]) == {2.0}
