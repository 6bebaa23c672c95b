"""Seasonal adjustment of a series: STL of its logarithm (Cleveland et al. 1990, J. Official Statistics 6(1):3–73).

Pure. The robust form with statsmodels' implementation, period 12, a season that may change over thirteen years of the
same month. What it cannot do is told beside the chart: the lunar new year moves between January and February, so that
only their sum is adjusted well; working days are not taken out; the newest months are revised as later ones arrive.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gvio.types import ESTIMATE_COLUMNS, FloatArray

LEAST_MONTHS = 36
"""Fewer than three years say of no month what is usual in it."""
_PERIOD, _SEASON = 12, 13


def adjusted(rows: pd.DataFrame) -> pd.DataFrame:
    """A `gvio.report.tables.series` without its season; bounds and figures are divided by the same season, whose own
    error is left out.

    Empty where there are fewer than `LEAST_MONTHS` or a month has no output.
    """
    values = rows["estimate"].to_numpy(dtype=np.float64)
    if len(values) < LEAST_MONTHS or not (values > 0).all():
        return rows.iloc[:0]
    factor = np.exp(-_season(np.log(values)))
    factor = factor * values.sum() / (values * factor).sum()  # all months together stay what they are
    columns = [*ESTIMATE_COLUMNS, "official"]
    return rows.assign(**{name: rows[name].astype(np.float64) * factor for name in columns})


def _season(log: FloatArray) -> FloatArray:
    """(T,) the season of a logarithm."""
    from statsmodels.tsa.seasonal import STL  # a second, which only who asks for this form waits for

    season: FloatArray = np.asarray(STL(log, period=_PERIOD, seasonal=_SEASON, robust=True).fit().seasonal)
    return season
