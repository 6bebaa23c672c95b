"""How evenly output is spread over districts, month by month: Gini and Theil, and Theil within and between groups.

Pure. Every district counts as one, whatever its size. The sums of twelve months are compared, so that neither the
season nor the split of January and February is taken for a change. No interval is given: that of a district does not
say how the errors of two districts hang together.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gvio.types import FloatArray
from gvio.words import marked

_YEAR = 12
EXPLAINED = marked(
    "Of sums of twelve months, every district counted as one. 0: all are equal; Gini goes towards 1, Theil towards the "
    "logarithm of their number, the more a few hold. Theil is the sum of what lies between groups and within them. "
    "Without intervals: the joint error of districts is not published."
)


def balance(estimates: pd.DataFrame, city: str | None, groups: Mapping[str, str]) -> pd.DataFrame:
    """Inequality of districts' output over the months.

    Args:
        estimates: Of the release.
        city: The area that means the whole region, which is no district.
        groups: Of districts, by area_id; districts without one are a group of their own. Empty: no groups.

    Returns:
        A row a month from the twelfth on: month, date, gini, theil, and with groups `between` and `within`, whose sum
        is theil; nowcast where a month of the twelve is one in some district. Empty with fewer than two districts.
    """
    districts = estimates[estimates["area_id"] != city]
    table = districts.pivot(index="month", columns="area_id", values="estimate").sort_index()
    if table.shape[1] < 2 or len(table) < _YEAR:
        return pd.DataFrame({"month": [], "date": [], "gini": [], "theil": [], "nowcast": []})
    sums = table.rolling(_YEAR).sum().iloc[_YEAR - 1 :]
    open_months = (districts["kind"] == "nowcast").groupby(districts["month"]).any().sort_index()
    shares = sums.to_numpy() / sums.sum(axis=1).to_numpy()[:, None]
    whole = theil(shares)
    found = {
        "month": sums.index,
        "date": pd.to_datetime(sums.index + "-01"),
        "gini": gini(shares),
        "theil": whole,
        "nowcast": open_months.astype(float).rolling(_YEAR).max().iloc[_YEAR - 1 :].to_numpy() > 0,
    }
    if groups:
        between = theil_between(shares, [groups.get(str(area), "") for area in table.columns])
        found |= {"between": between, "within": whole - between}
    return pd.DataFrame(found).reset_index(drop=True)


def gini(shares: FloatArray) -> FloatArray:
    """(T,) Gini coefficient of shares (T, D) that sum to one: Σ (2i − D − 1) sᵢ / D, s ascending (Cowell 2011)."""
    ordered = np.sort(shares, axis=1)
    count = shares.shape[1]
    return np.asarray(ordered @ (2 * np.arange(1, count + 1) - count - 1) / count)


def theil(shares: FloatArray) -> FloatArray:
    """(T,) Theil's T of shares (T, D): Σ sᵢ ln(D sᵢ) (Theil 1967)."""
    return _entropy(shares, np.full(shares.shape[1], 1.0 / shares.shape[1]))


def theil_between(shares: FloatArray, groups: list[str]) -> FloatArray:
    """(T,) the part of Theil's T that lies between groups: Σ S ln(S / (n / D)), of a group's share S and its n
    districts (Shorrocks 1984, Econometrica 52:1369–1385).
    """
    kinds, member = np.unique(groups, return_inverse=True)
    sums = np.stack([shares[:, member == kind].sum(axis=1) for kind in range(len(kinds))], axis=1)
    return _entropy(sums, np.bincount(member) / len(groups))


def _entropy(shares: FloatArray, even: FloatArray) -> FloatArray:
    ratio = np.divide(shares, even)
    return np.asarray((shares * np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)).sum(axis=1))
