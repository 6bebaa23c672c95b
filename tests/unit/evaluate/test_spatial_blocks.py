"""Spatial folds: no pixel is seen twice, every district is left out once."""

from __future__ import annotations

import numpy as np
import pytest
from evaluate_region import SAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st

from gvio.evaluate.blocks import reach_px, seen_pixels, spatial_blocks
from gvio.evaluate.districts import hide, pixel_side_m

SHAPE = (23, 17)


@st.composite
def factories(draw: st.DrawFn):
    """Pixels and districts of up to thirty factories."""
    n, areas = draw(st.integers(1, 30)), draw(st.integers(1, 6))
    row, col, district = (draw(st.lists(st.integers(0, high - 1), min_size=n, max_size=n)) for high in (*SHAPE, areas))
    return np.array(row), np.array(col), np.array(district), areas


def windows(row, col, reach: int) -> set[tuple[int, int]]:
    """Pixels within `reach` of the factories, counted one by one."""
    return {
        (y, x)
        for r, c in zip(row, col, strict=True)
        for y in range(max(r - reach, 0), min(r + reach + 1, SHAPE[0]))
        for x in range(max(c - reach, 0), min(c + reach + 1, SHAPE[1]))
    }


@given(factories(), st.integers(0, 9))
@settings(max_examples=80, deadline=None)
def test_seen_pixels_are_the_windows(some, reach):
    row, col, _, _ = some
    assert set(map(tuple, np.argwhere(seen_pixels(row, col, SHAPE, reach)))) == windows(row, col, reach)


@given(factories(), st.integers(0, 9), st.integers(2, 7))
@settings(max_examples=80, deadline=None)
def test_no_pixel_is_seen_in_training_and_in_the_test(some, reach, groups):
    row, col, district, areas = some
    for block in spatial_blocks(row, col, district, SHAPE, areas, groups, reach):
        held = block.districts[district]
        tested = windows(row[held], col[held], block.reach)
        trained = {p for p in windows(row[~held], col[~held], reach) if not block.hidden[p]}
        assert not tested & trained


def test_a_small_region_hides_less_rather_than_everything():
    row, col, district = np.array([2, 3, 4, 20]), np.array([2, 3, 4, 15]), np.array([0, 1, 1, 1])
    wide, narrow = (next(spatial_blocks(row, col, district, SHAPE, 2, 2, reach)) for reach in (1, 8))
    assert (wide.reach, narrow.reach) == (1, 1)
    assert not narrow.hidden[4, 4]
    alone = next(spatial_blocks(row[:2], col[:2], district[:2], SHAPE, 2, 2, 8))
    assert (alone.reach, alone.hidden.sum()) == (0, 1)


@given(factories(), st.integers(2, 7))
@settings(max_examples=80, deadline=None)
def test_every_district_is_left_out_once(some, groups):
    row, col, district, areas = some
    blocks = list(spatial_blocks(row, col, district, SHAPE, areas, groups, 1))
    if areas == 1:
        assert not blocks  # nobody would be left to learn from
    else:
        assert len(blocks) == min(areas, groups)
        np.testing.assert_array_equal(np.sum([b.districts for b in blocks], axis=0), 1)


@pytest.mark.parametrize(("radius", "expected"), [(400.0, 5), (2000.0, 9), (0.0, 4)])
def test_reach_is_half_the_patch_and_the_radius(radius, expected):
    assert reach_px(9, radius, 440.0) == expected


def test_side_of_a_pixel_in_metres():
    """15 arc-seconds at 31.5° N: 462 m from north to south, 394 m from west to east."""
    assert pixel_side_m(SAMPLES) == pytest.approx(394, abs=3)


def test_hidden_pixels_were_never_seen():
    hidden = np.zeros(SAMPLES.owner.shape, dtype=bool)
    hidden[3, 4] = True
    dark = hide(SAMPLES, hidden)
    assert np.isnan(dark.radiance[:, 3, 4]).all()
    assert not dark.observations[:, 3, 4].any()
    np.testing.assert_array_equal(dark.radiance[:, ~hidden], SAMPLES.radiance[:, ~hidden])
