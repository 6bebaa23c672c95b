"""What a known-truth world is like: every difficulty of the real one as a number that can be turned."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from gvio.sections import Frozen, parse_section
from gvio.types import Month
from gvio.workdays import known_calendar

LEAST_MONTHS = 13  # one year on year


class WorldSpec(Frozen):
    """A world to simulate. Spreads are standard deviations of logarithms unless said otherwise.

    Defaults give changes of the size planted in the development packs: within-district log output ±0.2, year on year
    ±0.11, district shares year on year ±0.08, a pixel's year on year ±0.17.
    """

    # what and where
    name: str = Field("simulated", pattern=r"^[a-z0-9][a-z0-9-]*$", description="slug of the region")
    title: str = Field("Simulated region (invented light, factories and figures)", description="said on every page")
    bounds: tuple[float, float, float, float] = Field((121.0, 31.0, 121.4, 31.3), description="W, S, E, N degrees")
    area_crs: str = Field("EPSG:32651", description="metric CRS of the pack")
    unit: str = Field("100 million CNY", description="unit of figures")
    product: Literal["vnl-monthly", "vnp46a3", "light-every-night"] = Field(
        "vnl-monthly", description="format of the light"
    )
    first_month: str = Field("2018-01", description="first month, YYYY-MM")
    calendar: str = Field("CN", description="country whose holidays it has, or none; the pack says the same")
    months: int = Field(48, ge=LEAST_MONTHS, description="months of light")
    n_districts: int = Field(8, ge=1, description="invented zones; ignored where real districts are given")
    n_factories: int = Field(400, ge=1, description="factories, mapped or not")
    park_size: int = Field(20, ge=1, description="factories of an industrial park")
    park_spread_px: float = Field(3.0, ge=0, description="how far a park reaches, pixels")
    park_spread_variety: float = Field(0.0, ge=0, description="spread of that over parks")
    park_shyness: float = Field(
        0.3, gt=0, description="light, as a share of the centre's, at half of the appeal to parks"
    )
    least_factories: int = Field(3, ge=1, description="mapped factories every district has for certain")

    # the economy
    city_output: float = Field(2700.0, gt=0, description="typical month of the whole region, in the unit")
    size_spread: float = Field(1.1, ge=0, description="spread of factory sizes (lognormal)")
    sectors: int = Field(4, ge=1, description="industries with their own growth, cycle and elasticity")
    growth: float = Field(0.02, description="trend a year, all sectors")
    growth_spread: float = Field(0.03, ge=0, description="spread of the trend a year, over sectors and over districts")
    district_growth_spread: float | None = Field(None, ge=0, description="that over districts, where it is another")
    sector_cycle: float = Field(0.04, ge=0, description="spread of each sector's persistent cycle")
    district_shock: float = Field(0.07, ge=0, description="spread of each district's persistent shock")
    factory_shock: float = Field(0.13, ge=0, description="spread of each factory's persistent shock")
    factory_persistence: float = Field(0.97, ge=0, lt=1, description="what is left of a factory's shock a month later")
    season: float = Field(0.04, ge=0, description="amplitude of the yearly season")
    season_phase_spread: float = Field(0.5, ge=0, description="spread of its height over sectors, radians (plain)")
    year_end_rush: float = Field(0.02, description="log gain of December, when the year's plan is met")
    new_year_dip: float = Field(
        0.6,
        ge=0,
        lt=1,
        description="share of output lost in the seventeen days around the lunar new year, where it is kept",
    )
    shutdowns_per_year: float = Field(0.02, ge=0, le=1, description="chance a year that a factory stops for 3-9 months")
    births_share: float = Field(0.0, ge=0, le=1, description="share of factories that open within the series")
    closures_share: float = Field(0.0, ge=0, le=1, description="share of factories that close within the series")
    common_shock_month: str | None = Field(None, description="month of a common fall of output, YYYY-MM")
    common_shock: float = Field(0.25, ge=0, lt=1, description="share of output lost in that month; half gone monthly")

    # light against output
    elasticity: float = Field(0.6, ge=0, description="mean elasticity of a factory's light to its output")
    elasticity_spread: float = Field(0.2, ge=0, description="spread of the elasticity over sectors (plain)")
    factory_elasticity_spread: float = Field(0.0, ge=0, description="its spread over factories of a sector (plain)")
    factory_light: float = Field(25.0, gt=0, description="radiance a mean factory adds to its pixel, nW cm-2 sr-1")
    light_size_exponent: float = Field(0.8, ge=0, description="light grows with size to this power")
    efficiency_spread: float = Field(0.4, ge=0, description="spread of the light of factories of one size")
    dark_share: float = Field(0.05, ge=0, le=1, description="share of factories without night light")
    unmapped_share: float = Field(0.1, ge=0, lt=1, description="share of factories that no map knows")
    position_error_m: float = Field(100.0, ge=0, description="standard error of mapped positions, metres, each axis")
    lights_on_share: float = Field(0.3, ge=0, le=1, description="share of shutdowns whose lights stay on")
    common_shock_visible: float = Field(0.1, ge=0, le=1, description="share of the common fall that light shows")
    factory_flicker: float = Field(
        0.08, ge=0, description="monthly spread of a factory's light that output does not explain"
    )
    decoys: int = Field(0, ge=0, description="mapped places in bright spots, with light and no output")
    decoy_light: float = Field(25.0, ge=0, description="radiance one adds to its pixel, nW cm-2 sr-1")

    # all other light, and what hides light
    urban_light: float = Field(40.0, ge=0, description="radiance of the city centre")
    urban_growth: float = Field(0.02, description="growth a year of background light")
    led_share: float = Field(0.2, ge=0, le=1, description="share of urban pixels whose lamps change to LED once")
    led_factor: float = Field(0.8, gt=0, description="what the sensor still sees of them afterwards")
    gain_spread: float = Field(0.03, ge=0, description="monthly gain common to the whole scene")
    gain_drift: float = Field(-0.005, description="drift a year of the sensor's gain")
    stray_light: float = Field(0.3, ge=0, description="stray light at midsummer, nW cm-2 sr-1 (plain)")
    blooming_px: float = Field(0.6, ge=0, description="standard deviation of the point spread, pixels")
    noise: float = Field(0.25, ge=0, description="noise of one observation; a month's falls with the root of its count")
    count_bias: float = Field(0.0, description="log excess of a reading of one observation; falls with their root")
    observations: float = Field(9.0, gt=0, description="cloud-free observations in a typical month")
    cloud_season: float = Field(
        0.7, ge=0, lt=1, description="share of them lost at the height of the rains (June, July)"
    )
    cloud_peak: float = Field(6.7, ge=1, lt=13, description="height of the rains in months, 1.0 begins January")
    cloud_length: float = Field(2.0, gt=0, description="months between the flanks of the rains")
    regime_month: str | None = Field(None, description="month from which processing is another, YYYY-MM")
    regime_level: float = Field(1.0, gt=0, description="factor of all light from then on")
    regime_background: float = Field(0.0, description="added to all light from then on, nW cm-2 sr-1")
    regime_recorded: bool = Field(True, description="whether names of invented files give the processing")

    # what is published
    labels: Literal["rich", "few", "city"] = Field(
        "rich",
        description="rich: all areas monthly; few: half quarterly year-to-date, half annual; city: districts annual",
    )
    reporting_noise: float = Field(0.012, ge=0, description="error of each published figure")
    revised_share: float = Field(0.0, ge=0, le=1, description="share of figures that a later vintage corrects")
    revision_spread: float = Field(0.0, ge=0, description="further error of the first vintage of a revised figure")
    missing_share: float = Field(0.0, ge=0, lt=1, description="share of district figures that never appear")
    districts_end_early: int = Field(0, ge=0, description="months before the end at which district figures stop")

    @field_validator("first_month", "common_shock_month", "regime_month")
    @classmethod
    def _month(cls, value: str | None) -> str | None:
        return None if value is None else str(Month.parse(value))

    @field_validator("calendar", mode="before")
    @classmethod
    def _known_calendar(cls, value: object) -> str:
        return known_calendar(value)

    @property
    def span(self) -> tuple[Month, ...]:
        """Every month of light."""
        return tuple(Month.parse(self.first_month) + i for i in range(self.months))


def parse_spec(text: str, where: str = "world") -> WorldSpec:
    """Parse YAML with fields of the world; absent ones take their defaults.

    Raises:
        ConfigError: Not YAML, an unknown field (the nearest known one is named), or a bad value.
    """
    return parse_section(WorldSpec, text, where)
