import numpy as np
import pandas as pd
import pytest

from gvio.errors import GateRefused
from gvio.types import Month
from gvio.validate.gate import refuse_failed
from gvio.validate.grids import check_grids, figures_of, look_at_grid, sum_districts
from gvio.validate.product import check_estimates, check_jumps

AREAS = ("A", "B")
MONTHS = (Month(2021, 11), Month(2021, 12))


def _estimates() -> pd.DataFrame:
    rows = []
    for t, month in enumerate(MONTHS):
        values = {"A": 10.0 + t, "B": 20.0 + t}
        values["CITY"] = sum(values.values())
        for area, value in values.items():
            limits = (value * 0.9, value * 1.1, value * 0.8, value * 1.2)
            rows.append((area, str(month), value, *limits, value if t == 0 else np.nan))
    names = ["area_id", "month", "estimate", "lower80", "upper80", "lower95", "upper95", "official"]
    return pd.DataFrame(rows, columns=names)


def _check(table: pd.DataFrame):
    return {r.name: r for r in check_estimates(table, AREAS, "CITY", MONTHS)}


def _failures(results) -> set[str]:
    return {name for name, r in results.items() if not r.passed}


def test_sound_estimates_pass():
    results = _check(_estimates())
    assert _failures(results) == set()
    assert len(results) == 8


def test_an_absent_a_doubled_and_an_unexpected_row_are_named():
    table = _estimates()
    table.loc[0, "area_id"] = "Z"
    table = pd.concat([table, table.iloc[[5]]])
    result = _check(table)["product.complete"]
    assert not result.passed
    assert "A 2021-11 absent" in result.message
    assert "Z 2021-11 unexpected" in result.message
    assert "CITY 2021-12 twice" in result.message


def test_an_empty_table_passes_nothing_that_counts():
    failures = _failures(_check(_estimates().iloc[:0]))
    assert {"product.complete", "product.finite", "product.city_sum"} <= failures


@pytest.mark.parametrize("column", ["estimate", "lower95", "upper80"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_figure_that_is_not_finite_is_refused_and_named(column, value):
    table = _estimates()
    table.loc[4, column] = value
    results = _check(table)
    assert "B 2021-12" in results["product.finite"].message
    with pytest.raises(GateRefused, match=r"\[product.finite\] expected finite figures; found 1 row not finite"):
        refuse_failed(list(results.values()))


def test_zero_and_negative_estimates_are_refused():
    table = _estimates()
    table.loc[0, "estimate"] = 0.0
    table.loc[1, "lower95"] = -1.0
    assert "2 rows at or below zero: A 2021-11, B 2021-11" in _check(table)["product.positive"].message


def test_a_district_without_industry_may_be_zero_and_no_other():
    table = _estimates().drop(columns="official")
    table.loc[table["area_id"] == "B", table.columns[2:]] = 0.0
    table.loc[table["area_id"] == "CITY", table.columns[2:]] = table.loc[
        table["area_id"] == "A", table.columns[2:]
    ].values
    results = check_estimates(table, AREAS, "CITY", MONTHS, without_industry=["B"])
    assert [r.name for r in results if not r.passed] == []
    results = check_estimates(table, AREAS, "CITY", MONTHS, without_industry=["A"])
    assert [r.name for r in results if not r.passed] == ["product.positive"]
    grids = _grids()
    for grid in grids.values():
        grid[:4, :, 2:4] = 0.0
    results = _looked_at(grids, table, _industry())
    assert [r.name for r in results if not r.passed] == []


def test_crossed_intervals_are_refused():
    table = _estimates()
    table.loc[3, "lower80"] = table.loc[3, "lower95"] - 1
    results = _check(table)
    assert _failures(results) == {"product.intervals"}
    assert "A 2021-12" in results["product.intervals"].message


def test_a_city_that_is_not_the_sum_of_its_districts_is_refused():
    table = _estimates()
    table.loc[5, ["estimate", "upper80"]] *= 1.0 + 2e-6
    results = _check(table)
    assert _failures(results) == {"product.city_sum"}
    assert "months beyond: 2021-12" in results["product.city_sum"].message


@pytest.mark.parametrize("factor", [1.3, 0.7, np.inf])
def test_an_official_figure_outside_its_interval_is_refused(factor):
    """The city public at 100 beside 92 with limits of 89.9 and 94.2 must not be published."""
    table = _estimates()
    table.loc[2, "official"] *= factor
    held = _check(table)["product.official_held"]
    assert not held.passed
    assert held.required
    assert "1 of 3 outside: CITY 2021-11" in held.message


def test_an_official_figure_at_its_limit_is_held_and_without_any_nothing_is_wrong():
    table = _estimates()
    table.loc[2, "official"] = table.loc[2, "upper95"] * (1 + 1e-13)
    assert _check(table)["product.official_held"].passed
    assert _check(table.drop(columns="official"))["product.official_held"].passed


def test_one_official_figure_missed_is_a_warning_and_half_of_them_a_refusal():
    table = _estimates()
    table.loc[0, "official"] *= 1.15
    one = _check(table)
    assert _failures(one) == {"product.official_each"}
    assert not one["product.official_each"].required
    assert "1 of 3 beyond: A 2021-11" in one["product.official_each"].message
    table.loc[1, "official"] *= 1.15
    half = _check(table)
    assert _failures(half) == {"product.official_each", "product.official"}
    assert half["product.official"].required


def test_without_public_figures_there_is_nothing_to_honour():
    table = _estimates()
    table["official"] = None
    assert _failures(_check(table)) == set()


def test_a_jump_against_the_last_release_is_a_warning_that_names_both_figures():
    before = _estimates()
    before.loc[0, "estimate"] = 2.0
    (result,) = check_jumps(_estimates(), before, factor=2.0)
    assert (result.name, result.passed) == ("product.jump", False)
    assert not result.required
    assert "1 of 6 beyond: A 2021-11 2 → 10" in result.message


@pytest.mark.parametrize("value", [np.nan, 0.0, -1.0])
def test_a_last_figure_that_cannot_be_compared_is_a_jump(value):
    before = _estimates()
    before.loc[0, "estimate"] = value
    (result,) = check_jumps(_estimates(), before, factor=2.0)
    assert not result.passed


def test_the_first_release_and_a_new_month_do_not_jump():
    assert check_jumps(_estimates(), None, factor=2.0)[0].passed
    before = _estimates().iloc[:3]
    assert check_jumps(_estimates(), before, factor=1.01)[0].passed


SHAPE = (5, 6)


def _owner() -> np.ndarray:
    owner = np.full(SHAPE, -1)
    owner[:, :2], owner[:, 2:4] = 0, 1
    return owner


def _industry() -> np.ndarray:
    industry = np.zeros(SHAPE, dtype=bool)
    industry[1:4, 0], industry[2, 3] = True, True
    return industry


def _grids() -> dict[Month, np.ndarray]:
    grids = {}
    for t, month in enumerate(MONTHS):
        estimate = np.where(_owner() >= 0, 0.0, np.nan)
        estimate[1:4, 0], estimate[2, 3] = (10.0 + t) / 3, 20.0 + t
        factor = np.where(_owner() >= 0, 1.25, np.nan)
        bands = [estimate, estimate * 0.8, estimate * 1.3, estimate / 1.25, factor]
        grids[month] = np.stack(bands).astype(np.float32)
    return grids


def _check_grids(grids, industry=None):
    return {r.name: r for r in _looked_at(grids, _estimates(), _industry() if industry is None else industry)}


def _looked_at(grids, table, industry):
    places = np.broadcast_to(industry, (len(grids), *SHAPE))
    figures = figures_of(table)
    seen = [
        look_at_grid(month, grid, figures, _owner(), AREAS, place)
        for (month, grid), place in zip(grids.items(), places, strict=True)
    ]
    return check_grids(seen, AREAS)


def test_sound_grids_pass_in_float32():
    results = _check_grids(_grids())
    assert _failures(results) == set()
    assert 0 < results["grid.sums"].observed["largest_relative_difference"] < 1e-6


@pytest.mark.parametrize(
    ("band", "pixel", "value", "failures"),
    [
        (0, (0, 0), np.nan, {"grid.finite", "grid.sums"}),
        (0, (1, 0), np.inf, {"grid.finite", "grid.sums"}),
        (3, (1, 0), np.nan, {"grid.finite"}),
        (0, (0, 5), 1.0, {"grid.outside", "grid.industry"}),
        (1, (1, 0), -1.0, {"grid.negative"}),
        (3, (1, 0), -1.0, {"grid.negative"}),
        (3, (0, 0), 1.0, {"grid.industry"}),
        (2, (1, 0), 0.5, {"grid.intervals"}),
        (0, (1, 0), 3.34, {"grid.sums"}),
    ],
)
def test_each_fault_of_a_pixel_is_refused_by_its_own_check(band, pixel, value, failures):
    grids = _grids()
    grids[MONTHS[0]][band][pixel] = value
    results = _check_grids(grids)
    assert _failures(results) == failures
    assert all(results[name].required and "2021-11" in results[name].message for name in failures)


def test_industry_may_differ_from_month_to_month():
    closed = np.stack([_industry(), _industry()])
    closed[1, 2, 3] = False
    results = _check_grids(_grids(), closed)
    assert _failures(results) == {"grid.industry"}
    assert "1 grid otherwise: 2021-12 (1 pixel)" in results["grid.industry"].message


def test_a_month_without_an_estimate_and_no_grid_at_all_are_refused():
    grids = {Month(2022, 1): _grids()[MONTHS[0]]}
    assert "2022-01 A, 2022-01 B" in _check_grids(grids)["grid.sums"].message
    assert _failures(_check_grids({}, np.zeros((0, *SHAPE), dtype=bool))) == {"grid.sums"}


def test_sums_over_districts_accumulate_in_double_precision():
    grid = np.full((1000, 1000), 0.1, dtype=np.float32)
    owner = np.zeros(grid.shape, dtype=np.int16)
    assert sum_districts(grid, owner, 2) == pytest.approx([1e6 * float(np.float32(0.1)), 0.0], rel=1e-12)
