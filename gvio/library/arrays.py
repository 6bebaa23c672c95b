"""Grids as xarray: one month as an array of bands, many months as a data set, each with its system and units.

Dimensions are `y` and `x` whatever the system is; it stands in the coordinate `spatial_ref`, where rioxarray, odc-geo
and CF readers find it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox

from gvio.grid.place import pixel_centres, spatial_ref
from gvio.map.bands import BANDS, MEANINGS, band_units
from gvio.types import FloatArray


@dataclasses.dataclass(frozen=True)
class Labels:
    """What an array says of where it comes from."""

    title: str
    region: str
    release: str
    unit: str
    invented: bool

    @property
    def attributes(self) -> dict[str, str]:
        """As attributes of an array, without the unit, which its variables have."""
        said = {"title": self.title, "region": self.region, "release": self.release}
        return said | ({"invented": "true"} if self.invented else {})


def grid_array(labels: Labels, month: str, bands: FloatArray, geobox: GeoBox) -> xr.DataArray:
    """One month: dimensions band, y, x; float32, NaN outside every district."""
    coordinates = {
        **_place(geobox),
        "band": list(BANDS),
        "band_units": ("band", list(band_units(labels.unit))),
        "month": pd.Timestamp(f"{month}-01"),
    }
    attributes = {"long_name": "industrial output", "units": labels.unit, **labels.attributes}
    return xr.DataArray(bands, coordinates, ("band", "y", "x"), "gvio", attributes | {"grid_mapping": "spatial_ref"})


def cube_dataset(labels: Labels, months: Sequence[str], bands: FloatArray, geobox: GeoBox) -> xr.Dataset:
    """Many months: a variable a band, dimensions month, y, x; `bands` is (band, month, y, x) float32."""
    coordinates = {**_place(geobox), "month": pd.DatetimeIndex([f"{month}-01" for month in months])}
    variables = {
        name: (
            ("month", "y", "x"),
            values,
            {"long_name": MEANINGS[name], "units": unit, "grid_mapping": "spatial_ref"},
        )
        for name, unit, values in zip(BANDS, band_units(labels.unit), bands, strict=True)
    }
    return xr.Dataset(variables, coordinates, labels.attributes)


def _place(geobox: GeoBox) -> Mapping[str, object]:
    """Centres of pixels, and the system."""
    degrees = geobox.crs is not None and geobox.crs.geographic
    y, x = pixel_centres(geobox)
    return {
        "y": ("y", y, _axis("latitude" if degrees else "projection_y_coordinate", degrees, "north")),
        "x": ("x", x, _axis("longitude" if degrees else "projection_x_coordinate", degrees, "east")),
        "spatial_ref": ((), np.int32(0), spatial_ref(geobox)),
    }


def _axis(name: str, degrees: bool, towards: str) -> dict[str, str]:
    return {"standard_name": name, "units": f"degrees_{towards}" if degrees else "m"}
