"""Named worlds: what they set apart from the defaults of `WorldSpec`. Every field stays settable beside them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import yaml

from gvio.simulate.spec import WorldSpec, parse_spec

_CLEAN: Mapping[str, Any] = {
    "elasticity": 0.8,
    "elasticity_spread": 0.1,
    "dark_share": 0.02,
    "unmapped_share": 0.0,
    "position_error_m": 40.0,
    "factory_flicker": 0.04,
    "led_share": 0.05,
    "gain_spread": 0.02,
    "stray_light": 0.0,
    "observations": 14.0,
    "cloud_season": 0.3,
}

_HARD: Mapping[str, Any] = {
    "elasticity": 0.5,
    "elasticity_spread": 0.25,
    "factory_elasticity_spread": 0.2,
    "dark_share": 0.15,
    "unmapped_share": 0.2,
    "decoys": 25,
    "position_error_m": 200.0,
    "factory_flicker": 0.12,
    "lights_on_share": 0.5,
    "common_shock_month": "2020-02",
    "births_share": 0.05,
    "closures_share": 0.05,
    "urban_growth": 0.04,
    "led_share": 0.4,
    "gain_spread": 0.05,
    "gain_drift": -0.01,
    "stray_light": 0.6,
    "blooming_px": 0.9,
    "observations": 6.0,
    "cloud_season": 0.85,
    "count_bias": 0.1,
    "regime_month": "2019-07",
    "regime_level": 1.08,
    "regime_background": 0.3,
    "revised_share": 0.1,
    "revision_spread": 0.02,
    "missing_share": 0.03,
}

_MILD: Mapping[str, Any] = {
    **_CLEAN,
    "sectors": 1,
    "size_spread": 0.7,
    "growth": 0.03,
    "growth_spread": 0.02,
    "district_growth_spread": 0.01,
    "sector_cycle": 0.12,
    "district_shock": 0.09,
    "factory_shock": 0.1,
    "season": 0.15,
    "season_phase_spread": 0.0,
    "new_year_dip": 0.2,
    "shutdowns_per_year": 0.0,
    "elasticity": 1.0,
    "elasticity_spread": 0.0,
    "factory_flicker": 0.02,
    "urban_growth": 0.03,
    "led_share": 0.2,
    "gain_spread": 0.08,
    "stray_light": 0.3,
    "observations": 8.0,
}

_SPIKE_IN: Mapping[str, Any] = {
    "n_districts": 8,
    "n_factories": 500,
    "park_size": 40,
    "park_spread_px": 1.85,
    "park_spread_variety": 0.65,
    "park_shyness": 0.6,
    "least_factories": 9,
    "city_output": 3000.0,
    "growth": 0.05,
    "growth_spread": 0.012,
    "district_growth_spread": 0.045,
    "district_shock": 0.078,
    "factory_shock": 0.134,
    "factory_persistence": 0.937,
    "season": 0.035,
    "season_phase_spread": 0.0,
    "year_end_rush": 0.08,
    "shutdowns_per_year": 0.0,
    "elasticity": 0.8,
    "elasticity_spread": 0.0,
    "factory_light": 11.0,
    "dark_share": 0.0,
    "unmapped_share": 0.0,
    "position_error_m": 0.0,
    "factory_flicker": 0.08,
    "blooming_px": 0.9,
}

_NO_INFORMATION: Mapping[str, Any] = {"elasticity": 0.0, "elasticity_spread": 0.0, "dark_share": 1.0}

PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"mild": _MILD, "clean": _CLEAN, "hard": _HARD, "spike-in": _SPIKE_IN, "no-information": _NO_INFORMATION}
)
"""mild: districts move much alike and with the season, so that naive forecasts are good; light shows every
factory equally, under a noisy gain. clean: light follows output well. hard: all disturbances at once, each of a
plausible size. spike-in: as the development packs were planted on real light; needs a base. no-information: factories
are dark, all light is the city's.
"""


def preset_spec(name: str, **fields: Any) -> WorldSpec:
    """The preset with some fields set otherwise.

    Args:
        name: A key of `PRESETS`.
        fields: Fields of `WorldSpec`, such as `labels="few"`.

    Raises:
        ConfigError: An unknown field or a bad value.
        KeyError: An unknown preset.
    """
    return parse_preset(name, yaml.safe_dump(fields) if fields else "")


def parse_preset(name: str, text: str, where: str = "world") -> WorldSpec:
    """As `parse_spec`, with the preset's values where `text` gives none.

    Raises:
        ConfigError: As `parse_spec`.
        KeyError: An unknown preset.
    """
    return parse_spec(f"{yaml.safe_dump(dict(PRESETS[name]))}\n{text}", where)
