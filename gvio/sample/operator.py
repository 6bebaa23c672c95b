"""The coverage operator of all factories and radii, built once and kept by the hash of what went into it."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from scipy.sparse import csr_array

from gvio.files import replacing
from gvio.sample.buffers import metric_buffers
from gvio.sample.coverage import coverage_matrix

# Part of the hash: raise it when buffers or coverage are computed differently, so that old files are not used.
_RECIPE = 1


def buffer_coverage(
    geometries: gpd.GeoSeries, radii_m: Sequence[float], geobox: GeoBox, area_crs: str, cache_dir: Path | None = None
) -> tuple[csr_array, ...]:
    """Exact coverage of every factory's buffers, from the cache when it was computed before for the same inputs.

    Args:
        geometries: (F,) points or polygons with a CRS.
        radii_m: (R,) metres, ascending.
        geobox: Grid of shape (y, x), north up.
        area_crs: Metric CRS of the radii.
        cache_dir: Folder of `coverage-<hash>.npz`; None: nothing is kept.

    Returns:
        R matrices (F, y*x) float64.

    Raises:
        ConfigError: `area_crs` does not measure in metres.
        PackError: A geometry is empty.
        ProductError: The grid is not north up.
    """
    path = None if cache_dir is None else cache_dir / f"coverage-{_digest(geometries, radii_m, geobox, area_crs)}.npz"
    stacked = _read(path) if path is not None else None
    if stacked is None:
        polygons = metric_buffers(geometries, radii_m, area_crs, geobox.crs)
        stacked = coverage_matrix(polygons.ravel(), geobox)
        if path is not None:
            _write(path, stacked)
    # One matrix for all radii on disk and in the computation; the caller gets one block of rows for each radius.
    n = len(geometries)
    return tuple(stacked[i * n : (i + 1) * n] for i in range(len(radii_m)))


def _digest(geometries: gpd.GeoSeries, radii_m: Sequence[float], geobox: GeoBox, area_crs: str) -> str:
    question = {
        "recipe": _RECIPE,
        "radii_m": [float(r) for r in radii_m],
        "area_crs": area_crs,
        "crs": [str(geometries.crs), str(geobox.crs)],
        "affine": [float(a) for a in tuple(geobox.affine)[:6]],
        "shape": [int(n) for n in geobox.shape],
    }
    # Everything the coverage depends on, so that a changed factory, radius or grid never meets an old file.
    state = hashlib.sha256(json.dumps(question, sort_keys=True).encode())
    for wkb in shapely.to_wkb(geometries.to_numpy()):
        state.update(wkb or b"-")
    return state.hexdigest()[:16]


def _read(path: Path) -> csr_array | None:
    """The kept operator, or None when there is none or the file is damaged: then it is computed again."""
    try:
        # Opened here because numpy leaves a damaged archive's file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            parts = (kept["data"], kept["indices"], kept["indptr"])
            return csr_array(parts, shape=tuple(int(n) for n in kept["shape"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, matrix: csr_array) -> None:
    with replacing(path) as temporary:
        np.savez(
            temporary, data=matrix.data, indices=matrix.indices, indptr=matrix.indptr, shape=np.array(matrix.shape)
        )
