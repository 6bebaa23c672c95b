"""What `fetch` hands on comes back as it was."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.errors import InputRefused
from gvio.stages.light_file import digest_by_month, light_bytes, light_digest, read_light
from gvio.types import LightStack, Month, Provenance

FILE = Provenance("SVDNB_x.tif", "ab" * 32, "vnl-monthly", "npp", "v10", "vcmslcfg", "202101121200")


def _stack() -> LightStack:
    radiance = np.random.default_rng(0).random((2, 3, 4)).astype(np.float32)
    radiance[1] = np.nan
    return LightStack(
        months=(Month(2020, 12), Month(2021, 1)),
        radiance=radiance,
        observations=np.array([np.full((3, 4), 7), np.zeros((3, 4))], np.uint16),
        geobox=GeoBox((3, 4), Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.0), "EPSG:4326"),
        provenance=((FILE,), ()),
        missing=(Month(2021, 1),),
    )


def test_a_stack_comes_back_as_it_was() -> None:
    stack = _stack()
    back = read_light(light_bytes(stack))
    np.testing.assert_array_equal(back.radiance, stack.radiance)
    np.testing.assert_array_equal(back.observations, stack.observations)
    assert (back.months, back.missing, back.provenance) == (stack.months, stack.missing, stack.provenance)
    assert back.geobox == stack.geobox
    assert (back.radiance.dtype, back.observations.dtype) == (np.float32, np.uint16)
    assert light_bytes(back) == light_bytes(stack)


@pytest.mark.parametrize("size", [0, 100, 900])
def test_a_damaged_file_asks_for_another_fetch(size: int) -> None:
    with pytest.raises(
        InputRefused, match=r"light\.npz: the light cannot be read \(\w+\). Run `gvio fetch` with the same"
    ):
        read_light(light_bytes(_stack())[:size])


def test_the_digest_follows_names_bytes_and_order() -> None:
    other = dataclasses.replace(FILE, sha256="cd" * 32)
    digests = [light_digest(p) for p in ([(FILE,)], [(other,)], [(FILE,), (other,)], [(other,), (FILE,)])]
    assert len(set(digests)) == 4
    assert light_digest([(FILE,), ()]) == light_digest([(FILE,)])


def test_the_digest_of_every_month_is_that_of_light_that_ends_there() -> None:
    stack, later = _stack(), dataclasses.replace(FILE, file="SVDNB_y.tif")
    longer = dataclasses.replace(stack, provenance=((FILE,), (later,)))
    assert digest_by_month(longer) == {"2020-12": light_digest([(FILE,)]), "2021-01": light_digest([(FILE,), (later,)])}
    revised = dataclasses.replace(longer, provenance=((later,), (later,)))
    assert digest_by_month(revised)["2020-12"] != digest_by_month(longer)["2020-12"]
