"""The districts' sum against the city: what moves it alone is named, what moves both or always is not."""

from __future__ import annotations

import numpy as np
import pytest
from typed_figures import AREAS, honest, ledger_of, scaled_year, years_of

from gvio.ledger.against_city import tabulate
from gvio.ledger.pieces import cut_pieces
from gvio.ledger.sum_moves import check_sum_moves

YEARLY = {area: years_of(area) for area in AREAS}


def judged(rows):
    pieces = cut_pieces(ledger_of(rows))
    return check_sum_moves(tabulate(pieces, AREAS, "CITY"), pieces)


@pytest.mark.parametrize("factor", [0.1, 0.5, 1.4, 2.0, 10.0])
@pytest.mark.parametrize("at", [0, 24, 48])
@pytest.mark.parametrize("area", AREAS)
def test_one_figure_of_years_is_named_at_either_end_too(area, at, factor):
    rows = honest(**{**YEARLY, area: scaled_year(area, factor, at)})
    result = judged(rows)
    assert not result.passed
    assert not result.required
    assert result.observed["areas"] == [area]
    wrong = [line for line, (given, right) in enumerate(zip(rows, honest(**YEARLY), strict=True), 2) if given != right]
    assert result.observed["lines"] == wrong


def test_an_old_extent_of_one_district_is_named_by_its_rows():
    rows = honest(
        **{**YEARLY, "C": [(*r[:3], r[3] * (0.6 if i < 2 else 1), *r[4:]) for i, r in enumerate(YEARLY["C"])]}
    )
    result = judged(rows)
    assert result.observed["areas"] == ["C"]
    assert len(result.observed["lines"]) == 2


def test_what_is_in_the_city_as_well_is_no_mistake():
    """A plant opens: the district doubles for good, and the city has it."""
    gain = {t: 1.0 * r[3] for t, r in enumerate(YEARLY["C"]) if t >= 3}
    district = [(*r[:3], r[3] + gain.get(i, 0.0), *r[4:]) for i, r in enumerate(YEARLY["C"])]
    city = [(*r[:3], r[3] + gain.get(i, 0.0), *r[4:]) for i, r in enumerate(years_of("CITY"))]
    assert judged(honest(**{**YEARLY, "C": district, "CITY": city})).passed


@pytest.mark.parametrize("scope", [0.94, 1.06, 1.5])
def test_a_steady_scope_is_no_movement(scope):
    city = [(*r[:3], r[3] * scope, *r[4:]) for r in years_of("CITY")]
    assert judged(honest(**YEARLY, CITY=city)).passed


def test_errors_of_every_figure_are_no_movement():
    rng = np.random.default_rng(1)
    rows = [(*r[:3], r[3] * np.exp(rng.normal(0, 0.02)), *r[4:]) for r in honest(**YEARLY)]
    assert judged(rows).passed


def test_too_few_periods_say_nothing():
    assert judged([r for r in honest(**{**YEARLY, "A": scaled_year("A", 2, 0)}) if r[1] < 24204 + 36]).passed
