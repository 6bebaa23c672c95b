import numpy as np
import pytest

from gvio.sample.patches import gather_patches, patch_pixels, ring_means_at, ring_of


def test_a_patch_is_the_neighbourhood_with_the_pixel_in_its_centre() -> None:
    cube = np.arange(2 * 10 * 12, dtype=np.float32).reshape(2, 10, 12)
    patches = gather_patches(cube, np.array([4, 7]), np.array([5, 3]), 5)
    np.testing.assert_array_equal(patches[0], cube[:, 2:7, 3:8])
    np.testing.assert_array_equal(patches[1], cube[:, 5:10, 1:6])


def test_beyond_the_grid_the_edge_is_repeated() -> None:
    cube = np.arange(12, dtype=np.float64).reshape(1, 3, 4)
    corner = gather_patches(cube, np.array([2]), np.array([3]), 3)[0, 0]
    np.testing.assert_array_equal(corner, [[6, 7, 7], [10, 11, 11], [10, 11, 11]])


def test_patches_are_contiguous_copies_of_the_cubes_type() -> None:
    cube = np.zeros((3, 6, 6), np.float32)
    patches = gather_patches(cube, np.array([1, 1, 4]), np.array([1, 1, 4]), 3)
    patches[...] = 1
    assert (patches.shape, patches.dtype, patches.flags.c_contiguous) == ((3, 3, 3, 3), np.float32, True)
    assert not cube.any()


@pytest.mark.parametrize("size", [1, 3, 5, 9])
def test_rings_are_means_of_what_a_patch_holds(size: int) -> None:
    cube = np.random.default_rng(0).normal(size=(3, 8, 11)).astype(np.float32)
    rows, cols = np.array([0, 4, 7, 4]), np.array([10, 5, 0, 5])
    patches, pixels = gather_patches(cube, rows, cols, size), patch_pixels(rows, cols, cube.shape[1:], size)
    np.testing.assert_array_equal(cube.reshape(3, -1)[:, pixels].transpose(3, 0, 1, 2), patches)
    rings = ring_means_at(cube.reshape(3, -1), pixels)
    assert (rings.shape, rings.dtype) == ((4, 3, 1 + size // 2), np.float32)
    for k in range(1 + size // 2):
        np.testing.assert_allclose(rings[..., k], patches[..., ring_of(size) == k].mean(axis=-1), rtol=1e-5, atol=1e-6)
