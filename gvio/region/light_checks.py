"""Places of a pack beside the light: what only the two together tell."""

from __future__ import annotations

from pathlib import Path

from gvio.config import RegionConfig
from gvio.region.datum import factories_and_light
from gvio.region.pack import Places
from gvio.region.urban import check_urban_mask
from gvio.types import CheckResult, LightStack


def check_against_light(config: RegionConfig, places: Places, stack: LightStack) -> tuple[CheckResult, ...]:
    """Factories beside their light, by a shift of China's map services; an urban mask that is not the brighter land.

    Raises:
        ConfigError, PackError: As `gvio.region.urban.read_urban`.
    """
    factories = factories_and_light(places.factories, stack, config, Path(config.factories.path).name)
    return (*factories, *check_urban_mask(places, stack))
