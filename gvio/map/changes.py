"""Intervals of changes: by how much the errors of two months of an area hang together.

Both months' half-widths are those that are published (`gvio.map.intervals`), factors and all. What a release of levels
does not say is their correlation: the posterior knows it. For errors a and b of two logarithms with half-widths A, B
and correlation ρ the half-width of their difference is √(A² + B² − 2ρAB), at most A + B.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gvio.map.official import Estimates
from gvio.types import BoolArray, FloatArray, Month

_DIGITS = 4  # of per cent: what nobody sees makes files large


def change_half_widths(
    half: Mapping[int, FloatArray],
    posterior: Mapping[int, FloatArray],
    correlation: FloatArray,
    own: BoolArray,
    back: int,
) -> dict[int, FloatArray]:
    """Half-widths of the logarithm of a change against the month `back` months before, per level (D + 1, T).

    Errors of a published monthly figure are its noise, which no other month shares: there the correlation is 0. What
    widens a month beyond its calibrated posterior (a split that no figure tells, figures that contradict each other) is
    taken as common to two months only where that widens the change.

    Args:
        half: (D + 1, T) per level, of every published month.
        posterior: The same without what widens it beyond the posterior, nowhere wider.
        correlation: (D + 1, T) of the month's error with the earlier one's; NaN where there is no such month.
        own: (D + 1, T) where an area's own monthly figure is public.
        back: Months between the two.

    Returns:
        NaN where there is no earlier month; levels nest.
    """
    alone = own | (_earlier(own.astype(np.float64), back) > 0)
    rho = np.where(alone, np.where(np.isnan(correlation), np.nan, 0.0), correlation)
    out: dict[int, FloatArray] = {}
    least = np.zeros(rho.shape)
    for level in sorted(half):
        wide, narrow = half[level], posterior[level]
        shared = np.where(rho > 0, narrow * _earlier(narrow, back), wide * _earlier(wide, back))
        square = wide**2 + _earlier(wide, back) ** 2 - 2.0 * rho * shared
        least = np.maximum(np.sqrt(np.maximum(square, 0.0)), least)
        out[level] = least
    return out


def changes_table(
    estimates: Estimates,
    half: Mapping[int, Mapping[int, FloatArray]],
    sd: FloatArray,
    correlation: Mapping[int, FloatArray],
    areas: Sequence[str],
    months: Sequence[Month],
) -> pd.DataFrame:
    """The table of `gvio.publish.changes`: a row for every area, month and month it is compared with.

    Args:
        estimates: As published, of `areas`.
        half: `change_half_widths` by months back, levels 80 and 95.
        sd: (D + 1, T) posterior standard deviations.
        correlation: (D + 1, T) by months back.
        areas: Districts, then the city.
        months: (T,).

    Returns:
        Changes and limits in per cent, NaN where the earlier estimate is not positive; `sd` of the logarithm.
    """
    names = [str(month) for month in months]
    parts = []
    for back, widths in half.items():
        rows = len(areas) * max(len(names) - back, 0)
        before = _earlier(estimates.estimate, back)
        ratio = np.divide(estimates.estimate, before, out=np.full(before.shape, np.nan), where=before > 0)
        square = sd**2 + _earlier(sd, back) ** 2 - 2.0 * correlation[back] * sd * _earlier(sd, back)
        values = {
            "change": ratio,
            "lower80": ratio * np.exp(-widths[80]),
            "upper80": ratio * np.exp(widths[80]),
            "lower95": ratio * np.exp(-widths[95]),
            "upper95": ratio * np.exp(widths[95]),
        }
        of_sd = np.sqrt(np.maximum(square, 0.0))[:, back:].ravel()
        parts.append(
            pd.DataFrame(
                {
                    "area_id": np.repeat(areas, max(len(names) - back, 0)),
                    "month": np.tile(names[back:], len(areas)),
                    "since": np.tile(names[: max(len(names) - back, 0)], len(areas)),
                    "months_apart": np.full(rows, back, dtype=np.int64),
                    **{
                        name: np.round(100.0 * (v[:, back:].ravel() - 1.0), _DIGITS) + 0.0 for name, v in values.items()
                    },
                    "sd": np.round(of_sd, _DIGITS + 2),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _earlier(values: FloatArray, back: int) -> FloatArray:
    """(D + 1, T) the value `back` months before; NaN at the start."""
    out = np.full(values.shape, np.nan)
    out[:, back:] = values[:, : max(values.shape[1] - back, 0)]
    return out
