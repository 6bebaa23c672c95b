"""The pack's urban mask on the region's grid."""

from __future__ import annotations

import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.errors import PackError
from gvio.region.files import PackFile
from gvio.region.pack import Places
from gvio.region.tables import read_vector
from gvio.types import FloatArray

_RASTERS = {".tif", ".tiff", ".vrt"}


def read_urban(pack: Places, geobox: GeoBox) -> FloatArray | None:
    """Urban mask of the pack, or None when it has none.

    A raster in another grid is averaged and counts as urban from one half; polygons count by pixel centre. Where the
    file has no data the land is rural.

    Returns:
        (y, x) float32, 1 urban, 0 rural.

    Raises:
        PackError: Values other than 0 and 1, or no polygons.
        ProductError: The raster cannot be read.
    """
    if pack.urban is None:
        return None
    if pack.urban.suffix in _RASTERS:
        return _from_raster(pack.urban, geobox)
    shapes = [s for s in read_vector(pack.urban).geometry.to_crs(str(geobox.crs)) if s is not None]
    polygons = [shape for shape in shapes if shape.geom_type in {"Polygon", "MultiPolygon"}]
    if not polygons:
        raise PackError("holds no polygon", where=pack.urban.name, hint="Give polygons of the urban area.")
    burned = raster.rasterize([shapely.force_2d(p) for p in polygons], [1] * len(polygons), geobox, fill=0)
    return np.asarray(burned == 1, dtype=np.float32)


def _from_raster(file: PackFile, geobox: GeoBox) -> FloatArray:
    share = raster.read_onto(str(file.path), geobox, resampling="average")
    file.require_unchanged()
    seen = share[np.isfinite(share)]
    if seen.size and not (seen.min() >= 0 and seen.max() <= 1):
        raise PackError(
            f"values from {seen.min():g} to {seen.max():g}; an urban mask holds 1 (urban) and 0 (rural)",
            where=file.name,
            hint="Recode the raster, with a nodata tag for anything else.",
        )
    return (np.nan_to_num(share) >= 0.5).astype(np.float32)
