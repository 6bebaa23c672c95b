"""How far published numbers are off, and figures that are written are the figures that were meant."""

import numpy as np
import pandas as pd

from benchmarks.bench_published import write_rows, year_errors
from benchmarks.honest_ledgers import as_ledger, honest
from gvio.types import Month


def test_the_worst_year_is_that_of_one_month():
    honest_months = np.full((2, 30), 10.0)
    wrong = honest_months.copy()
    wrong[1, 14] = 30.0
    off = year_errors(wrong, honest_months, Month(2020, 1))
    assert off.shape == (2, 3)
    np.testing.assert_allclose(off, [[0, 0, 0], [0, 20 / 120, 0]])


def test_years_are_calendar_years():
    off = year_errors(np.full((1, 5), 2.0), np.full((1, 5), 1.0), Month(2020, 11))
    assert off.shape == (1, 2)


def test_written_figures_are_read_again(tmp_path):
    rows = honest(4).ledger.rows
    write_rows(tmp_path / "statistics.csv", rows)
    again = as_ledger(pd.read_csv(tmp_path / "statistics.csv", dtype={"series": str})).rows
    for name in ("area_id", "start", "end", "kind", "published"):
        assert again[name].tolist() == rows[name].tolist()
    np.testing.assert_allclose(again["value"], rows["value"])
