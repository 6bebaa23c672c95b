"""Months and the other nouns of `gvio.types`."""

import datetime as dt

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from gvio.types import CheckResult, LightStack, Month, Provenance, month_range

MONTHS = st.builds(Month, st.integers(100, 9000), st.integers(1, 12))


@given(month=MONTHS, step=st.integers(-1000, 1000))
def test_adding_months_and_subtracting_months_undo_each_other(month: Month, step: int):
    later = month + step
    assert later - month == step
    assert later + -step == month
    assert (later > month) == (step > 0)
    assert Month.from_ordinal(later.ordinal) == later


@given(month=MONTHS)
def test_writing_and_parsing_a_month_undo_each_other(month: Month):
    assert Month.parse(str(month)) == month
    assert Month.parse(f"  {month}\n") == month


def test_a_month_after_december_is_january():
    assert Month.parse("2021-12") + 1 == Month(2022, 1)
    assert Month(2022, 1) + -1 == Month(2021, 12)
    assert str(Month(814, 3)) == "0814-03", "sorts as text as it does as a month"
    assert Month(2021, 12).ordinal == 2021 * 12 + 11


@pytest.mark.parametrize("text", ["2021-13", "2021-00", "2021-1", "202112", "2021-12-01", "", "2021/12", "21-12"])
def test_what_is_not_a_month_is_named(text: str):
    with pytest.raises(ValueError, match=rf"not a month: '{text}'; write it as YYYY-MM, for example 2021-12"):
        Month.parse(text)


@pytest.mark.parametrize(("year", "month"), [(2021, 0), (2021, 13), (0, 1), (10_000, 1), (2021, float("nan"))])
def test_a_month_outside_the_calendar_is_refused(year, month):
    with pytest.raises(ValueError, match=f"not a calendar month: year {year}, month {month}"):
        Month(year, month)


@pytest.mark.parametrize(("text", "days"), [("2020-02", 29), ("2021-02", 28), ("1900-02", 28), ("2021-12", 31)])
def test_a_month_knows_its_days(text: str, days: int):
    month = Month.parse(text)
    assert (month.last_day - month.first_day).days + 1 == days
    assert month.last_day + dt.timedelta(days=1) == (month + 1).first_day


def test_a_range_holds_both_ends_and_may_be_empty():
    spelled = [str(m) for m in month_range(Month(2021, 11), Month(2022, 2))]
    assert spelled == ["2021-11", "2021-12", "2022-01", "2022-02"]
    assert list(month_range(Month(2021, 11), Month(2021, 11))) == [Month(2021, 11)]
    assert list(month_range(Month(2021, 11), Month(2021, 10))) == []


def test_the_regime_tells_satellites_collections_and_processings_apart_but_not_vintages():
    one = Provenance("a.tif", "0", "vnl-monthly", "npp", "v10", "vcmcfg", "c1")
    assert one.regime == "vnl-monthly/npp/v10/vcmcfg"
    assert Provenance("b.tif", "1", "vnl-monthly", "npp", "v10", "vcmcfg", "c2").regime == one.regime
    others = {
        Provenance("a.tif", "0", "vnp46a3", "npp", "v10", "vcmcfg", "c1").regime,
        Provenance("a.tif", "0", "vnl-monthly", "j01", "v10", "vcmcfg", "c1").regime,
        Provenance("a.tif", "0", "vnl-monthly", "npp", "002", "vcmcfg", "c1").regime,
        Provenance("a.tif", "0", "vnl-monthly", "npp", "v10", "vcmslcfg", "c1").regime,
    }
    assert len(others | {one.regime}) == 5


def test_a_missing_month_of_a_stack_has_no_regime():
    source = (Provenance("a.tif", "0", "vnl-monthly", "npp", "v10", "vcmcfg", "c1"),)
    box = GeoBox((1, 1), Affine(1, 0, 0, 0, -1, 0), "EPSG:4326")
    months = tuple(month_range(Month(2020, 1), Month(2020, 2)))
    cube = np.zeros((2, 1, 1), np.float32)
    stack = LightStack(months, cube, cube.astype(np.uint16), box, (source, ()), (months[1],))
    assert stack.regimes == ("vnl-monthly/npp/v10/vcmcfg", "")


def test_a_check_without_numbers_has_an_empty_mapping_of_its_own():
    one, other = (CheckResult("a.b", True, True, "s", "m") for _ in range(2))
    assert one.observed == {}
    assert one.observed is not other.observed
