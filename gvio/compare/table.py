"""The comparators by the names they carry in `scoreboard.json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from gvio.compare.known import CompareInput
from gvio.compare.learned import random_forest, ridge
from gvio.compare.light_shares import light_share_change
from gvio.compare.naive import last_year_shares, persistence, seasonal_naive
from gvio.errors import ModelError
from gvio.scoreboard.names import LAST_YEAR_SHARES, LIGHT_SHARES, PERSISTENCE, RANDOM_FOREST, RIDGE, SEASONAL_NAIVE
from gvio.types import FloatArray, Progress

COMPARATORS: Mapping[str, Callable[[CompareInput], FloatArray]] = {
    LAST_YEAR_SHARES: last_year_shares,
    SEASONAL_NAIVE: seasonal_naive,
    PERSISTENCE: persistence,
    LIGHT_SHARES: light_share_change,
    RIDGE: ridge,
    RANDOM_FOREST: random_forest,
}


def predict_all(
    given: CompareInput, progress: Progress | None = None, names: tuple[str, ...] = tuple(COMPARATORS)
) -> dict[str, FloatArray]:
    """Paths of the named comparators: name → (D, T) float64, finite and > 0, known months included.

    Raises:
        ModelError: Nothing is known at all, or a comparator gave a value that is not finite and positive.
    """
    out = {}
    for done, name in enumerate(names):
        out[name] = require_positive(name, COMPARATORS[name](given))
        if progress is not None:
            progress("compare", done + 1, len(names))
    return out


def require_positive(name: str, path: FloatArray) -> FloatArray:
    """`path` itself.

    Raises:
        ModelError: A value is not finite and positive.
    """
    good = np.isfinite(path) & (np.where(np.isfinite(path), path, 0.0) > 0)
    if not good.all():
        what = f"{int((~good).sum())} of {path.size} values are not finite and positive"
        raise ModelError(what, where=f"comparator {name}", hint="Check the figures and the light of the fold.")
    return path
