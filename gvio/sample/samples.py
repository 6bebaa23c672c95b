"""What the sampling step hands to training and mapping, and its one file."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy.sparse import csr_array

from gvio.errors import SAME_OPTIONS, InputRefused
from gvio.types import BoolArray, FloatArray, IntArray, Month
from gvio.workdays import DEFAULT

# Raise it when a field is added or changes its meaning: older files are then refused, not misread.
_VERSION = 2  # 1: gaps of the statistics were filled with later months' light
_TEXTS = ("area_ids", "factory_ids", "categories", "statistic_names", "regimes")
_ARRAYS = ("district", "weight", "row", "col", "active", "light", "seen", "background", "statistics")
_GRIDS = ("city_statistics", "region_light", "radiance", "observations", "owner", "urban", "density")


@dataclasses.dataclass(frozen=True, eq=False)
class Samples:
    """Light at factories, districts and pixels. F factories, T months, D districts, R radii, P = y·x pixels.

    Radiance is nW cm⁻² sr⁻¹; NaN is "not observed" everywhere, and a month without a product is a NaN column.
    """

    months: tuple[Month, ...]
    area_ids: tuple[str, ...]  # D districts, in the order of every district axis
    factory_ids: tuple[str, ...]
    categories: tuple[str, ...]  # of every factory, "" where the pack names none
    radii_m: tuple[float, ...]
    geobox: GeoBox
    district: IntArray  # (F,) index into area_ids
    weight: FloatArray  # (F,) float64, mean 1
    row: IntArray  # (F,) pixel of the factory's representative point
    col: IntArray  # (F,)
    active: BoolArray  # (F, T) opened..closed, both included
    light: FloatArray  # (R, F, T) float64 mean radiance over the shared buffer
    seen: FloatArray  # (R, F, T) float64 share of the buffer's weight that was observed
    background: FloatArray  # (F, T) float64 mean radiance of the ring between smallest and largest radius
    footprint: csr_array  # (F, P) float64 shared coverage of the smallest buffer inside the own district; rows > 0
    statistics: FloatArray  # (D, T, S) float64 mean log1p radiance, gaps as they are (`gvio.sample.statistics`)
    city_statistics: FloatArray  # (T, S)
    region_light: FloatArray  # (T,) float64 mean log1p radiance of every pixel
    statistic_names: tuple[str, ...]
    radiance: FloatArray  # (T, y, x) float32
    observations: IntArray  # (T, y, x) uint16
    owner: IntArray  # (y, x) int16 index into area_ids, −1 outside
    urban: FloatArray  # (y, x) float32 share, 1 urban
    density: FloatArray  # (y, x) float32 factories per km²
    regimes: tuple[str, ...]  # per month, "" where missing
    urban_derived: bool  # the mask comes from the light, not from the pack
    calendar: str = DEFAULT  # whose holidays the months have: a country's two letters, or "none"


_MONTH_AXIS = {
    "active": 1, "light": 2, "seen": 2, "background": 1, "statistics": 1, "city_statistics": 0, "region_light": 0,
    "radiance": 0, "observations": 0,
}  # fmt: skip


def first_months(samples: Samples, n: int) -> Samples:
    """The same region when only the first `n` months were known: later light and openings are not there at all.

    Factories that open later stay in the list, with their places and weights, and never work.
    """
    if n >= len(samples.months):
        return samples
    cut = {name: getattr(samples, name)[(slice(None),) * axis + (slice(n),)] for name, axis in _MONTH_AXIS.items()}
    return dataclasses.replace(samples, **cut, months=samples.months[:n], regimes=samples.regimes[:n])


def sealed(samples: Samples) -> Samples:
    """The same samples, in whose arrays nobody can write any more: what is made of them is kept by their content."""
    for name in _ARRAYS + _GRIDS:
        array = getattr(samples, name)
        array.flags.writeable = False
        if isinstance(array.base, np.ndarray):  # what was read is a view of its memory
            array.base.flags.writeable = False
    return samples


def begins_with(longer: Samples, samples: Samples) -> bool:
    """Whether `samples` are `first_months` of `longer`, or of what that was cut from: they share its very memory."""
    alike = (getattr(longer, name) is getattr(samples, name) for name in ("row", "col", "district", "weight", "urban"))
    return (
        len(samples.months) <= len(longer.months)
        and all(alike)
        and all(
            one.__array_interface__["data"] == other.__array_interface__["data"]
            for one, other in ((longer.radiance, samples.radiance), (longer.observations, samples.observations))
        )
    )


def samples_bytes(samples: Samples) -> bytes:
    """One uncompressed npz without pickles; the same samples give the same bytes."""
    affine = np.array(tuple(samples.geobox.affine)[:6], dtype=np.float64)
    parts: dict[str, Any] = {
        "version": np.array(_VERSION),
        "months": np.array([m.ordinal for m in samples.months], dtype=np.int64),
        "radii_m": np.array(samples.radii_m, dtype=np.float64),
        "affine": affine,
        "crs": np.array(str(samples.geobox.crs)),
        "urban_derived": np.array(samples.urban_derived),
        "calendar": np.array(samples.calendar),
        "footprint_data": samples.footprint.data,
        "footprint_indices": samples.footprint.indices,
        "footprint_indptr": samples.footprint.indptr,
    }
    parts |= {name: np.array(getattr(samples, name), dtype=np.str_) for name in _TEXTS}
    parts |= {name: getattr(samples, name) for name in _ARRAYS + _GRIDS}
    sink = io.BytesIO()
    np.savez(sink, **parts)
    return sink.getvalue()


def read_samples(data: bytes) -> Samples:
    """Read what `samples_bytes` wrote.

    Raises:
        InputRefused: Damaged, or of another version.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            parts = dict(kept.items())
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _refused(f"samples cannot be read ({type(error).__name__})") from None
    version = int(parts["version"]) if "version" in parts else None
    if version != _VERSION:
        raise _refused(f"samples of version {version}, this program reads {_VERSION}")
    return _assembled(parts)


def _assembled(parts: dict[str, npt.NDArray[Any]]) -> Samples:
    values: dict[str, Any] = {name: parts[name] for name in _ARRAYS + _GRIDS}
    values |= {name: tuple(str(text) for text in parts[name]) for name in _TEXTS}
    height, width = parts["owner"].shape
    triple = tuple(parts[f"footprint_{name}"] for name in ("data", "indices", "indptr"))
    return Samples(
        months=tuple(Month.from_ordinal(int(o)) for o in parts["months"]),
        radii_m=tuple(float(r) for r in parts["radii_m"]),
        geobox=GeoBox((height, width), Affine(*(float(a) for a in parts["affine"])), str(parts["crs"])),
        footprint=csr_array(triple, shape=(len(parts["district"]), height * width)),
        urban_derived=bool(parts["urban_derived"]),
        calendar=str(parts["calendar"]),
        **values,
    )


def _refused(what: str) -> InputRefused:
    return InputRefused(what, where="samples.npz", hint=f"Run `gvio sample` {SAME_OPTIONS}.")
