"""The predicted revision: a band that holds 80 % of what an estimate will change within a year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gvio.assimilate.foresight import Foresight
from gvio.map.intervals import gaussian_half_width
from gvio.types import FloatArray

LEVEL = 80
LEARNED, RETRAINED, LEAST = 1.4, 0.06, 0.004
"""Factor on the variance that the year to come settles if the model is right, which no model quite is; share of what is
not known today by which the next models differ from this one; and a least standard deviation. Chosen on 17 worlds so
that 80 % of revisions are held, at all ages, and measured on others: docs/revisions.md."""


def half_widths(foresight: Foresight) -> FloatArray:
    """(D + 1, T) half-width of the logarithm, the city last: what a year of light, figures and training will change."""
    variance = LEARNED * foresight.learned**2 + RETRAINED * foresight.now**2 + LEAST**2
    return np.asarray(gaussian_half_width(LEVEL) * np.sqrt(variance))


def band_frame(half: FloatArray, areas: list[str], months: list[str]) -> pd.DataFrame:
    """`area_id`, `month`, `revision80` from half-widths (D + 1, T); `areas` with the city last."""
    keys = {"area_id": np.repeat(areas, len(months)), "month": np.tile(months, len(areas))}
    return pd.DataFrame({**keys, "revision80": half.ravel()})
