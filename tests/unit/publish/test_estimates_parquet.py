"""estimates.parquet as the contract says: columns, types, every area and month, equal bytes for equal content."""

from __future__ import annotations

import datetime as dt
import io

import numpy as np
import pyarrow.parquet as pq
import pytest

from gvio.errors import GateRefused
from gvio.publish.estimates import estimates_parquet, read_estimates
from gvio.types import Month

FIRST, LAST = Month(2021, 1), Month(2021, 3)


@pytest.fixture
def frame(release_products):
    return release_products()["estimates"]


def encode(frame) -> bytes:
    return estimates_parquet(frame, "CITY", FIRST, LAST, "million CNY")


def test_columns_and_types_are_the_contracts(frame) -> None:
    table = pq.read_table(io.BytesIO(encode(frame)))
    assert [(f.name, str(f.type)) for f in table.schema] == [
        ("area_id", "string"),
        ("month", "string"),
        ("estimate", "double"),
        ("lower80", "double"),
        ("upper80", "double"),
        ("lower95", "double"),
        ("upper95", "double"),
        ("official", "double"),
        ("official_published", "date32[day]"),
        ("kind", "string"),
        ("month_start", "date32[day]"),
    ]
    assert table.schema.metadata == {b"unit": b"million CNY", b"invented": b"false"}


def test_it_reads_back_as_written_with_what_is_not_public_absent(frame) -> None:
    back = read_estimates(encode(frame))
    wanted = frame.sort_values(["area_id", "month"], ignore_index=True)
    np.testing.assert_array_equal(back["estimate"], wanted["estimate"])
    january = back[(back["area_id"] == "east") & (back["month"] == "2021-01")].iloc[0]
    assert january["official"] == january["estimate"]
    assert january["official_published"] == dt.date(2021, 2, 18)
    later = back[back["month"] == "2021-03"]
    assert later["official"].isna().all()
    assert later["official_published"].isna().all()
    assert len(later) == 3


def test_the_order_of_rows_and_further_columns_do_not_change_the_bytes(frame) -> None:
    shuffled = frame.sample(frac=1.0, random_state=3).assign(note="not published")
    assert encode(shuffled) == encode(frame)


def test_no_official_figure_at_all_keeps_the_types(frame) -> None:
    none = frame.assign(official=np.nan, official_published=None, kind="nowcast")
    assert pq.read_schema(io.BytesIO(encode(none))).field("official_published").type == "date32[day]"
    assert read_estimates(encode(none))["official"].isna().all()


def test_a_missing_column_is_refused(frame) -> None:
    with pytest.raises(GateRefused, match=r"estimates.parquet: estimates lack column\(s\) upper95, kind"):
        encode(frame.drop(columns=["upper95", "kind"]))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_figure_that_is_not_finite_is_refused(frame, value) -> None:
    frame = frame.copy()
    frame.loc[4, "lower95"] = value
    with pytest.raises(GateRefused, match=r"1 row\(s\) not finite, the first is west 2021-02"):
        encode(frame)


def test_a_missing_month_is_refused(frame) -> None:
    with pytest.raises(GateRefused, match=r"west has 2 rows, not one for each of the 3 months 2021-01\.\.2021-03"):
        encode(frame.drop(index=4))


def test_a_month_given_twice_is_refused(frame) -> None:
    frame = frame.copy()
    frame.loc[4, "month"] = "2021-01"
    with pytest.raises(GateRefused, match="west has 3 rows, not one for each"):
        encode(frame)


def test_a_table_without_the_city_is_refused(frame) -> None:
    with pytest.raises(GateRefused, match="the city 'CITY' has no row"):
        encode(frame[frame["area_id"] != "CITY"])


def test_an_unknown_kind_is_refused(frame) -> None:
    with pytest.raises(GateRefused, match="unknown kind 'guess'"):
        encode(frame.assign(kind="guess"))
