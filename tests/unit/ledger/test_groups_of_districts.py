"""A figure of a group of districts is a sum over them: in the matrix and the checks, and in no district's series."""

from __future__ import annotations

import numpy as np
import pytest
from typed_figures import AREAS, FIRST, TRUE, T, honest, ledger_of, row

from gvio.config import Params
from gvio.ledger.checks import check_ledger
from gvio.ledger.rows import GROUP
from gvio.ledger.sums import official_monthly, sums_matrix

GROUPS = {"north": ("A", "C"), "south": ("B", "D")}


def north(factor: float = 1.0) -> list:
    return [row("north", t, t, factor * (TRUE["A"][t] + TRUE["C"][t])) for t in range(T)]


def test_a_figure_of_a_group_sums_over_its_districts() -> None:
    ledger, months = ledger_of([*honest(), *north()]), [FIRST + t for t in range(T)]
    sums = sums_matrix(ledger, AREAS, "CITY", months, GROUPS)
    rows = np.flatnonzero(sums.area == GROUP)
    assert len(rows) == T
    assert {tuple(sums.districts_of(i)) for i in rows} == {(AREAS.index("A"), AREAS.index("C"))}
    alone = official_monthly(ledger_of(honest()), AREAS, "CITY", months)[0]
    np.testing.assert_array_equal(official_monthly(ledger, AREAS, "CITY", months, GROUPS)[0], alone)


@pytest.mark.parametrize(("factor", "required"), [(1.0, None), (1.3, False), (10.0, True)])
def test_a_group_that_contradicts_its_districts_is_named(factor: float, required: bool | None) -> None:
    results = check_ledger(ledger_of([*honest(), *north(factor)]), AREAS, "CITY", Params(), GROUPS)
    (found,) = [result for result in results if result.name == "ledger.group_sum"]
    assert found.passed is (required is None)
    if required is not None:
        assert found.required is required
        assert found.message.startswith("group north: in ")
        assert found.observed["groups"] == ["north"]


def test_without_figures_of_groups_nothing_is_said_of_them() -> None:
    names = {result.name for result in check_ledger(ledger_of(honest()), AREAS, "CITY", Params(), GROUPS)}
    assert "ledger.group_sum" not in names
