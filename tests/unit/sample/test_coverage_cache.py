from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.sample.operator import buffer_coverage

UTM = "EPSG:32651"
RADII = (500.0, 1500.0)


def test_the_operator_is_one_matrix_per_radius_and_nested(factories: gpd.GeoDataFrame, geobox: GeoBox) -> None:
    small, large = buffer_coverage(factories.geometry, RADII, geobox, UTM)
    assert small.shape == large.shape == (41, 24 * 30)
    assert (large - small).min() > -1e-6


def test_the_same_question_is_answered_from_the_cache(
    tmp_path: Path, factories: gpd.GeoDataFrame, geobox: GeoBox
) -> None:
    """The kept file is marked; an answer that carries the mark came from it."""
    fresh = buffer_coverage(factories.geometry, RADII, geobox, UTM, tmp_path)
    (kept,) = tmp_path.iterdir()
    parts = dict(np.load(kept))
    np.savez(kept, **{**parts, "data": parts["data"] * 2})
    again = buffer_coverage(factories.geometry, RADII, geobox, UTM, tmp_path)
    np.testing.assert_array_equal(again[1].toarray(), 2 * fresh[1].toarray())


def test_another_radius_grid_position_or_crs_is_another_question(
    tmp_path: Path, factories: gpd.GeoDataFrame, geobox: GeoBox
) -> None:
    points = factories.geometry.iloc[:3]
    shifted = GeoBox(geobox.shape, geobox.affine @ Affine.translation(1, 0), geobox.crs)
    for geometry, radii, box, crs in [
        (points, RADII, geobox, UTM),
        (points, (500.0, 1501.0), geobox, UTM),
        (points.translate(1e-6), RADII, geobox, UTM),
        (points, RADII, shifted, UTM),
        (points, RADII, geobox, "EPSG:32650"),
    ]:
        buffer_coverage(geometry, radii, box, crs, tmp_path)
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize("damage", [b"", b"<html>", None])
def test_a_damaged_cache_is_built_again(
    tmp_path: Path, factories: gpd.GeoDataFrame, geobox: GeoBox, damage: bytes | None
) -> None:
    fresh = buffer_coverage(factories.geometry, RADII, geobox, UTM, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:500] if damage is None else damage)
    again = buffer_coverage(factories.geometry, RADII, geobox, UTM, tmp_path)
    np.testing.assert_array_equal(again[0].toarray(), fresh[0].toarray())
    assert dict(np.load(kept))["data"].size == fresh[0].nnz + fresh[1].nnz
    assert [p.name for p in tmp_path.iterdir()] == [kept.name]
