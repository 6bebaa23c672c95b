"""Counts of a district are means of its pixels; what is not known is not zero, and what was not seen is."""

from __future__ import annotations

import types

import numpy as np
import pytest

from gvio.publish.counts import COUNTS
from gvio.sample.counts import observation_counts
from gvio.types import Month


def test_counts_are_means_over_the_pixels_of_each_district() -> None:
    samples = types.SimpleNamespace(
        area_ids=("A", "B", "C"),
        months=(Month(2021, 1), Month(2021, 2)),
        owner=np.array([[0, 0, -1], [1, 1, 1]]),
        row=np.array([0, 1]),
        col=np.array([0, 2]),
        observations=np.array([[[4, 2, 9], [3, 3, 0]], [[0, 0, 0], [0, 0, 0]]], np.uint16),
        radiance=np.array([[[1, 1, 1], [1, 1, np.nan]], np.full((2, 3), np.nan)]),
        regimes=("vnl/npp/v10/vcmcfg", ""),
    )
    table = COUNTS.read(COUNTS.encoded(observation_counts(samples, "CITY")))  # type: ignore[arg-type]
    rows = table.set_index(["area_id", "month"])
    assert rows["observations"].xs("2021-01", level="month").to_dict() == {"A": 3, "B": 2, "C": 0, "CITY": 12 / 5}
    assert rows.loc[("B", "2021-01"), "seen"] == pytest.approx(2 / 3)
    assert rows.loc[("A", "2021-01"), "factories_seen"] == 1
    assert rows.loc[("CITY", "2021-01"), "factories_seen"] == 0.5
    assert np.isnan(rows.loc[("C", "2021-01"), "factories_seen"])
    assert (rows.xs("2021-02", level="month")["seen"] == 0).all()
    assert rows.loc[("A", "2021-02"), "regime"] == ""
