"""When a factory works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gvio.types import BoolArray, FloatArray, IntArray, Month


def active_months(opened: Sequence[Any], closed: Sequence[Any], months: Sequence[Month]) -> BoolArray:
    """Months in which each factory works: from `opened` to `closed`, both included; no `Month` is an open end.

    Args:
        opened: (F,) Month, or None/NaN when it always worked.
        closed: (F,) Month, or None/NaN when it still works.
        months: (T,) months.

    Returns:
        (F, T) bool.
    """
    start = np.array([m.ordinal if isinstance(m, Month) else -1 for m in opened], dtype=np.int64)
    end = np.array([m.ordinal if isinstance(m, Month) else 10**6 for m in closed], dtype=np.int64)
    now = np.array([m.ordinal for m in months], dtype=np.int64)
    return np.asarray((start[:, None] <= now) & (now <= end[:, None]))


def openings(weight: FloatArray, active: BoolArray, district: IntArray, n_areas: int) -> FloatArray:
    """(D, T) log of the weight of a district's working factories, about its own mean; 0 in months when none works.

    Args:
        weight: (F,) weights of factories.
        active: (F, T) months in which they work.
        district: (F,) index of their districts.
        n_areas: D.
    """
    member = (district == np.arange(n_areas)[:, None]).astype(np.float64)
    total = member @ (weight[:, None] * active)
    works = total > 0
    logarithm = np.log(np.where(works, total, 1.0))
    mean = logarithm.sum(axis=1, keepdims=True) / np.maximum(works.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.where(works, logarithm - mean, 0.0))
