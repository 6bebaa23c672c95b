"""The revision triangle: what was published of every month, first to latest, and how large revisions were."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from gvio.ledger.rows import COLUMNS as LEDGER
from gvio.ledger.rows import Ledger
from gvio.publish.vintages import read_statistics, read_vintages, revisions_json, vintages_parquet
from gvio.revisions import vintages
from gvio.revisions.statistics import revisions_by_age
from gvio.revisions.vintages import extended, nothing, official_rows, own_rows, stamped, unstamped
from gvio.types import Month

FIRST = Month(2019, 1)


def estimates(last: int, value: object) -> pd.DataFrame:
    """A table of areas A and CITY; `value(area, month, last)` the estimate."""
    rows = [(a, str(FIRST + t), value(a, t, last)) for a in ("A", "CITY") for t in range(last + 1)]  # type: ignore[operator]
    return pd.DataFrame(rows, columns=["area_id", "month", "estimate"])


def figures(*rows: tuple[str, int, int, float, str, str]) -> Ledger:
    table = [
        (a, (FIRST + s).ordinal, (FIRST + e).ordinal, v, kind, dt.date.fromisoformat(day), "", "")
        for a, s, e, v, kind, day in rows
    ]
    return Ledger(pd.DataFrame(table, columns=list(LEDGER)))


def published(n: int, value: object, band: float | None = None) -> pd.DataFrame:
    """The table of the last of `n` monthly releases r0, r1, …, its own rows not yet named."""
    history = None
    for last in range(n):
        table = estimates(last, value)
        told = None if band is None else table[["area_id", "month"]].assign(revision80=band)
        history = extended(history, own_rows(table, FIRST + last, told), nothing())
        if last + 1 < n:
            history = stamped(history, f"r{last}", (FIRST + (last + 1)).first_day)
    assert history is not None
    return history


def test_the_first_release_has_its_own_estimates_without_a_name() -> None:
    table = published(1, lambda a, t, last: 5.0)
    assert table["release"].isna().all()
    assert table["day"].isna().all()
    assert (table["vintage"] == 1).all()
    assert unstamped(table).empty


def test_a_triangle_holds_every_estimate_that_differs_once() -> None:
    table = published(3, lambda a, t, last: 10.0 + t if a == "CITY" else 10.0 + t + (last if t else 0))
    rows = table[(table["area_id"] == "A") & (table["month"] == "2019-02")]
    assert rows[["vintage", "value", "age"]].to_numpy().tolist() == [[1, 12.0, 0], [2, 13.0, 1]]
    assert rows["release"].tolist() == ["r1", None]
    assert rows["day"].tolist() == [dt.date(2019, 3, 1), None]
    same = table[(table["area_id"] == "CITY") & (table["month"] == "2019-01")]
    assert len(same) == 1, "an estimate that stays is one row"
    assert stamped(table, "r2", None)["release"].notna().all()
    assert set(unstamped(table)["release"]) == {"r0", "r1"}


def test_official_figures_come_first_to_latest_with_their_days() -> None:
    known = figures(
        ("A", 0, 0, 4.1, "current", "2019-02-20"),
        ("A", 0, 0, 4.2, "current", "2019-06-01"),
        ("A", 0, 1, 8.0, "current", "2019-03-20"),
        ("CITY", 0, 0, 9.0, "cumulative", "2019-02-18"),
        ("CITY", 0, 0, 9.1, "current", "2019-02-20"),
        ("B", 0, 0, 1.0, "current", "2019-02-20"),
    )
    table = extended(
        None, own_rows(estimates(1, lambda *_: 5.0), FIRST + 1), official_rows(known, ["A", "CITY"], [FIRST, FIRST + 1])
    )
    official = table[table["kind"] == "official"]
    assert official[["area_id", "month", "vintage", "value", "age"]].to_numpy().tolist() == [
        ["A", "2019-01", 1, 4.1, 1],
        ["A", "2019-01", 2, 4.2, 5],
        ["CITY", "2019-01", 1, 9.1, 1],
    ]
    assert official["day"].tolist() == [dt.date(2019, 2, 20), dt.date(2019, 6, 1), dt.date(2019, 2, 20)]


def test_a_later_release_replaces_the_official_rows_and_keeps_the_estimates() -> None:
    one = extended(None, own_rows(estimates(0, lambda *_: 5.0), FIRST), nothing())
    known = figures(("A", 0, 0, 4.1, "current", "2019-02-20"))
    official = official_rows(known, ["A", "CITY"], [FIRST])
    two = extended(stamped(one, "r0", None), own_rows(estimates(0, lambda *_: 6.0), FIRST), official)
    three = extended(stamped(two, "r1", None), own_rows(estimates(0, lambda *_: 6.0), FIRST), official)
    assert (two["kind"] == "official").sum() == (three["kind"] == "official").sum() == 1
    assert three[three["kind"] == "estimate"]["value"].tolist() == [5.0, 6.0, 5.0, 6.0]


def test_the_table_is_bounded_and_never_loses_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert vintages.MOST >= 96, "eight years of monthly releases"
    monkeypatch.setattr(vintages, "MOST", most := 6)
    history = None
    for k in range(most + 5):
        own = own_rows(pd.DataFrame({"area_id": ["A"], "month": ["2019-01"], "estimate": [float(k + 1)]}), FIRST)
        history = stamped(extended(history, own, nothing()), f"r{k}", None)
    assert history is not None
    assert history["value"].tolist() == [1.0, *map(float, range(7, most + 6))]
    assert history["vintage"].tolist() == list(range(1, most + 1))


def test_the_bytes_tell_the_table_again_and_depend_on_it_alone() -> None:
    table = published(3, lambda a, t, last: 10.0 + t + last, band=0.125)
    data = vintages_parquet(table, "million CNY")
    back = read_vintages(data)
    assert back.isna().equals(table.isna())
    one, other = (frame.astype(object).where(frame.notna(), None).to_numpy().tolist() for frame in (back, table))
    assert one == other
    assert vintages_parquet(published(3, lambda a, t, last: 10.0 + t + last, band=0.125), "million CNY") == data
    again = extended(stamped(back, "r2", None), own_rows(estimates(3, lambda *_: 9.0), FIRST + 3), nothing())
    assert vintages_parquet(again), "a table that was read can be continued"


@pytest.mark.slow
def test_revisions_are_measured_by_age_against_the_estimate_a_year_on() -> None:
    """Every estimate is 2 % above the one before: after a year it is 24 % higher in logarithms, whatever its age."""
    table = published(18, lambda a, t, last: float(np.exp(0.02 * (last - t))), band=0.3)
    found = revisions_by_age(table, FIRST + 17, "CITY").set_index(["against", "area", "age"])
    for age, n in ((0, 6), (3, 3)):
        row = found.loc[("later", "districts", age)]
        assert row["n"] == n
        assert row["bias"] == pytest.approx(0.24)
        assert row["spread"] == pytest.approx(0.0, abs=1e-12)
        assert row["band_held"] == 1.0
    assert ("later", "city", 6) not in found.index, "no month is old enough"
    narrow = published(18, lambda a, t, last: float(np.exp(0.02 * (last - t))), band=0.2)
    assert (revisions_by_age(narrow, FIRST + 17, "CITY")["band_held"] == 0).all()


def test_revisions_are_measured_against_the_first_official_figure_only_before_it_came_out() -> None:
    table = stamped(published(5, lambda a, t, last: float(np.exp(0.02 * (last - t)))), "r4", dt.date(2019, 6, 1))
    known = figures(("A", 0, 0, 1.5, "current", "2019-03-20"), ("A", 0, 0, 9.0, "current", "2019-05-20"))
    both = extended(
        table,
        own_rows(estimates(4, lambda a, t, last: float(np.exp(0.02 * (last - t)))), FIRST + 4),
        official_rows(known, ["A"], [FIRST]),
    )
    found = revisions_by_age(both, FIRST + 4, "CITY")
    rows = found[found["against"] == "first_official"]
    assert rows[["area", "age", "n"]].to_numpy().tolist() == [["districts", 0, 1], ["districts", 1, 1]]
    np.testing.assert_allclose(rows["bias"], np.log(1.5) - np.array([0.0, 0.02]))
    back = read_statistics(revisions_json(found))
    pd.testing.assert_frame_equal(back, found.reset_index(drop=True), check_dtype=False)


def test_a_short_history_has_no_revisions_and_the_document_is_read_back() -> None:
    found = revisions_by_age(published(2, lambda *_: 5.0), FIRST + 1, "CITY")
    assert found.empty
    assert read_statistics(revisions_json(found)).empty
