"""TEMP: replaced by the fold cache of the evaluate branch."""

from __future__ import annotations

from collections.abc import Callable

from gvio.evaluate.fold import Fit
from gvio.run.artifacts import Sampled
from gvio.run.context import Context
from gvio.train.fit import Fitted


def kept_fits(context: Context, sampled: Sampled, whole: Fitted) -> Fit:
    """No cache yet."""

    def fit(name: str, make: Callable[[], Fitted]) -> Fitted:
        return make()

    return fit
