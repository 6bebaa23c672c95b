"""The grid of a region: a window of the product's own lattice, so that no pixel is ever resampled."""

from __future__ import annotations

import math

from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.errors import ProductError
from gvio.grid.align import check_aligned

EDGE_TOLERANCE_PX = 0.01


def region_geobox(bounds: tuple[float, float, float, float], reference: GeoBox) -> GeoBox:
    """Smallest window of the reference's infinite lattice that covers `bounds`.

    An edge that misses a pixel border by less than 0.01 pixels counts as lying on it: coordinates rounded in
    `region.yaml` add no row and no column.

    Args:
        bounds: West, south, east, north in WGS84 degrees.
        reference: A geographic, north-up grid; its extent does not matter.

    Raises:
        ProductError: The reference is not a north-up grid in degrees.
    """
    lattice = reference.transform
    if reference.crs is None or not reference.crs.geographic or lattice.b or lattice.d or lattice.e >= 0:
        raise ProductError(
            f"the product's grid ({reference.crs}) is not a north-up grid in degrees",
            hint="Use the product in its original geographic coordinates.",
        )
    west, south, east, north = bounds
    # lattice.e < 0 makes rows count south, so that the tolerance has the same sign in both axes.
    left = math.floor((west - lattice.c) / lattice.a + EDGE_TOLERANCE_PX)
    right = math.ceil((east - lattice.c) / lattice.a - EDGE_TOLERANCE_PX)
    top = math.floor((north - lattice.f) / lattice.e + EDGE_TOLERANCE_PX)
    bottom = math.ceil((south - lattice.f) / lattice.e - EDGE_TOLERANCE_PX)
    # Bounds thinner than the tolerance still mean the pixel they lie in.
    shape = (max(bottom - top, 1), max(right - left, 1))
    return GeoBox(shape, lattice @ Affine.translation(left, top), reference.crs)


def covered_window(bounds: tuple[float, float, float, float], own: GeoBox, where: str = "") -> tuple[GeoBox, int, int]:
    """The part of a file's own grid that `region_geobox` would read: what is worth keeping of a tile.

    Args:
        bounds: West, south, east, north in WGS84 degrees.
        own: The file's grid.
        where: What an error names, usually the file.

    Returns:
        The window, and the row and column of `own` that it begins at.

    Raises:
        ProductError: Not a north-up grid in degrees, or the file does not touch the bounds.
    """
    wanted = region_geobox(bounds, own)
    row, col = check_aligned(wanted, own, where=where)
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + wanted.shape[0], own.shape[0]), min(col + wanted.shape[1], own.shape[1])
    if bottom <= top or right <= left:
        box = own.boundingbox
        raise ProductError(
            f"covers {box.left:.2f}..{box.right:.2f} E, {box.bottom:.2f}..{box.top:.2f} N and nothing of the region",
            where=where,
            hint="Correct bounds in region.yaml, or take the tile of the region.",
        )
    window = GeoBox((bottom - top, right - left), own.transform @ Affine.translation(left, top), own.crs)
    return window, top, left
