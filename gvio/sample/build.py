"""From a stack of light, districts and factories to `Samples`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from odc.geo.geobox import GeoBox
from scipy.sparse import csr_array, vstack

from gvio.config import SampleParams
from gvio.errors import PackError
from gvio.grid.area import pixel_area_km2
from gvio.sample.footprint import factory_density, footprint
from gvio.sample.lifecycle import active_months
from gvio.sample.means import masked_means
from gvio.sample.operator import buffer_coverage
from gvio.sample.owner import factory_district, factory_pixel, pixel_owner
from gvio.sample.samples import Samples
from gvio.sample.sharing import near_share, rings, share
from gvio.sample.statistics import STATISTIC_NAMES, light_statistics
from gvio.sample.urban import derive_urban
from gvio.types import FloatArray, LightStack, Progress
from gvio.workdays import DEFAULT

_STEPS = 4


def build_samples(
    stack: LightStack,
    districts: gpd.GeoDataFrame,
    factories: gpd.GeoDataFrame,
    urban: FloatArray | None,
    params: SampleParams,
    area_crs: str,
    cache_dir: Path | None,
    progress: Progress | None = None,
    calendar: str = DEFAULT,
) -> Samples:
    """Sample the light of every month at factories, districts and pixels.

    Args:
        stack: Months of light, (T, y, x).
        districts: D rows `area_id`, geometry.
        factories: F rows `factory_id`, geometry (points or polygons); optional `category`, `weight`, `opened`,
            `closed`.
        urban: (y, x) 1 urban, 0 rural; None: derived from the light.
        params: Radii and the observations a pixel needs.
        area_crs: Metric CRS of the radii.
        cache_dir: Where the coverage operator is kept by hash; None: nowhere.
        progress: Told of every step.
        calendar: Whose holidays the months have, which the samples carry.

    Returns:
        The samples; pixels with fewer than `params.min_observations` observations are NaN.

    Raises:
        PackError: No factory, one outside the grid or every district, or a district without a pixel.
        ConfigError: `area_crs` does not measure in metres.
        ProductError: The grid is not north up.
    """
    tell = progress or (lambda _label, _done, _total: None)
    tell("sample: buffers", 0, _STEPS)
    tables = _tables(stack, districts, factories, params) | {"calendar": calendar}
    places = _places(districts, factories, stack.geobox)
    coverage = buffer_coverage(factories.geometry, _radii(params), stack.geobox, area_crs, cache_dir)
    tell("sample: light at factories", 1, _STEPS)
    radiance = _observed(stack, params.min_observations)
    light = _factory_light(radiance, coverage, len(params.radii_m))
    tell("sample: urban and rural statistics", 2, _STEPS)
    mask = derive_urban(radiance) if urban is None else np.nan_to_num(urban).astype(np.float32)
    middle = near_share(coverage[len(params.radii_m) // 2])
    statistics, city, everything = light_statistics(radiance, places["owner"], mask, near_share(coverage[0]), middle)
    tell("sample: footprints", 3, _STEPS)
    samples = Samples(
        **tables,
        **places,
        **light,
        footprint=footprint(coverage[0], **places),
        statistics=statistics,
        city_statistics=city,
        region_light=everything,
        statistic_names=STATISTIC_NAMES,
        radiance=radiance,
        urban=mask,
        urban_derived=urban is None,
        density=factory_density(coverage[0], tables["weight"], pixel_area_km2(stack.geobox)),
    )
    tell("sample: done", _STEPS, _STEPS)
    return samples


def _require_factories(factories: gpd.GeoDataFrame) -> None:
    if not len(factories):
        raise PackError("no factory to sample", where="factories", hint="Give the pack at least one factory.")


def _radii(params: SampleParams) -> tuple[float, ...]:
    """The radii, and with a single one its double, so that there is a ring for the background."""
    return params.radii_m if len(params.radii_m) > 1 else (params.radii_m[0], 2 * params.radii_m[0])


def _tables(
    stack: LightStack, districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame, params: SampleParams
) -> dict[str, Any]:
    """The fields of `Samples` that come from the tables and the stack as they are."""
    _require_factories(factories)
    weight = np.array([1.0 if pd.isna(w) else float(w) for w in _column(factories, "weight")])
    return {
        "months": stack.months,
        "area_ids": tuple(str(a) for a in districts["area_id"]),
        "factory_ids": tuple(str(f) for f in factories["factory_id"]),
        "categories": tuple("" if pd.isna(c) else str(c) for c in _column(factories, "category")),
        "radii_m": params.radii_m,
        "geobox": stack.geobox,
        "weight": weight / weight.mean(),
        "active": active_months(_column(factories, "opened"), _column(factories, "closed"), stack.months),
        "observations": stack.observations,
        "regimes": stack.regimes,
    }


def _places(districts: gpd.GeoDataFrame, factories: gpd.GeoDataFrame, geobox: GeoBox) -> dict[str, Any]:
    """Where factories lie: `owner` (y, x) of the pixels, `district`, `row` and `col` (F,) of the factories."""
    ids = tuple(str(f) for f in factories["factory_id"])
    points = factories.geometry.representative_point()
    row, col = factory_pixel(points, geobox, ids)
    district = factory_district(points, districts, ids)
    return {"owner": pixel_owner(districts, geobox), "district": district, "row": row, "col": col}


def _observed(stack: LightStack, min_observations: int) -> FloatArray:
    """(T, y, x) float32 radiance, NaN where fewer than `min_observations` looks were free of cloud."""
    enough = stack.observations >= min_observations
    return np.where(enough, stack.radiance, np.nan).astype(np.float32)


def _factory_light(radiance: FloatArray, coverage: tuple[csr_array, ...], n_radii: int) -> dict[str, Any]:
    """`light` and `seen` (R, F, T) of the shared buffers, `background` (F, T) of the rings: one product for all."""
    shared = [share(c) for c in coverage[:n_radii]]
    weights = csr_array(vstack([*shared, rings(coverage[0], coverage[-1])], format="csr"))
    mean, seen = masked_means(weights, radiance)
    shape = (n_radii + 1, coverage[0].shape[0], len(radiance))
    mean, seen = mean.reshape(shape), seen.reshape(shape)
    return {"light": mean[:-1], "seen": seen[:-1], "background": mean[-1]}


def _column(table: gpd.GeoDataFrame, name: str) -> list[Any]:
    """The column's values; None for every row when the table has no such column."""
    return list(table[name]) if name in table.columns else [None] * len(table)
