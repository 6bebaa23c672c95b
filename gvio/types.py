"""Nouns of the domain as frozen values. No I/O, no computation beyond the arithmetic of months.

Array conventions everywhere in gvio: rasters are `(month, y, x)` or `(y, x)`, north up; radiance is
nW cm⁻² sr⁻¹ as float32 with NaN where nothing was observed; output is in the pack's `unit`, float64.
"""

from __future__ import annotations

import calendar
import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from odc.geo.geobox import GeoBox  # brings PROJ and GEOS, of which who only names months needs nothing

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.integer[Any]]

ESTIMATE_COLUMNS = ("estimate", "lower80", "upper80", "lower95", "upper95")
"""Columns of numbers in `estimates.parquet`, in the pack's unit."""

_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


@dataclasses.dataclass(frozen=True, order=True)
class Month:
    """A calendar month. `Month.parse("2021-12") + 1 == Month(2022, 1)`; differences are whole months."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1 <= self.year <= 9999):
            raise ValueError(f"not a calendar month: year {self.year}, month {self.month}")

    @classmethod
    def parse(cls, text: str) -> Month:
        """Parse `YYYY-MM`.

        Raises:
            ValueError: `text` is not of that form.
        """
        match = _MONTH.match(text.strip())
        if match is None:
            raise ValueError(f"not a month: {text!r}; write it as YYYY-MM, for example 2021-12")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def from_ordinal(cls, ordinal: int) -> Month:
        """The month whose `ordinal` (months since year 0) is given."""
        return cls(ordinal // 12, ordinal % 12 + 1)

    @property
    def ordinal(self) -> int:
        """Months since year 0: `year * 12 + month - 1`."""
        return self.year * 12 + self.month - 1

    @property
    def first_day(self) -> dt.date:
        """The first of the month."""
        return dt.date(self.year, self.month, 1)

    @property
    def last_day(self) -> dt.date:
        """The last of the month."""
        return dt.date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    def __add__(self, months: int) -> Month:
        return Month.from_ordinal(self.ordinal + months)

    def __sub__(self, other: Month) -> int:
        return self.ordinal - other.ordinal

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def month_range(first: Month, last: Month) -> Iterator[Month]:
    """Months `first`..`last`, both included; empty when `last < first`."""
    return (first + i for i in range(last - first + 1))


@dataclasses.dataclass(frozen=True)
class Provenance:
    """Where a month's pixels came from: enough to fetch and verify the same bytes again."""

    file: str  # official file name, without folder
    sha256: str
    product: str  # vnl-monthly | vnp46a3 | light-every-night
    satellite: str  # npp | j01
    collection: str  # "v10", "001", "002"
    processing: str  # vcmcfg, vcmslcfg, AllAngle_Composite_Snow_Free, …
    stamp: str  # the provider's production stamp; a later stamp of the same month is a newer vintage

    @property
    def regime(self) -> str:
        """What must stay the same for two months to be comparable without correction."""
        return f"{self.product}/{self.satellite}/{self.collection}/{self.processing}"


@dataclasses.dataclass(frozen=True)
class SeenGrid:
    """A grid that a file of a month has: six coefficients of the affine transform, rows and columns, CRS."""

    path: str
    affine: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]
    crs: str


@dataclasses.dataclass(frozen=True)
class SeenMonth:
    """A month as it was read: what its files looked like just before, and every grid in them, in order."""

    month: str
    files: tuple[str, ...]
    grids: tuple[SeenGrid, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class LightMonth:
    """One month of night light on a region's grid.

    `radiance` (y, x) float32, nW cm⁻² sr⁻¹, NaN wherever `valid` is False; `valid` (y, x) bool; `observations`
    (y, x) uint16, cloud-free observations (0 = nothing seen, which is missing, not dark).
    """

    month: Month
    radiance: FloatArray
    valid: BoolArray
    observations: IntArray
    geobox: GeoBox
    provenance: tuple[Provenance, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class LightStack:
    """Consecutive months of light on one grid; a month without a product is all NaN and listed in `missing`.

    `radiance` (month, y, x) float32, nW cm⁻² sr⁻¹, NaN = missing; `observations` (month, y, x) uint16;
    `regime` names per month, "" where missing.
    """

    months: tuple[Month, ...]
    radiance: FloatArray
    observations: IntArray
    geobox: GeoBox
    provenance: tuple[tuple[Provenance, ...], ...]
    missing: tuple[Month, ...]

    @property
    def regimes(self) -> tuple[str, ...]:
        """The processing regime of every month, empty where the month is missing."""
        return tuple(p[0].regime if p else "" for p in self.provenance)


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """The outcome of one check. A failed check with `required` refuses the run; otherwise it is a reported warning.

    Attributes:
        name: Stable, dotted, documented in docs/checks.md, e.g. "light.coverage".
        passed: Whether the expectation held. Checks compute it so that NaN fails.
        required: Whether a failure refuses the run.
        subject: What was looked at: a file, a month, a table.
        message: One line for a person: what was expected, what was found, the next action when it failed.
        observed: The numbers behind the message, JSON-serialisable.
    """

    name: str
    passed: bool
    required: bool
    subject: str
    message: str
    observed: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Switch:
    """Months whose light is another product's, and how it was brought to the level of the others.

    `main` is the product they stand in for; radiance = `offset` + `gain` × that of `product`, learned on
    `common_months`; errors are relative, of a pixel and of a month's sum. Months are `YYYY-MM`.
    """

    main: str
    product: str
    processing: str
    months: tuple[str, ...]
    gain: float
    offset: float
    pixel_error: float
    month_error: float
    common_months: tuple[str, ...]

    def as_document(self) -> dict[str, object]:
        """As manifests and checks hold it."""
        document = dataclasses.asdict(self)
        return {"for": document.pop("main"), **document}


@dataclasses.dataclass(frozen=True)
class Asset:
    """One immutable object of a release, as `manifest.json` lists it; `key` is relative to `<store>/<region>/`."""

    key: str
    sha256: str
    size: int
    media_type: str
    month: str | None = None


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What `releases/<release>/manifest.json` says; written and read by `gvio.publish.manifest` alone.

    Attributes:
        release: Release id, which names the content: `gvio.publish.manifest.release_id`.
        region: Name of the region.
        month: The release's last month.
        objects: Every object of the release, sorted by key.
        inputs: What it was made from, as JSON.
        model: What made it, as JSON.
        code: Version of the code.
        skill: proven, weak, none, or "" when a release of long ago does not say.
        public_until: Latest day of publication among the statistics used (YYYY-MM-DD); None when there are none.
        invented: Whether light, factories or statistics are made up.
        schema_version: Of the document.
    """

    release: str
    region: str
    month: Month
    objects: tuple[Asset, ...] = ()
    inputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    model: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    code: str = ""
    skill: str = ""
    public_until: str | None = None
    invented: bool = False
    schema_version: int = 1

    @property
    def grids(self) -> dict[str, str]:
        """Key of each month's grid, by month (YYYY-MM) ascending."""
        found = {o.month: o.key for o in self.objects if o.month is not None and o.key.startswith("grids/")}
        return dict(sorted(found.items()))


Progress = Callable[[str, int, int], None]
"""Reports long work: label, units done, units in all. Computation takes `Progress | None` and knows no terminal."""
