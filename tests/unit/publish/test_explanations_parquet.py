"""explanations.parquet: columns, units, every district and month, equal bytes for equal content."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from gvio.errors import GateRefused
from gvio.publish.explanations import VALUES, explanations_frame, explanations_parquet, read_explanations
from gvio.types import Month

FIRST, LAST = Month(2021, 1), Month(2021, 3)


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return explanations_frame(
        {name: rng.standard_normal((2, 3)) for name in VALUES}, ["east", "west"], [FIRST, FIRST + 1, LAST]
    )


def encode(frame: pd.DataFrame) -> bytes:
    return explanations_parquet(frame, FIRST, LAST)


def test_rows_are_districts_by_months_in_the_order_of_the_arrays() -> None:
    why = {name: np.arange(6.0).reshape(2, 3) + 10 * i for i, name in enumerate(VALUES)}
    rows = explanations_frame(why, ["east", "west"], [FIRST, FIRST + 1, LAST]).set_index(["area_id", "month"])
    assert rows.loc[("west", "2021-02"), "level"] == 4
    assert rows.loc[("east", "2021-03"), "light"] == 52


def test_columns_and_types(frame: pd.DataFrame) -> None:
    table = pq.read_table(io.BytesIO(encode(frame)))
    values = ["level", "season", "calendar", "common", "own", "light", "believed"]
    expected = [("area_id", "string"), ("month", "string"), *((name, "double") for name in values)]
    expected += [("month_start", "date32[day]")]
    assert [(f.name, str(f.type)) for f in table.schema] == expected


def test_it_reads_back_as_written(frame: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(read_explanations(encode(frame)), frame)


def test_the_order_of_rows_and_further_columns_do_not_change_the_bytes(frame: pd.DataFrame) -> None:
    assert encode(frame.sample(frac=1.0, random_state=3).assign(note="not published")) == encode(frame)


def test_a_missing_column_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(GateRefused, match=r"explanations.parquet: explanations lack column\(s\) own, light"):
        encode(frame.drop(columns=["own", "light"]))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused(frame: pd.DataFrame, value: float) -> None:
    frame.loc[4, "own"] = value
    with pytest.raises(GateRefused, match=r"1 row\(s\) not finite, the first is west 2021-02"):
        encode(frame)


def test_a_missing_month_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(GateRefused, match=r"west has 2 rows, not one for each of the 3 months 2021-01\.\.2021-03"):
        encode(frame.drop(index=4))
