"""Official sums of January and February, which most offices publish as one figure."""

from __future__ import annotations

import pandas as pd


def public_sums(figures: pd.DataFrame | None) -> pd.DataFrame:
    """The sum of both months for every area and year that has one, newest publication.

    Args:
        figures: `figures.parquet` of a release: area_id, start, end (YYYY-MM), value, published; None without one.

    Returns:
        Columns area_id, month (the January) and value.
    """
    if figures is None:
        return pd.DataFrame({"area_id": [], "month": [], "value": []})
    january = figures["start"].str.endswith("-01")
    both = january & (figures["end"] == figures["start"].str.slice(0, 5) + "02")
    rows = figures[both].sort_values("published", kind="stable").drop_duplicates(["area_id", "start"], keep="last")
    return rows.rename(columns={"start": "month"})[["area_id", "month", "value"]].reset_index(drop=True)
