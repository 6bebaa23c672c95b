"""Why a number changed, in words: the largest part first, nothing claimed where nothing is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gvio.report.news import WORDS, newest_month, news_sentence, news_table, no_news
from gvio.revisions.news import PARTS


def news(**parts: float) -> pd.DataFrame:
    rows = []
    for area, factor in (("E", 1.0), ("W", -2.0)):
        for month in ("2021-01", "2021-02"):
            own = {name: factor * parts.get(name, 0.0) for name in PARTS}
            rows.append({"area_id": area, "month": month, "change": sum(own.values()), **own})
    return pd.DataFrame(rows)


def test_every_part_has_words() -> None:
    assert tuple(WORDS) == PARTS


def test_the_largest_part_comes_first_in_per_cent() -> None:
    said = news_sentence(news(model=0.01, new_figures=-0.03), "E", "2021-02", "East")
    assert said.startswith("East, February 2021: −2.0 % against the release before")
    assert said.index(WORDS["new_figures"]) < said.index(WORDS["model"])
    assert "−3.0 %" in said
    assert "+1.0 %" in said


def test_parts_that_cannot_be_told_apart_are_named_together() -> None:
    said = news_sentence(news(pack=0.05), "E", "2021-02", "East", ("pack", "model"))
    assert f"{WORDS['pack']} and {WORDS['model']} (+5.1 %)" in said


def test_what_did_not_move_is_said_to_stand() -> None:
    assert news_sentence(news(), "E", "2021-01", "East") == "East, January 2021: as in the release before."
    assert "not in the release before" in news_sentence(news(), "E", "2021-03", "East")
    both = news_sentence(news(model=0.02, new_light=-0.02), "E", "2021-02", "East")
    assert both.startswith("East, February 2021: unchanged, most by another model (+2.0 %)")


def test_the_table_has_every_district_once_largest_change_first() -> None:
    frame = news(new_light=0.02)
    table = news_table(frame, newest_month(frame), {"E": "East"})
    assert table[["area_id", "name"]].to_numpy().tolist() == [["W", "W"], ["E", "East"]]
    np.testing.assert_allclose(table["new_light"], 100 * np.expm1([-0.04, 0.02]))
    assert table["sentence"].str.contains("new light").all()


@pytest.mark.parametrize(("name", "word"), [(None, "names none before"), ("2021-01-abc", "2021-01-abc")])
def test_no_news_is_said_with_its_reason(name: str | None, word: str) -> None:
    assert word in no_news(name)
