"""Names in `scoreboard.json` (contract §3): protocols, models, maps, placebos. Each is written here alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Skill = Literal["proven", "weak", "none"]
"""The model against the best naive forecast."""

SIGNIFICANT = 0.05
"""Below this a p-value is no chance."""

ENOUGH_NATS = 5.0
"""Evidence from which light is believed: more than 150 to one, "very strong" (Kass & Raftery 1995)."""

AS_USED, BLIND = "rolling_origin_as_used", "rolling_origin_blind"
YEAR_OUT = "leave_one_year_out"
LEFT_OUT, CITY_PUBLIC = "leave_one_district_out", "leave_one_district_out_city_public"
PROTOCOLS = (AS_USED, BLIND, YEAR_OUT, LEFT_OUT, CITY_PUBLIC)
"""In the order of reading: the test that decides skill comes first."""

OURS, PLAIN, GONG2025 = "sa-cnn", "plain-cnn", "sa-cnn-paper"
NO_LIGHT = "no-light"
"""Our own assimilation without light: the difference is what light is worth."""

LAST_YEAR_SHARES, SEASONAL_NAIVE, PERSISTENCE = "last-year-shares", "seasonal-naive", "persistence"
NAIVE = (LAST_YEAR_SHARES, SEASONAL_NAIVE, PERSISTENCE)
"""Those that look at no light: the best of them is what a model has to beat."""

LIGHT_SHARES, RIDGE, RANDOM_FOREST = "light-shares", "ridge", "random-forest"

CHOW_LIN, LITTERMAN, DENTON = "chow-lin", "litterman", "denton"
DYNAMIC_FACTORS, AUTO_ETS, BOOSTED = "dynamic-factors", "auto-ets", "gp-boost"
JUDGES = (CHOW_LIN, LITTERMAN, DENTON, DYNAMIC_FACTORS, AUTO_ETS, BOOSTED)
"""What a statistician would use instead, from kept packages (extra `judges`); asked where `evaluate.judges` says so."""

PROPORTIONAL, UNIFORM = "proportional-to-light", "uniform-per-factory"
"""Maps beside ours, which is named `OURS`, too."""

NATIVE = "native"
SCALES_KM = (1.0, 2.0, 5.0)
"""Sides of the blocks on which a map is compared with the truth, beside the native grid."""

TRUE, MONTHS, FACTORIES = "light as it is", "months", "factories"
"""Placebos: light as it is, with its months shuffled, dealt to other factories."""

DISTRICTS, CITY = "districts", "city"
"""Areas whose intervals are measured by horizon."""

HORIZONS: Mapping[str, tuple[int, int]] = {"1": (1, 2), "3": (3, 5), "12": (10, 14), "all": (1, 10**6)}
"""Months ahead at which a figure's period ends, both included. Bands, because single months hold too few figures, and
because January and February are often one figure, which ends two months ahead."""

LEVELS = (50, 80, 95)
"""Of the intervals that are published, in percent."""


def size_name(km: float) -> str:
    """Of a block, as the scores against the truth carry it."""
    return f"{km:g}km"
