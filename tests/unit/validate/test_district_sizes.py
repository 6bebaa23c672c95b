"""How large districts look: factories, weights, and light above what surrounds it."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.types import LightStack, Month
from gvio.validate.sizes import district_sizes

SHAPE = (20, 40)
GRID = GeoBox(SHAPE, Affine(0.01, 0, 121, 0, -0.01, 31.2), "EPSG:4326")


def stack_of(radiance):
    months = tuple(Month(2020, 1) + t for t in range(len(radiance)))
    return LightStack(months, radiance, np.ones(radiance.shape, np.uint16), GRID, ((),) * len(months), ())


def world():
    """Two districts, west under 5 and east under 50 nW; two factories in one pixel of the west, one in the east."""
    owner = np.repeat([0, 1], 20)[None, :].repeat(20, axis=0)
    radiance = np.where(owner == 0, 5.0, 50.0).astype(np.float32)[None].repeat(3, axis=0)
    industry = np.zeros(SHAPE, bool)
    industry[10, 5], industry[10, 33] = True, True
    radiance[:, 10, 5] += 30
    radiance[:, 10, 33] += 30
    return owner, radiance, industry


def sizes_of(owner, radiance, industry):
    return district_sizes(stack_of(radiance), owner, industry, np.array([0, 0, 1]), np.array([1.0, 2.0, 5.0]), 2)


def test_light_is_what_the_factories_add_to_their_surroundings():
    sizes = sizes_of(*world())
    assert sizes.number.tolist() == [2, 1]
    assert sizes.weight.tolist() == [3, 5]
    assert sizes.light == pytest.approx([30, 30])


def test_months_that_were_not_seen_do_not_count():
    owner, radiance, industry = world()
    radiance[1:, 10, 5] = np.nan
    assert sizes_of(owner, radiance, industry).light == pytest.approx([30, 30])


def test_light_that_was_never_seen_is_unknown():
    owner, radiance, industry = world()
    radiance[:, 10, 5] = np.nan
    light = sizes_of(owner, radiance, industry).light
    assert np.isnan(light[0])
    assert light[1] == pytest.approx(30)


def test_a_district_that_is_all_factories_has_no_surroundings():
    owner, radiance, industry = world()
    industry[:] = True
    assert np.isnan(sizes_of(owner, radiance, industry).light).all()
