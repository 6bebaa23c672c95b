"""TEMP: replaced by the fold cache of the evaluate branch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gvio.evaluate.fold import Fit
from gvio.run.artifacts import Sampled
from gvio.train.fit import Fitted

if TYPE_CHECKING:
    from gvio.run.context import Context


def kept_fits(context: Context, sampled: Sampled, whole: Fitted) -> Fit:
    """No cache yet."""

    def fit(name: str, make: Callable[[], Fitted]) -> Fitted:
        return make()

    return fit
