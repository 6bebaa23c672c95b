"""Do all files of a series lie on one lattice of pixels? If not, the odd one out is named, not the first met."""

from __future__ import annotations

from collections.abc import Sequence

from odc.geo.geobox import GeoBox

from gvio.errors import ProductError
from gvio.grid.align import check_aligned
from gvio.sources.files import ProductFile


def check_one_lattice(grids: Sequence[tuple[ProductFile, GeoBox]]) -> None:
    """Refuse a series whose files lie on several lattices.

    Args:
        grids: Files with their grids, the newest first: where two lattices have equally many files, the newest
            month's counts as right.

    Raises:
        ProductError: Names the newest file that is not on the lattice of the majority, and how far it is off.
    """
    lattices: list[list[tuple[ProductFile, GeoBox]]] = []
    for file, grid in grids:
        # One member stands for its lattice: alignment to within a thousandth is as good as transitive.
        home = next((lattice for lattice in lattices if aligned(grid, lattice[0][1])), None)
        if home is None:
            lattices.append([(file, grid)])
        else:
            home.append((file, grid))
    if len(lattices) > 1:
        majority = max(lattices, key=len)
        file, grid = next(lattice for lattice in lattices if lattice is not majority)[0]
        check_aligned(grid, majority[0][1], where=file.path.name)


def aligned(grid: GeoBox, reference: GeoBox) -> bool:
    """Whether two grids are windows of one lattice."""
    try:
        check_aligned(grid, reference)
    except ProductError:
        return False
    return True
