"""Districts' figures beside their factories and light: what is told, what cannot be, and what is no mistake."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from typed_figures import NUMBER, SIZES, SMALL, ledger_of, row, small_districts

from gvio.ledger.cross_section import DistrictSizes, check_against_factories, compare, typical_levels
from gvio.ledger.pieces import cut_pieces


def judged(rows, sizes=SIZES):
    return check_against_factories(cut_pieces(ledger_of(rows)), SMALL, "CITY", sizes)


def test_honest_districts_pass_and_everything_can_be_told():
    result = judged(small_districts())
    assert result.passed
    assert not result.required
    assert result.observed["untold"] == []


@pytest.mark.parametrize("factor", [10.0, 0.1, 1 / 12, 100.0])
@pytest.mark.parametrize("area", ["S0", "S5", "S9"])
def test_a_district_far_off_is_named_with_its_factor_and_lines(area, factor):
    result = judged(small_districts(**{area: factor}))
    assert not result.passed
    assert not result.required
    assert result.observed["areas"] == [area]
    assert len(result.observed["lines"]) == 5
    told = float(result.message.split("are ")[1].split(" times")[0])
    assert abs(np.log(told) - abs(np.log(factor))) < 0.8


def test_growth_and_other_years_are_no_difference():
    """A district with figures of the last year only, in a region that grew to three times its size."""
    grown = [(*r[:3], r[3] * 3 ** ((r[1] - 24204) / 48), *r[4:]) for r in small_districts()]
    late = [r for r in grown if r[0] != "S9" or r[1] >= 24204 + 48]
    assert judged(late).passed
    levels = [typical_levels(cut_pieces(ledger_of(rows)), SMALL, "CITY") for rows in (late, grown)]
    assert levels[0] - levels[0].mean() == pytest.approx(levels[1] - levels[1].mean(), abs=0.2)


def test_a_weight_explains_large_factories():
    weight = NUMBER * np.where(np.array(SMALL) == "S9", 10.0, 1.0)
    light = SIZES.light * np.where(np.array(SMALL) == "S9", 8.0, 1.0)
    rows = small_districts(S9=10.0)
    assert judged(rows, DistrictSizes(NUMBER, weight, light)).passed


@pytest.mark.parametrize("measure", ["weight", "light"])
def test_one_measure_alone_does_not_accuse(measure):
    value = getattr(SIZES, measure) * np.where(np.array(SMALL) == "S9", 10.0, 1.0)
    assert judged(small_districts(S9=10.0), dataclasses.replace(SIZES, **{measure: value})).passed


@pytest.mark.parametrize("light", [np.nan, 0.0, -3.0])
def test_without_light_the_factories_alone_are_asked(light):
    sizes = DistrictSizes(NUMBER, NUMBER, np.full(len(SMALL), light))
    assert judged(small_districts(), sizes).passed
    assert judged(small_districts(S9=10.0), sizes).observed["areas"] == ["S9"]


def test_districts_that_differ_too_much_are_said_to_be_no_measure():
    apart = dict(zip(SMALL, np.exp(np.linspace(-3, 3, len(SMALL))), strict=True))
    result = judged(small_districts(**apart))
    assert result.passed
    assert set(result.observed["untold"]) == set(SMALL)
    assert "differ too much" in result.message


def test_few_districts_are_not_judged():
    result = judged([r for r in small_districts(S0=10.0) if r[0] in SMALL[:5]])
    assert result.passed
    assert "not judged" in result.message


def test_a_district_without_figures_or_factories_is_left_out():
    rows = [*(r for r in small_districts(S9=10.0) if r[0] != "S3"), row("CITY", 0, 11, 12 * NUMBER.sum())]
    sizes = DistrictSizes(np.r_[0.0, NUMBER[1:]], np.r_[0.0, NUMBER[1:]], np.r_[np.nan, SIZES.light[1:]])
    assert judged(rows, sizes).observed["areas"] == ["S9"]


def test_the_spread_is_the_others_own():
    ratio = np.r_[np.linspace(-0.5, 0.5, 10), 9.0]
    found = compare(ratio, np.zeros(11), np.full(11, 50.0))
    alone = compare(ratio[:10], np.zeros(10), np.full(10, 50.0))
    assert found.off[-1] == pytest.approx(9.0)
    assert found.spread[-1] < 1.0
    assert np.isfinite(alone.off).all()
