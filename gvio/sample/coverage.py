"""Exact coverage fractions of polygons on a grid, as one sparse matrix. Sole user of exactextract."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from exactextract import exact_extract
from exactextract.feature import Feature, FeatureSource
from exactextract.raster import NumPyRasterSource
from odc.geo.geobox import GeoBox
from scipy.sparse import csr_array

from gvio.errors import ProductError
from gvio.sample.buffers import Geometries


def coverage_matrix(polygons: Geometries, geobox: GeoBox) -> csr_array:
    """Share of every pixel that each polygon covers.

    Args:
        polygons: (N,) polygons in the grid's CRS; what lies outside the grid is cut off.
        geobox: North-up grid of shape (y, x).

    Returns:
        (N, y*x) float64 in (0, 1]; column `row * x + col`. Sums of a row are areas in pixels.

    Raises:
        ProductError: The grid is rotated or not north up.
    """
    _require_north_up(geobox)
    table = exact_extract(_raster(geobox), _WkbSource(polygons), ["cell_id", "coverage"], output="pandas")
    cells, shares = table["cell_id"].to_numpy(), table["coverage"].to_numpy()
    indptr = np.concatenate([[0], np.cumsum([len(c) for c in cells])])
    shape = (len(polygons), int(geobox.shape[0]) * int(geobox.shape[1]))
    if not indptr[-1]:
        return csr_array(shape, dtype=np.float64)
    columns, data = np.concatenate(cells), np.concatenate(shares)
    matrix = csr_array((data.astype(np.float64), columns.astype(np.int32), indptr.astype(np.int32)), shape=shape)
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def _raster(geobox: GeoBox) -> Any:
    """The grid as exactextract wants it; the values are never used, one byte a pixel is enough."""
    box = geobox.extent.boundingbox
    return NumPyRasterSource(np.zeros(tuple(geobox.shape), np.uint8), box.left, box.bottom, box.right, box.top)


def _require_north_up(geobox: GeoBox) -> None:
    affine = geobox.affine
    if affine.b != 0 or affine.d != 0 or affine.a <= 0 or affine.e >= 0:
        what = f"the grid is not north up (affine {tuple(affine)[:6]})"
        raise ProductError(what, hint="Use the product on its official grid, without resampling.")


class _WkbFeature(Feature):  # type: ignore[misc]  # untyped library
    """One polygon handed over as WKB: through GeoJSON text the same work takes ten times as long."""

    def __init__(self, wkb: bytes) -> None:
        super().__init__()
        self._wkb = wkb

    def geometry(self) -> bytes:
        return self._wkb

    def fields(self) -> list[str]:
        return []


class _WkbSource(FeatureSource):  # type: ignore[misc]  # untyped library
    """The polygons in order."""

    def __init__(self, polygons: Geometries) -> None:
        super().__init__()
        self._wkbs = list(shapely.to_wkb(polygons))

    def count(self) -> int:
        return len(self._wkbs)

    def __iter__(self) -> Iterator[_WkbFeature]:
        return (_WkbFeature(wkb) for wkb in self._wkbs)

    def srs_wkt(self) -> None:
        """None: both sides are in the grid's CRS by construction."""
        return
