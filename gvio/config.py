"""Frozen configuration: the region pack's `region.yaml` and the scientific parameters of `params.yaml`.

Parses text handed to it, opens nothing. Unknown keys are refused and the nearest known key is named.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from gvio.sections import Frozen, parse_section
from gvio.spellings import Crs, Encoding, Text
from gvio.types import Month
from gvio.workdays import DEFAULT, known_calendar

ProductName = Literal["vnl-monthly", "vnp46a3", "light-every-night"]
OFFICIAL = "official"
INVENTED = (
    "INVENTED DATA: at least factories and official statistics are simulated. Nothing here describes the real place."
)


class NtlConfig(Frozen):
    """Which night light, and where it lies. Keys that are not given leave the configuration's hash as it was."""

    product: ProductName = Field(description="the night-light product; a list names its fallbacks after it")
    source: str = Field(description="folder relative to the pack, absolute folder, s3:// prefix, or 'official'")
    fallback: tuple[ProductName, ...] = Field(
        (), description="products that stand in for months the first has not", exclude_if=lambda value: not value
    )
    variant: str | None = Field(
        None, description="which of an official product's series", exclude_if=lambda value: value is None
    )

    @model_validator(mode="before")
    @classmethod
    def _list(cls, data: Any) -> Any:
        """`product: [a, b]` is `product: a, fallback: [b]`."""
        if not isinstance(data, dict) or not isinstance(data.get("product"), list):
            return data
        if "fallback" in data or not data["product"]:
            raise ValueError("name fallbacks either in the list of product or under fallback, after one product")
        return {**data, "product": data["product"][0], "fallback": data["product"][1:]}

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len(set(self.products)) < len(self.products):
            raise ValueError(f"a product is named twice in {list(self.products)}")
        if self.variant is not None and self.source != OFFICIAL:
            raise ValueError(f"variant {self.variant!r} is for source: official; of other sources the files decide")
        return self

    @property
    def products(self) -> tuple[str, ...]:
        """The product and its fallbacks, in order of preference."""
        return (self.product, *self.fallback)


_UNSAID: Any = {"default": None, "exclude_if": lambda value: value is None}  # leaves the configuration's hash as it was
_CRS = "coordinates, where they are not what the file says: wgs84, gcj02, bd09, an authority's code or WKT"
_ENCODING = "encoding of the text, where it is neither UTF-8 nor GB18030"
_LAYER = "layer of a file that has several"


class ExtentChange(Frozen):
    """Districts that merged, split or exchanged land: the former ones together are the present ones together."""

    until: str = Field(description="last month of the former extents, YYYY-MM")
    former: tuple[str, ...] = Field(min_length=1, description="area_ids of the figures up to that month")
    now: tuple[str, ...] = Field(min_length=1, description="districts that cover the same land since")

    @field_validator("until")
    @classmethod
    def _month(cls, value: str) -> str:
        return str(Month.parse(value))

    @field_validator("former", "now")
    @classmethod
    def _each_once(cls, areas: tuple[str, ...]) -> tuple[str, ...]:
        twice = [area for i, area in enumerate(areas) if area in areas[:i]]
        if twice:
            raise ValueError(f"{twice[0]!r} stands there twice")
        return areas

    @property
    def last(self) -> Month:
        """`until` as a value."""
        return Month.parse(self.until)


class DistrictsConfig(Frozen):
    """The vector file of districts and its columns."""

    path: str = Field(description="vector file relative to the pack; any format pyogrio opens")
    crs: Crs | None = Field(description=_CRS, **_UNSAID)
    encoding: Encoding | None = Field(description=_ENCODING, **_UNSAID)
    layer: str | None = Field(description=_LAYER, **_UNSAID)
    id: str = Field("district_id", description="column with the unique district id")
    name: str = Field("name", description="column with the name people read")
    group: str | None = Field(None, description="optional column with a group, e.g. north / south")
    changes: tuple[ExtentChange, ...] = Field(
        (), description="districts whose extent changed inside the series", exclude_if=lambda value: not value
    )


class FactoriesConfig(Frozen):
    """The table of factories and its coordinates."""

    path: str = Field(description="CSV, GeoParquet or GeoPackage with point or polygon factories")
    crs: Crs = Field("wgs84", description="wgs84, gcj02, bd09, an authority's code such as EPSG:32651, or WKT")
    encoding: Encoding | None = Field(description=_ENCODING, **_UNSAID)
    layer: str | None = Field(description=_LAYER, **_UNSAID)
    category: str | None = Field(None, description="keep only categories that start with this path")


class UrbanConfig(Frozen):
    """The optional mask of urban land."""

    path: str = Field(description="GeoTIFF (1 urban, 0 rural) or vector file of urban polygons")
    crs: Crs | None = Field(description=_CRS, **_UNSAID)
    encoding: Encoding | None = Field(description=_ENCODING, **_UNSAID)
    layer: str | None = Field(description=_LAYER, **_UNSAID)


class StatisticsConfig(Frozen):
    """The ledger of official figures."""

    path: str = Field(description="CSV ledger of published sums")
    encoding: Encoding | None = Field(description=_ENCODING, **_UNSAID)
    series: str | None = Field(None, description="keep only rows of this series (rows without a series are kept)")


class RegionConfig(Frozen):
    """`region.yaml` (contract §1)."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="slug: lower case letters, digits, hyphens")
    title: Text
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north, WGS84 degrees")
    area_crs: str = Field(pattern=r"^EPSG:\d+$", description="metric CRS for buffers and areas")
    first_month: str = Field(description="first month of the series, YYYY-MM")
    unit: Text = Field(description="unit of statistics, estimates and grids (per pixel and month)")
    ntl: NtlConfig
    districts: DistrictsConfig
    city_id: str = Field(description="area_id that means the union of all districts")
    factories: FactoriesConfig
    urban: UrbanConfig | None = None
    statistics: StatisticsConfig
    invented: bool = Field(
        False, description="factories or statistics are simulated; said everywhere", exclude_if=lambda value: not value
    )
    # What a pack means that names none leaves the configuration's hash as it was, named or not.
    calendar: str | None = Field(
        None, description="country of the holidays package, or none", exclude_if=lambda value: value in (None, DEFAULT)
    )

    @field_validator("calendar", mode="before")
    @classmethod
    def _known_calendar(cls, value: Any) -> str | None:
        return None if value is None else known_calendar(value)

    @field_validator("first_month")
    @classmethod
    def _month(cls, value: str) -> str:
        return str(Month.parse(value))

    @model_validator(mode="after")
    def _box(self) -> Self:
        west, south, east, north = self.bounds
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError(f"bounds {list(self.bounds)} are not west < east, south < north in degrees")
        return self

    @property
    def start(self) -> Month:
        """`first_month` as a value."""
        return Month.parse(self.first_month)

    @property
    def working_calendar(self) -> str:
        """`calendar`, or what is assumed where the pack names none."""
        return self.calendar or DEFAULT


class SampleParams(Frozen):
    """How buffers and patches are cut."""

    radii_m: tuple[float, ...] = Field((500.0, 1000.0, 2000.0), description="buffer radii in metres, ascending")
    patch_px: int = Field(9, ge=5, le=33, description="side of the CNN patch in pixels, odd")
    min_observations: int = Field(1, ge=1, description="cloud-free observations a pixel needs to count as seen")

    @model_validator(mode="after")
    def _shape(self) -> Self:
        if list(self.radii_m) != sorted(set(self.radii_m)) or not self.radii_m or self.radii_m[0] <= 0:
            raise ValueError(f"radii_m must be positive and ascending, got {list(self.radii_m)}")
        if self.patch_px % 2 == 0:
            raise ValueError(f"patch_px must be odd so that the factory is the centre, got {self.patch_px}")
        return self


class ModelParams(Frozen):
    """Architecture and optimisation of the SA-CNN ensemble."""

    channels: int = Field(8, ge=1, description="feature maps of each convolution")
    dynamic_px: int = Field(5, ge=5, le=33, description="side of the anomaly patch in pixels, odd")
    seeds: int = Field(3, ge=1, description="members of the ensemble; each leaves out every seeds-th year")
    epochs: int = Field(15, ge=1, description="optimisation steps over the whole ledger when training from scratch")
    finetune_epochs: int = Field(12, ge=1, description="steps when fine-tuning the champion")
    learning_rate: float = Field(0.01, gt=0)
    weight_decay: float = Field(0.05, ge=0)
    seed: int = Field(20140101, ge=0, description="root seed of everything random")
    hyper_months: int = Field(96, ge=24, description="months from whose figures and light the prior is learned")

    @model_validator(mode="after")
    def _odd(self) -> Self:
        if self.dynamic_px % 2 == 0:
            raise ValueError(f"dynamic_px must be odd so that the factory is the centre, got {self.dynamic_px}")
        return self


class EvaluateParams(Frozen):
    """The scoreboard's folds."""

    origins: int = Field(
        3, ge=1, description="rolling origins, one each January, the last with a year of figures after"
    )
    horizon_months: int = Field(24, ge=1, description="months scored after an origin")
    members: int = Field(2, ge=1, description="members of the ensemble trained at each origin")
    district_folds: int = Field(
        4, ge=2, description="groups of districts left out in turn; up to twice as many districts go one by one"
    )
    min_train_months: int = Field(24, ge=13, description="an origin needs this many months before it")
    judges: bool = Field(
        False, description="ask at every origin the methods of a statistician, too (pip install 'gvio[judges]')"
    )


class MapParams(Frozen):
    """How district estimates are spread over pixels."""

    pooled_months: int = Field(24, ge=1, description="months pooled in the linear relation of light to output")


class ValidateParams(Frozen):
    """Thresholds of the checks."""

    min_coverage: float = Field(0.5, gt=0, le=1, description="share of factory pixels seen in the target month")
    max_missing_share: float = Field(0.25, ge=0, le=1, description="share of months that may be missing in the history")
    unit_factor: float = Field(20.0, gt=1, description="a figure off its area's median by this factor is refused")
    max_radiance: float = Field(50000.0, gt=0, description="nW cm-2 sr-1; beyond is not night light")


class Params(Frozen):
    """Every scientific parameter; `params.yaml` is the one place to change them."""

    sample: SampleParams = SampleParams()
    model: ModelParams = ModelParams()
    evaluate: EvaluateParams = EvaluateParams()
    map: MapParams = MapParams()
    validate_: ValidateParams = Field(ValidateParams(), alias="validate")

    model_config = ConfigDict(populate_by_name=True)


def parse_region(text: str, where: str = "region.yaml") -> RegionConfig:
    """Parse `region.yaml`.

    Raises:
        ConfigError: Not YAML, an unknown key (the nearest known one is named), or a bad value.
    """
    return parse_section(RegionConfig, text, where, once=True)


def parse_params(text: str, where: str = "params.yaml") -> Params:
    """Parse `params.yaml`; absent keys take their defaults.

    Raises:
        ConfigError: As for `parse_region`.
    """
    return parse_section(Params, text, where, once=True)


def digest(config: BaseModel) -> str:
    """Hash (16 hex digits) of a configuration's content, independent of key order and defaults left out."""
    text = json.dumps(config.model_dump(mode="json", by_alias=True), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
