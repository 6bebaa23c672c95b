"""Where the pixels of a grid are, as readers of arrays are told it: coordinates along the axes, and the system."""

from __future__ import annotations

import numpy as np
from odc.geo.geobox import GeoBox

from gvio.types import FloatArray


def pixel_centres(geobox: GeoBox) -> tuple[FloatArray, FloatArray]:
    """(y,) and (x,) float64 of a grid that is not rotated, in the units of its system."""
    a, _, c, _, e, f = list(geobox.transform)[:6]
    rows, cols = geobox.shape
    return f + e * (np.arange(rows) + 0.5), c + a * (np.arange(cols) + 0.5)


def spatial_ref(geobox: GeoBox) -> dict[str, str]:
    """Attributes of the variable `spatial_ref`: the system, and GDAL's transform as rioxarray reads it."""
    a, _, c, _, e, f = list(geobox.transform)[:6]
    wkt = "" if geobox.crs is None else geobox.crs.to_wkt()
    return {"crs_wkt": wkt, "spatial_ref": wkt, "GeoTransform": f"{c!r} {a!r} 0.0 {f!r} 0.0 {e!r}"}
