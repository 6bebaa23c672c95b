"""The predicted revision: a band that holds 80 % of what an estimate will change within a year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gvio.map.intervals import gaussian_half_width
from gvio.types import FloatArray

LEVEL = 80


def half_widths(sd: FloatArray) -> FloatArray:
    """Half-width of the logarithm, of the shape of `sd`: what a year of light and figures will change.

    Args:
        sd: (D + 1, T) from `gvio.assimilate.foresight.revision_sd`.
    """
    return gaussian_half_width(LEVEL) * sd


def band_frame(half: FloatArray, areas: list[str], months: list[str]) -> pd.DataFrame:
    """`area_id`, `month`, `revision80` from half-widths (D + 1, T); `areas` with the city last."""
    keys = {"area_id": np.repeat(areas, len(months)), "month": np.tile(months, len(areas))}
    return pd.DataFrame({**keys, "revision80": half.ravel()})
