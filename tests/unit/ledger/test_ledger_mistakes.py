"""Every check of the ledger fires on what it is for, says how to enter it rightly, and is silent once that is done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mistakes_of_people import CASES
from typed_figures import FIRST, failed, honest, year_to_date, years_of

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_found_and_the_advice_cures_it(name):
    case = CASES[name]
    found = failed(case.wrong)
    assert case.check in found, found
    assert found[case.check].required is case.required
    assert re.search(case.says, found[case.check].message)
    assert "\n" not in found[case.check].message
    if case.right is not None:
        assert failed(case.right) == {}


def test_every_documented_check_of_the_ledger_is_shown_to_fail():
    documented = set(re.findall(r"^\| `(ledger\.\w+)`", (ROOT / "docs" / "checks.md").read_text("utf-8"), re.MULTILINE))
    documented -= {"ledger.former_extents", "ledger.group_sum"}  # test_former_extents.py, test_groups_of_districts.py
    assert documented == {case.check for case in CASES.values()}


def test_an_honest_ledger_passes_whatever_its_periods():
    ytd = {a: [r for r in year_to_date(a, "January", "cumulative") if r[2] % 3 == 2] for a in ("A", "B")}
    assert failed(honest()) == {}
    assert failed(honest(**ytd, C=years_of("C"), D=years_of("D"))) == {}
    assert failed(honest(CITY=[])) == {}


def test_an_opening_is_no_moved_border():
    """A plant of 15 % of its district opens; nobody else loses it."""
    rows = [
        (*r[:3], r[3] * (1.15 if r[0] == "B" and r[1] >= FIRST.ordinal + 36 else 1), *r[4:]) for r in honest(CITY=[])
    ]
    assert failed(rows) == {}
