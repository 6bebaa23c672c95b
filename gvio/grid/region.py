"""The grid of a region: a window of the product's own lattice, so that no pixel is ever resampled."""

from __future__ import annotations

import math

from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.errors import ProductError

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
    left = math.floor((west - lattice.c) / lattice.a + EDGE_TOLERANCE_PX)
    right = math.ceil((east - lattice.c) / lattice.a - EDGE_TOLERANCE_PX)
    top = math.floor((north - lattice.f) / lattice.e + EDGE_TOLERANCE_PX)
    bottom = math.ceil((south - lattice.f) / lattice.e - EDGE_TOLERANCE_PX)
    # Bounds thinner than the tolerance still mean the pixel they lie in.
    shape = (max(bottom - top, 1), max(right - left, 1))
    return GeoBox(shape, lattice @ Affine.translation(left, top), reference.crs)
