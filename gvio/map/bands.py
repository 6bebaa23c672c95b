"""Names, meanings and units of the bands that are published; loads nothing of what makes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BANDS = ("estimate", "lower80", "upper80", "raw", "adjustment")
"""Descriptions of the bands of a month's grid, in order (contract §3)."""

TREND_BANDS = ("slope", "relative_slope", "p_value")
"""Bands of `trends.tif`: unit per month and year, share of the pixel's mean per year, two-sided significance."""

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "estimate": "industrial output of the pixel in the month, raked to the district's estimate",
        "lower80": "lower limit of the 80 % interval",
        "upper80": "upper limit of the 80 % interval",
        "raw": "the linear map before raking",
        "adjustment": "raking factor of the pixel's district",
        "slope": "seasonal Theil-Sen slope of the pixel's monthly output",
        "relative_slope": "that slope as a share of the pixel's mean",
        "p_value": "two-sided significance of the seasonal Mann-Kendall test; optimistic, as years are not independent",
    }
)
"""What a band holds, in one line."""


def band_units(unit: str) -> tuple[str, ...]:
    """Unit of each of `BANDS`, where that of the region's figures is `unit`: the last one is a factor."""
    return (*(unit,) * (len(BANDS) - 1), "1")


def trend_units(unit: str) -> tuple[str, ...]:
    """As `band_units`, of `TREND_BANDS`."""
    return f"{unit} per month and year", "share of the mean per year", "1"
