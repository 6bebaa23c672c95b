"""Parts of an estimate as people read them: against the district's own mean, multiplied, and in one sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gvio.report.reasons import MOVING, light_table, moving_parts, reason_sentence

MONTHS = ["2021-01", "2021-02", "2021-03"]


def frame() -> pd.DataFrame:
    quiet = {name: [0.0, 0.0, 0.0] for name in ("season", "calendar", "common", "own", "light", "believed")}
    harbour = quiet | {"season": [0.3, 0.2, 0.1], "calendar": [0.0, -0.3, 0.0], "light": [0.0, -0.05, 0.0]}
    harbour |= {"believed": [0.0, 0.5, 0.9]}
    rows = [
        pd.DataFrame({"area_id": area, "month": MONTHS, "level": 5.0, **parts})
        for area, parts in {"D1": harbour, "D2": quiet}.items()
    ]
    return pd.concat(rows, ignore_index=True)


def test_parts_are_against_their_own_mean_and_multiply_to_the_total() -> None:
    parts = moving_parts(frame().sample(frac=1.0, random_state=1), "D1")
    assert parts["month"].tolist() == MONTHS
    assert parts["season"].tolist() == pytest.approx(100 * np.expm1([0.1, 0.0, -0.1]))
    product = np.prod([1 + parts[name] / 100 for name in MOVING], axis=0)
    np.testing.assert_allclose(product, 1 + parts["total"] / 100)
    assert parts["light"].tolist() == pytest.approx([0.0, 100 * np.expm1(-0.05), 0.0])


def test_the_sentence_names_the_largest_part_first_and_leaves_out_the_small() -> None:
    sentence = reason_sentence(moving_parts(frame(), "D1"), "2021-01", "Harbour")
    assert sentence == (
        "In January 2021, Harbour is 22.1 % above its own mean: season +10.5 %, holidays and working days +10.5 %. "
        "Light did not move it; it settled almost nothing of what the figures leave open."
    )
    sentence = reason_sentence(moving_parts(frame(), "D1"), "2021-02", "Harbour")
    assert sentence == (
        "In February 2021, Harbour is 18.1 % below its own mean: holidays and working days −18.1 %. "
        "Light moved it by −4.9 %; it settled about half of what the figures leave open."
    )


def test_where_nothing_moves_the_sentence_says_so() -> None:
    sentence = reason_sentence(moving_parts(frame(), "D2"), "2021-03", "Marsh")
    assert sentence.startswith("In March 2021, Marsh is at its own mean, and no part of it stands out. Light did not")


@pytest.mark.parametrize(("share", "words"), [(0.0, "almost nothing"), (0.2, "little"), (0.5, "half"), (1.0, "most")])
def test_belief_is_put_into_words(share: float, words: str) -> None:
    parts = moving_parts(frame().assign(believed=share), "D1")
    assert f"{words} of what the figures leave open" in reason_sentence(parts, "2021-01", "Harbour")


def test_a_month_or_district_without_explanation_is_said() -> None:
    assert reason_sentence(moving_parts(frame(), "D1"), "2030-01", "Harbour") == (
        "Nothing is said about Harbour in January 2030."
    )
    assert moving_parts(frame(), "D9").empty


def test_the_table_of_light_has_the_most_moved_first() -> None:
    table = light_table(frame(), {"D1": "Harbour"})
    assert table["name"].tolist() == ["Harbour", "D2"]
    assert table["moved"].tolist() == pytest.approx([-100 * np.expm1(-0.05) / 3, 0.0])
    assert table["believed"].tolist() == pytest.approx([1.4 / 3, 0.0])
