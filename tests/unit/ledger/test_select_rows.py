"""Cutting sums to rows and to a run of months."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.select import select_rows
from gvio.ledger.sums import Sums, sums_matrix
from gvio.types import Month

FIRST = Month(2020, 1)
AREAS = ("a", "b")


def sums_over(first: int, n_months: int) -> Sums:
    """Month, quarter, year-to-date and year of districts and city, over `n_months` from month `first`."""
    spans = [("a", t, t, "current") for t in range(12)] + [("b", 3 * q, 3 * q + 2, "current") for q in range(4)]
    spans += [("CITY", 0, t, "cumulative") for t in range(12)] + [("CITY", 0, 11, "current")]
    rows = [
        (area, FIRST.ordinal + s, FIRST.ordinal + e, 100.0 * s + e, kind, dt.date(2021, 1, 1 + i), "", "")
        for i, (area, s, e, kind) in enumerate(spans)
    ]
    months = [FIRST + t for t in range(first, first + n_months)]
    return sums_matrix(Ledger(pd.DataFrame(rows, columns=list(COLUMNS))), AREAS, "CITY", months)


def same(a: Sums, b: Sums) -> None:
    np.testing.assert_array_equal(a.G.toarray(), b.G.toarray())
    for name in ("values", "area", "start", "end", "cumulative"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    assert (a.published, a.n_areas, a.n_months) == (b.published, b.n_areas, b.n_months)


def test_keeping_everything_changes_nothing():
    sums = sums_over(0, 12)
    same(select_rows(sums, np.ones(len(sums.values), dtype=bool)), sums)


def test_only_the_rows_asked_for_stay_with_all_that_belongs_to_them():
    sums = sums_over(0, 12)
    keep = sums.area == 1
    got = select_rows(sums, keep)
    assert (got.n_areas, got.n_months, len(got.published)) == (2, 12, 4)
    np.testing.assert_array_equal(got.values, sums.values[keep])
    np.testing.assert_array_equal(got.G.toarray(), sums.G.toarray()[keep])
    assert got.published == tuple(day for day, kept in zip(sums.published, keep, strict=True) if kept)


@pytest.mark.parametrize(("first", "last"), [(0, 12), (0, 7), (3, 12), (2, 9), (5, 6), (4, 4)])
def test_a_cut_to_months_is_the_ledger_over_those_months(first: int, last: int):
    sums = sums_over(0, 12)
    everything = np.ones(len(sums.values), dtype=bool)
    same(select_rows(sums, everything, slice(first, last)), sums_over(first, last - first))


def test_a_cut_beyond_the_last_month_ends_there():
    sums = sums_over(0, 12)
    everything = np.ones(len(sums.values), dtype=bool)
    same(select_rows(sums, everything, slice(6, 99)), sums_over(6, 6))
    same(select_rows(sums, everything, slice(-6, None)), sums_over(6, 6))


def test_no_rows_are_still_sums():
    sums = sums_over(0, 12)
    got = select_rows(sums, np.zeros(len(sums.values), dtype=bool))
    assert (got.G.shape, len(got.values), got.published) == ((0, 24), 0, ())
