"""The pack's urban mask on the region's grid."""

from __future__ import annotations

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.errors import PackError, ProductError
from gvio.region.crs import system_named, system_of
from gvio.region.files import PackFile
from gvio.region.pack import Places
from gvio.region.plausibility import check_urban
from gvio.region.vectors import read_vector
from gvio.types import CheckResult, FloatArray, LightStack

_RASTERS = {".tif", ".tiff", ".vrt"}


def read_urban(pack: Places, geobox: GeoBox) -> FloatArray | None:
    """Urban mask of the pack, or None when it has none.

    A raster in another grid is averaged and counts as urban from one half; polygons count by pixel centre. Where the
    file has no data the land is rural.

    Returns:
        (y, x) float32, 1 urban, 0 rural.

    Raises:
        ConfigError: `urban.crs` is unknown.
        PackError: It cannot be read, values other than 0 and 1, or no polygons.
    """
    if pack.urban is None:
        return None
    if pack.urban.suffix in _RASTERS:
        return _from_raster(pack.urban, geobox)
    frame = read_vector(pack.urban)
    system = system_of(frame, pack.urban, pack.urban.crs, "urban")
    shapes = [s for s in system.to_wgs84(np.asarray(frame.geometry, dtype=object)) if s is not None]
    polygons = [shape for shape in shapes if shape.geom_type in {"Polygon", "MultiPolygon"}]
    if not polygons:
        raise PackError("holds no polygon", where=pack.urban.name, hint="Give polygons of the urban area.")
    burned = raster.rasterize([shapely.force_2d(p) for p in polygons], [1] * len(polygons), geobox, fill=0)
    return np.asarray(burned == 1, dtype=np.float32)


def check_urban_mask(pack: Places, stack: LightStack) -> tuple[CheckResult, ...]:
    """Whether the pack's mask, if it has one, is that of this light.

    Raises:
        ConfigError, PackError: As `read_urban`.
    """
    urban = read_urban(pack, stack.geobox)
    if urban is None or pack.urban is None:
        return ()
    whole = shapely.union_all(np.asarray(pack.districts.geometry))
    inside = raster.rasterize([whole], [1], stack.geobox, fill=0) == 1
    return check_urban(urban, inside, stack, pack.urban.name)


def _from_raster(file: PackFile, geobox: GeoBox) -> FloatArray:
    if file.suffix == ".vrt":
        what = "is a VRT, which points to other files: a change of theirs would not be noticed"
        raise PackError(what, where=file.name, hint="Make one file of it: gdal_translate urban.vrt urban.tif.")
    crs, place = _place(file, geobox)
    try:
        share = raster.read_onto((file.name, file.data), place, "average", crs)
    except ProductError as error:
        raise PackError(error.what, where=file.name, hint="Export it again, as a GeoTIFF with its CRS.") from None
    seen = share[np.isfinite(share)]
    if not seen.size:
        hint = "Give a mask of this place, or correct urban.crs or bounds in region.yaml."
        raise PackError("holds nothing of the region", where=file.name, hint=hint)
    if not (seen.min() >= 0 and seen.max() <= 1):
        raise PackError(
            f"values from {seen.min():g} to {seen.max():g}; an urban mask holds 1 (urban) and 0 (rural)",
            where=file.name,
            hint="Recode the raster, with a nodata tag for anything else.",
        )
    return (np.nan_to_num(share) >= 0.5).astype(np.float32)


def _place(file: PackFile, geobox: GeoBox) -> tuple[str | None, GeoBox]:
    """What `urban.crs` makes of the raster's own coordinates: another system, or where its pixels of the grid lie.

    The move is that of the region's middle; over a degree it differs by some fifty metres, a tenth of a pixel.
    """
    if file.crs is None:
        return None, geobox
    system = system_named(file.crs, "urban")
    if system.crs is not None:
        return system.crs.to_wkt(), geobox
    box = geobox.boundingbox
    middle = shapely.Point((box.left + box.right) / 2, (box.bottom + box.top) / 2)
    there = system.to_wgs84(np.array([middle], dtype=object))[0]
    moved = Affine.translation(middle.x - there.x, middle.y - there.y) @ geobox.transform
    return None, GeoBox(geobox.shape, moved, geobox.crs)
