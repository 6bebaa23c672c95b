"""Blocks of pixels: their sides and their sums."""

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.grid.blocks import block_pixels, block_sums

GRID = GeoBox((12, 16), Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.2), "EPSG:4326")


def test_blocks_keep_the_total_and_cut_at_the_edge():
    values = np.arange(2 * 5 * 7, dtype=float).reshape(2, 5, 7)
    blocks = block_sums(values, (2, 3))
    assert blocks.shape == (2, 3, 3)
    assert blocks[0, 0, 0] == values[0, :2, :3].sum()
    assert blocks[1, 2, 2] == values[1, 4:, 6:].sum()
    np.testing.assert_allclose(blocks.sum(axis=(1, 2)), values.sum(axis=(1, 2)))


def test_block_sides_follow_latitude_and_projection():
    assert block_pixels(GRID, 1.0) == (2, 3)  # 462 m × 397 m at 31° N
    utm = GeoBox((40, 40), Affine(500, 0, 350000, 0, -500, 3450000), "EPSG:32651")
    assert block_pixels(utm, 5.0) == (10, 10)
    assert block_pixels(utm, 0.1) == (1, 1)
