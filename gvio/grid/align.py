"""Whether two grids are the same infinite lattice of pixels: an exact answer or an error, never a silent snap."""

from __future__ import annotations

import math

from odc.geo.geobox import GeoBox

from gvio.errors import ProductError

OFFSET_TOLERANCE_PX = 1e-3  # corners are rounded in files; products that truly differ are half a pixel apart
RESOLUTION_TOLERANCE = 1e-6


def pixel_offset(geobox: GeoBox, reference: GeoBox) -> tuple[float, float]:
    """Where the upper-left corner of `geobox` lies on `reference`, in reference pixels (rows south, columns east)."""
    row = (geobox.transform.f - reference.transform.f) / reference.transform.e
    col = (geobox.transform.c - reference.transform.c) / reference.transform.a
    return row, col


def check_aligned(geobox: GeoBox, reference: GeoBox, where: str = "") -> tuple[int, int]:
    """Whole-pixel offset of `geobox` on the lattice of `reference`.

    Args:
        geobox: The grid to place; same CRS and pixel size (relative 1e-6) as the reference, north up.
        reference: The grid whose lattice counts; its extent does not matter.
        where: What an error names, usually the file.

    Returns:
        (row_offset, col_offset) of the upper-left pixel, negative when it lies north or west of the reference's.

    Raises:
        ProductError: A georeference that is not finite, another CRS, another or rotated pixel, or a corner
            further than 1e-3 pixels off the lattice.
    """
    _check_finite(geobox, where)
    _check_same_pixel(geobox, reference, where)
    row, col = pixel_offset(geobox, reference)
    south, east = _fraction(row), _fraction(col)
    if max(abs(south), abs(east)) > OFFSET_TOLERANCE_PX:
        raise ProductError(
            f"the grid is shifted by {_describe(south, east)} against the region's grid",
            where=where,
            hint="Use the product on its original grid, neither resampled nor re-registered.",
        )
    return round(row), round(col)


def _check_finite(geobox: GeoBox, where: str) -> None:
    if not all(math.isfinite(value) for value in geobox.transform):
        raise ProductError(
            f"the georeference is not finite: {tuple(geobox.transform)[:6]}",
            where=where,
            hint="Download the file again.",
        )


def _check_same_pixel(geobox: GeoBox, reference: GeoBox, where: str) -> None:
    if geobox.crs != reference.crs:
        raise ProductError(
            f"the coordinate system is {geobox.crs}, the region's grid is in {reference.crs}",
            where=where,
            hint="Use the product in its original coordinate system.",
        )
    # Relative, since a pixel is 0.004 in degrees and 500 in metres; over 28,800 columns 1e-6 adds up to 0.03 pixels.
    ours, theirs = geobox.transform, reference.transform
    rotated = ours.b != 0 or ours.d != 0
    width, height = abs(ours.a / theirs.a - 1), abs(ours.e / theirs.e - 1)
    if rotated or max(width, height) > RESOLUTION_TOLERANCE:
        raise ProductError(
            f"pixels are {ours.a:.10g} x {ours.e:.10g}{' (rotated)' if rotated else ''}, "
            f"the region's grid has {theirs.a:.10g} x {theirs.e:.10g}",
            where=where,
            hint="Use the product at its original resolution, north up.",
        )


def _fraction(offset: float) -> float:
    """Signed distance to the next whole pixel, in (-0.5, 0.5]; a half counts as east or south."""
    # Python rounds a half to even: without this, two files off by the same half would be described in two ways.
    fraction = offset - round(offset)
    return fraction + 1 if fraction <= -0.5 + OFFSET_TOLERANCE_PX else fraction


def _describe(south: float, east: float) -> str:
    parts = [
        f"{abs(value):.2f} pixels {plus if value > 0 else minus}"
        for value, plus, minus in ((east, "east", "west"), (south, "south", "north"))
        if abs(value) > OFFSET_TOLERANCE_PX
    ]
    return " and ".join(parts)
