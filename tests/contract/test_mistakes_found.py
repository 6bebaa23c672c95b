"""Honest simulated ledgers pass, and ledgers spoiled in one way are refused or warned of by name; real figures pass."""

from __future__ import annotations

import csv
import datetime as dt
import re
import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.bench_mistakes import false_alarms, outcomes
from benchmarks.bench_published import make_pack, spoil
from benchmarks.mistakes import MISTAKES
from gvio.config import Params
from gvio.ledger.checks import check_ledger
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.types import Month

SEEDS = range(100, 112)
MORE_SEEDS = range(100, 150)  # where few worlds have a place for the mistake
LEAST_FOUND = {
    "averages_for_sums": 0.6,
    "index_numbers": 0.6,
    "growth_rates": 0.65,
    "unit_of_some_rows": 0.8,
    "unit_of_an_area": 0.75,
    "unit_ten_of_an_area": 0.6,
    "unit_from_a_year_on": 0.7,
    "extent_exchanged": 0.5,
    "extent_of_one": 0.5,
    "districts_exchanged": 0.3,
    "misprint": 0.7,
    "quarters_as_months": 0.9,
}
"""Share of spoiled ledgers in which each is found, well below what is measured; of the others all."""

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "iip_india_monthly" / "IIP_data.csv"
NAMES = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WEIGHTS = {"Basic": 456.82, "Capital": 88.25, "Intermediate": 156.86, "Consumer": 298.08, "CITY": 1000.0}


@pytest.mark.slow
def test_honest_ledgers_are_not_refused():
    count, told = false_alarms(range(100, 160))
    assert count == 60
    assert not [name for name in told if "refused" in name]
    assert told.total() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", MISTAKES)
def test_a_spoiled_ledger_is_refused_or_warned_of(kind):
    found, _ = outcomes(kind, MORE_SEEDS if kind == "districts_exchanged" else SEEDS)
    assert found.total() > 2
    assert 1 - found["missed"] / found.total() >= LEAST_FOUND.get(kind, 1.0)


@pytest.mark.slow
def test_a_spoiled_pack_is_not_published_wrong_in_silence(tmp_path: Path) -> None:
    """The real stages on real files; the whole table is made by `benchmarks.bench_published`."""
    pack = make_pack(tmp_path, 3)
    assert not pack.honest.refused
    assert not {name for name in pack.honest.failed if name.startswith("ledger.")}
    found = {kind: spoil(pack, kind, 3) for kind in ("year_to_date_as_months", "unit_ten_of_an_area", "extent_of_one")}
    assert {kind: case.outcome for kind, case in found.items()} == {
        "year_to_date_as_months": "refused",
        "unit_ten_of_an_area": "warned",
        "extent_of_one": "warned",
    }
    assert spoil(pack, "published_at_once", 3).why == "ledger.publication"


def test_real_months_of_industry_pass():
    """India's index of production as weighted parts of a whole: eleven years with their own seasons."""
    if not REAL.is_file():
        pytest.skip("the real series is not on this machine")
    rows = []
    with REAL.open(encoding="utf-8-sig") as file:
        for cells in csv.reader(file):
            month = re.fullmatch(r"([A-Z][a-z]{2})'(\d\d)", cells[0].strip())
            if month and all(cells[i] for i in (1, 2, 3, 4, 7)):
                when = Month(2000 + int(month[2]), NAMES.index(month[1]) + 1)
                day = when.last_day + dt.timedelta(days=42)
                for (area, weight), column in zip(WEIGHTS.items(), (1, 2, 3, 4, 7), strict=True):
                    value = float(cells[column]) * weight
                    rows.append((area, when.ordinal, when.ordinal, value, "current", day, "", ""))
    assert len(rows) > 600
    ledger = Ledger(pd.DataFrame(rows, columns=list(COLUMNS)))
    results = check_ledger(ledger, list(WEIGHTS)[:-1], "CITY", Params())
    assert [r.name for r in results if not r.passed and r.name != "ledger.publication"] == []
