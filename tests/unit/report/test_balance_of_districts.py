"""Gini and Theil of known shares, and that the parts of Theil add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gvio.report.balance import balance, gini, theil, theil_between


def test_known_shares_have_known_indices() -> None:
    shares = np.array([[0.25, 0.25, 0.25, 0.25], [1.0, 0.0, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]])
    np.testing.assert_allclose(gini(shares), [0, 0.75, 0.25], atol=1e-12)
    np.testing.assert_allclose(theil(shares), [0, np.log(4), 0.1064401], atol=1e-7)
    between = theil_between(shares, ["a", "a", "b", "b"])
    np.testing.assert_allclose(between, [0, np.log(2), 0.3 * np.log(0.6) + 0.7 * np.log(1.4)], atol=1e-12)
    np.testing.assert_allclose(theil_between(shares, list("abcd")), theil(shares), atol=1e-12)


def test_months_are_compared_by_sums_of_twelve() -> None:
    months = pd.period_range("2020-01", periods=14, freq="M").strftime("%Y-%m")
    frames = [
        pd.DataFrame({"area_id": area, "month": months, "estimate": size * (1 + np.arange(14) % 12), "kind": "fitted"})
        for area, size in (("A", 1.0), ("B", 3.0), ("CITY", 4.0))
    ]
    estimates = pd.concat(frames, ignore_index=True)
    estimates.loc[(estimates["area_id"] == "B") & (estimates["month"] == "2021-02"), "kind"] = "nowcast"
    found = balance(estimates, "CITY", {"A": "north", "B": "south"})
    assert found["month"].tolist() == ["2020-12", "2021-01", "2021-02"]
    assert found["gini"].tolist() == pytest.approx([0.25] * 3)
    assert found["between"].tolist() == pytest.approx(found["theil"].tolist())
    np.testing.assert_allclose(found["within"], 0, atol=1e-12)
    assert found["nowcast"].tolist() == [False, False, True]
    assert "between" not in balance(estimates, "CITY", {})
    assert balance(estimates[estimates["month"] < "2020-06"], "CITY", {}).empty
    assert balance(estimates[estimates["area_id"] == "A"], None, {}).empty
