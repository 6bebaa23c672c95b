"""Numbers for people: a value and its bounds with equal decimals, changes with one kind of minus."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from gvio.words import tr

UNKNOWN = "–"
_MOST_DECIMALS = 3


def level_and_bounds(*values: float) -> tuple[str, ...]:
    """Figures of one quantity with the decimals that show four significant digits of the first, the value itself."""
    decimals = _decimals(abs(values[0]))
    return tuple(level(value, decimals) for value in values)


def level(value: float, decimals: int) -> str:
    """A figure with thousands separators: 12,340; −0.5; "–" where it is not known."""
    return f"{value:z,.{decimals}f}".replace("-", "−") if math.isfinite(value) else UNKNOWN


def decimals_for(values: pd.Series) -> int:
    """Decimals (0..4) that show about four significant digits of a typical value of a column."""
    return _decimals(float(values.abs().median()))


def _decimals(typical: float) -> int:
    if not typical > 0 or not math.isfinite(typical):
        return 0
    return int(np.clip(3 - math.floor(math.log10(typical)), 0, 4))


def measure(unit: str) -> str:
    """A unit as it stands behind a figure: " × 100 million CNY", " million CNY", " 亿元", or nothing."""
    words = tr(unit) if unit else ""
    return f" × {words}" if words[:1].isdigit() else f" {words}" if words else ""


def signed_percent(value: float | None) -> str:
    """A change in per cent with its sign: +2.1 %, −0.4 %, 0.0 % without one; "–" where it is not known."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{_signed(value)} %"


def interval_percent(low: float, high: float) -> str:
    """Bounds of a change: −1.2 to +3.4 %; "–" where one is not known.

    Where both are on one side of zero they have as many decimals, up to three, as show that.
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return UNKNOWN
    decimals = 1
    while decimals < _MOST_DECIMALS and low * high > 0 and round(min(abs(low), abs(high)), decimals) == 0:
        decimals += 1
    return tr("{low} to {high} %", low=_signed(low, decimals), high=_signed(high, decimals))


def _signed(value: float, decimals: int = 1) -> str:
    """Without a sign where it rounds to zero: that would say a direction which the figure does not show."""
    rounded = round(value, decimals)
    return f"{rounded:+.{decimals}f}".replace("-", "−") if rounded else f"{0:.{decimals}f}"
