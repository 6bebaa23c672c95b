"""January and February of a chart as one: their split is a model's guess wherever only their sum is public."""

from __future__ import annotations

import numpy as np
import pandas as pd

_LEVELS = ("estimate", "lower80", "upper80", "lower95", "upper95")


def january_with_february(rows: pd.DataFrame) -> pd.DataFrame:
    """A `gvio.report.tables.series` in which both months show the mean of the two, so that their sum is kept.

    The bounds are the means of the bounds: as wide as the interval of the mean can be, whatever the two months' errors
    have to do with each other. Official figures are shown as the mean where both months have one, else not at all. A
    month without the other is left alone.
    """
    month = rows["month"].str.slice(5, 7)
    pair = rows["month"].str.slice(0, 4).where(month.isin(["01", "02"]))
    both = pair.map(pair.value_counts()) == 2
    means = rows[both].groupby(pair[both])[list(_LEVELS)].transform("mean")
    joined = rows.astype(dict.fromkeys(_LEVELS, np.float64)).copy()
    joined.loc[both, list(_LEVELS)] = means
    official = rows[both].groupby(pair[both])["official"].transform(lambda values: values.mean(skipna=False))
    joined["official"] = rows["official"].astype(np.float64)
    joined.loc[both, "official"] = official.astype(np.float64)
    return joined
