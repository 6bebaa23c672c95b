"""How many digits of a pixel are published: one part in a thousand, and sums of districts as exact as before.

A float32 holds seven digits, of which all beyond the first few are noise that no program compresses. What is rounded
keeps its leading binary digits, so the error is relative: small pixels keep as many as large ones.
"""

from __future__ import annotations

import numpy as np

from gvio.types import FloatArray, IntArray

RELATIVE_ERROR = 2.0**-10
"""The most by which a published pixel differs from the computed one, relative."""

_LIMITS, _SUMMED = 9, 10  # binary digits behind the leading one: half a unit of the last of 9, a whole one of 10


def round_pixels(values: FloatArray) -> FloatArray:
    """Values ≥ 0 of any shape to within `RELATIVE_ERROR`, half to even; order is kept, 0 and NaN stay."""
    return np.asarray(np.rint(values / _unit(values, _LIMITS)) * _unit(values, _LIMITS))


def round_shares(values: FloatArray, district: IntArray) -> FloatArray:
    """Round pixels to within `RELATIVE_ERROR` so that every district's sum stays, to one part in 10⁷ (float32).

    Each pixel passes its rounding error to the next larger one of its district (error diffusion); the largest keeps all
    of its digits and takes what is left.

    Args:
        values: (P,) finite, ≥ 0.
        district: (P,) index of the district of each pixel.

    Returns:
        (P,) float64 of float32 precision; 0 stays 0.
    """
    order = np.lexsort((values, district))
    order = order[values[order] > 0]
    if not order.size:
        return np.zeros(len(values))
    ascending, owner = values[order], district[order]
    last = np.append(np.diff(owner) != 0, True)
    first = np.append(True, last[:-1])
    unit = _unit(ascending, _SUMMED)
    running = np.cumsum(ascending)
    before = (running - ascending)[first][np.cumsum(first) - 1]  # sum of the districts before
    reached = np.where(last, running - before, np.rint((running - before) / unit) * unit)
    rounded = np.diff(reached, prepend=0.0)
    rounded[first] = reached[first]
    # A pixel below the precision of its district's sum would be lost in it: it is rounded by itself.
    astray = ~last & ~(np.abs(rounded - ascending) <= unit)
    rounded[astray] = np.rint(ascending[astray] / unit[astray]) * unit[astray]
    out = np.zeros(len(values))
    out[order] = rounded.astype(np.float32)
    return out


def _unit(values: FloatArray, digits: int) -> FloatArray:
    """What the last of `digits` binary digits behind the leading one is worth; 1 for 0."""
    _, exponent = np.frexp(values)
    return np.asarray(np.ldexp(1.0, np.where(values > 0, exponent - 1 - digits, 0)))
