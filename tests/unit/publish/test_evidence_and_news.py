"""Evidence and news as bytes: read back exactly, equal for equal content, refused when parts do not add up."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from gvio.errors import GateRefused
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.publish.evidence import evidence_objects, read_evidence
from gvio.publish.news import news_parquet, read_news
from gvio.revisions.evidence import Evidence
from gvio.revisions.news import PARTS, News
from gvio.types import Month

MONTHS = (Month(2020, 12), Month(2021, 1), Month(2021, 2))


def evidence(**changes: object) -> Evidence:
    rng = np.random.default_rng(1)
    start = MONTHS[0].ordinal
    rows = [
        ("east", start, start, 1 / 3, "current", dt.date(2021, 1, 2), "s", ""),
        ("CITY", start, start + 1, 2.0, "cumulative", dt.date(2021, 2, 2), "", "x"),
    ]
    light = rng.normal(size=(2, 3))
    light[0, 1] = np.nan
    made = Evidence(
        area_ids=("west", "east"),
        city_id="CITY",
        months=MONTHS,
        groups={"north": ("west", "east")},
        light=light,
        precision=rng.random((2, 3)),
        rough=rng.random(2),
        prior_share=np.array([0.25, 0.75]),
        openings=rng.normal(size=(2, 3)),
        calendar=rng.normal(size=(3, 2)),
        figures=Ledger(pd.DataFrame(rows, columns=list(COLUMNS))),
        hyper={"gain": 0.1 + 0.2, "noise": 1 / 7},
        sensitivity=(1.1, 0.9),
        log_mean=rng.normal(size=(2, 3)),
        seen=("a", "", "c"),
    )
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def test_evidence_is_read_back_to_the_last_bit() -> None:
    made = evidence()
    back = read_evidence(evidence_objects(made))
    for field in dataclasses.fields(Evidence):
        one, other = getattr(made, field.name), getattr(back, field.name)
        if field.name == "figures":
            columns = list(COLUMNS)
            pd.testing.assert_frame_equal(
                one.rows.sort_values(columns).reset_index(drop=True)[columns], other.rows[columns], check_dtype=False
            )
        elif isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other, err_msg=field.name)
        else:
            assert one == other, field.name


def test_the_order_of_figures_in_a_file_does_not_change_the_bytes() -> None:
    made = evidence()
    other = evidence(figures=Ledger(made.figures.rows.iloc[::-1]))
    assert evidence_objects(made) == evidence_objects(other)


def test_evidence_that_is_not_whole_is_no_evidence() -> None:
    objects = evidence_objects(evidence())
    with pytest.raises(KeyError):
        read_evidence({name: data for name, data in objects.items() if name != "figures.parquet"})
    with pytest.raises((KeyError, ValueError)):
        read_evidence(objects | {"evidence.json": b"{}"})


def news(gap: float = 0.0) -> News:
    rng = np.random.default_rng(2)
    parts = {name: rng.normal(0, 0.01, (2, 3)) for name in PARTS}
    return News(("west", "east"), MONTHS, parts, sum(parts.values()) + gap, ("pack", "model"))


def test_news_are_read_back_and_sum_to_the_change() -> None:
    table = read_news(news_parquet(news()))
    assert table.together == ("pack", "model")
    np.testing.assert_allclose(table.rows[list(PARTS)].sum(axis=1), table.rows["change"], atol=1e-15)
    row = table.rows.set_index(["area_id", "month"]).loc[("west", "2021-02")]
    assert row["model"] == news().parts["model"][0, 2]
    assert news_parquet(news()) == news_parquet(news())


@pytest.mark.parametrize("gap", [1e-8, float("nan")])
def test_news_that_do_not_add_up_are_not_published(gap: float) -> None:
    with pytest.raises(GateRefused, match=r"news\.parquet: the parts of the change miss it by up to"):
        news_parquet(news(gap))
