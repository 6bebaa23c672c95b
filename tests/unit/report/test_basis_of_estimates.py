"""What the page says an estimate stands on, row by row and in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from gvio.report.basis import basis_of, basis_sentence


@pytest.mark.parametrize(
    ("official", "kind", "basis"),
    [(12.0, "fitted", "official"), (np.nan, "fitted", "fitted"), (None, "nowcast", "nowcast")],
)
def test_a_row_stands_on_a_figure_a_sum_or_neither(official: float | None, kind: str, basis: str) -> None:
    assert basis_of(official, kind) == basis


def test_an_official_city_over_nowcasts_is_told_apart() -> None:
    said = basis_sentence("official", ["nowcast"] * 16)
    assert said.startswith("The city's estimate is official")
    assert "all districts are nowcasts" in said


def test_one_basis_for_all_is_said_once() -> None:
    assert basis_sentence("nowcast", ["nowcast"] * 3).count("nowcast") == 1


def test_mixed_districts_are_counted() -> None:
    said = basis_sentence("official", ["nowcast", "official", "official"])
    assert "2 official" in said
    assert "1 nowcast" in said
