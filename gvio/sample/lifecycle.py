"""When a factory works."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gvio.types import BoolArray, Month


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
