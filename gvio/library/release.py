"""`Release`: what was published, as tables, maps and series. Everything is read when it is asked for, and verified.

Months are dates (the first of the month) in every table and array; a month is asked for as text (YYYY-MM), date or
timestamp.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gvio.errors import ConfigError, StoreError
from gvio.library.arrays import Labels, cube_dataset, grid_array
from gvio.library.grids import READERS, taken
from gvio.library.months import month_of
from gvio.library.places import area_of, pixel_of
from gvio.library.series import INTERVALS, PartPixels, Shares, district_shares, summed_series
from gvio.library.tables import ReleaseTables
from gvio.map.bands import BANDS
from gvio.publish.outlines import PARQUET, RASTER, read_codes, read_outlines, without_outlines
from gvio.store.published import read_grid, read_own
from gvio.types import FloatArray, IntArray, Month

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr
    from odc.geo.geobox import GeoBox

    from gvio.library.places import Area


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Release(ReleaseTables):
    """One release of a region, immutable as the published one is: its tables, maps and series of places."""

    @cached_property
    def districts(self) -> gpd.GeoDataFrame:
        """The districts' outlines (EPSG:4326) with their values of the release's month."""
        return self.districts_in(self.published.month)

    def districts_in(self, month: str | dt.date) -> gpd.GeoDataFrame:
        """The districts' outlines (EPSG:4326) with their values of a month; geometry None where none was published.

        Raises:
            ConfigError: The release has no such month.
        """
        wanted = month_of(month)
        rows = self.estimates[self.estimates["month"] == pd.Timestamp(wanted.first_day)]
        if rows.empty:
            raise self._no_month(wanted, sorted(set(self.published.estimates["month"])))
        values = rows[rows["area_id"] != self.city].drop(columns="name")
        if self._outlines is None:
            return without_outlines(values, self._names)
        return self._outlines.merge(values, on="area_id", how="left")

    def grid(self, month: str | dt.date) -> xr.DataArray:
        """The map of a month: dimensions band (`estimate`, `lower80`, `upper80`, `raw`, `adjustment`), y, x; float32.

        Raises:
            ConfigError: The release has no grid of this month.
            StoreError: It cannot be read; as DamagedStore where its bytes are not the ones published.
        """
        wanted = str(month_of(month))
        bands, geobox = self._read_grid(wanted)
        return grid_array(self._labels, wanted, bands, geobox)

    @cached_property
    def cube(self) -> xr.Dataset:
        """Every month that has a grid: a variable a band, dimensions month, y, x; float32. All grids are read.

        Raises:
            StoreError: As for `grid`.
        """
        months = list(self.published.grids)
        with ThreadPoolExecutor(READERS) as pool:
            read = list(pool.map(self._read_grid, months))
        return cube_dataset(self._labels, months, np.stack([bands for bands, _ in read], axis=1), read[0][1])

    def at(self, lon: float, lat: float) -> pd.DataFrame:
        """The pixel at a point (degrees) in every month that has a grid: estimate, lower80, upper80 by month.

        The 80 % interval is that of the published grid: the district's, and how its output is divided among pixels.

        Raises:
            ConfigError: The point lies outside every district.
            StoreError: As for `grid`.
        """
        row, col = pixel_of(lon, lat, self._geobox)
        pixel = np.array([row * self._geobox.shape[1] + col])
        values = taken(self.store, self.published, 3, pixel)[:, :, 0]
        if not np.isfinite(values[:, 0]).any():
            hint = "Choose a point inside a district: `release.districts` has their outlines."
            raise ConfigError(f"({lon:g}, {lat:g}) lies in no district", where="at", hint=hint)
        frame = pd.DataFrame(values.astype(np.float64), _index(self.published.grids), list(BANDS[:3]))
        frame.attrs = {"unit": self.unit, "release": self.id}
        return frame

    def within(self, area: Area) -> pd.DataFrame:
        """The output of an area by month: estimate, limits of the 80 and 95 % intervals, and `whole`.

        How intervals are made, and what they leave out, is told in `gvio.library.series` and `attrs["interval"]`;
        `attrs["districts"]` are those it touches. Where it cuts districts only months that have a grid are told.

        Args:
            area: Polygon of shapely or GeoJSON in degrees, or a GeoDataFrame.

        Raises:
            ConfigError: It is no area, or lies outside the region.
            StoreError: The release was made before districts were published; or as for `grid`.
        """
        outlines, codes = self._outlines, self._codes
        if outlines is None or codes is None:
            hint = "Take a later release, or sum pixels of `release.cube` yourself."
            raise StoreError("the release says not which pixels are a district's", where=self.id, hint=hint)
        grid = codes[1]
        shapes = list(outlines.geometry.to_crs(str(grid.crs)))
        shares = district_shares(area_of(area, grid), list(outlines["area_id"]), shapes, grid)
        if all(shares.outside):
            hint = "Choose an area inside a district: `release.districts` has their outlines."
            raise ConfigError("the area touches no district", where="within", hint=hint)
        series = summed_series(self.published.estimates, self.city, shares, self._cut(shares, codes[0]))
        series.index = _index(series.index)
        series.attrs = {"unit": self.unit, "release": self.id, "interval": INTERVALS, "districts": [*shares.touched]}
        return series

    def _cut(self, shares: Shares, codes: IntArray) -> PartPixels | None:
        cut = [shares.districts.index(area) + 1 for area in shares.parts]
        if not cut:
            return None
        pixels = np.flatnonzero(np.isin(codes, cut))
        output = taken(self.store, self.published, 1, pixels)[:, 0]
        return PartPixels(list(self.published.grids), output, codes.ravel()[pixels], shares.cover.ravel()[pixels])

    @property
    def _labels(self) -> Labels:
        return Labels(self.title, self.region, self.id, self.unit, self.invented)

    @cached_property
    def _outlines(self) -> gpd.GeoDataFrame | None:
        data = read_own(self.store, self.manifest, PARQUET)
        return None if data is None else read_outlines(data)

    @cached_property
    def _codes(self) -> tuple[IntArray, GeoBox] | None:
        data = read_own(self.store, self.manifest, RASTER)
        return None if data is None else read_codes(data)

    @cached_property
    def _geobox(self) -> GeoBox:
        return self._read_grid(self.published.month)[1]

    def _read_grid(self, month: str) -> tuple[FloatArray, GeoBox]:
        keys = self.published.grids
        if month not in keys:
            raise self._no_month(Month.parse(month), list(keys))
        return read_grid(self.store, self.region, keys[month])[:2]

    def _no_month(self, month: Month, there: list[str]) -> ConfigError:
        hint = f"It has {there[0]} to {there[-1]}." if there else "It has none."
        return ConfigError(f"the release has no {month}", where=self.id, hint=hint)


def _index(months: Iterable[str]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([f"{month}-01" for month in months], name="month")
