"""Equal values have equal digests, others have others: bits, types, shapes, fields and order."""

import dataclasses
import datetime as dt

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy.sparse import coo_array, csr_array

from gvio import content
from gvio.config import ModelParams
from gvio.content import content_digest
from gvio.errors import ConfigError
from gvio.types import Month


@dataclasses.dataclass(frozen=True)
class Value:
    a: object = 1
    b: object = None


def grid(west: float = 121.0, crs: str = "EPSG:4326") -> GeoBox:
    return GeoBox((3, 4), Affine(1 / 240, 0, west, 0, -1 / 240, 31.5), crs)


DIFFERENT = [
    ("ab", "c"),
    ("a", "bc"),
    (("a", "b"), "c"),
    (1,),
    (1.0,),
    (True,),
    ("1",),
    (None,),
    (Value(),),
    (Value(b=1),),
    (Value(a=None, b=1),),
    (dt.date(2020, 1, 2),),
    (Month(2020, 1),),
    (np.arange(4),),
    (np.arange(4.0),),
    (np.arange(4).astype(np.int32),),
    (np.arange(4).reshape(2, 2),),
    (np.array([0.0]),),
    (np.array([-0.0]),),
    (np.array([np.nan]),),
    (np.array(["a", "b"]),),
    (csr_array(np.eye(3)),),
    (csr_array(np.eye(3)[:, ::-1]),),
    (ModelParams(),),
    (ModelParams(epochs=7),),
    ({"a": 1, "b": 2},),
    ({"a": 2, "b": 1},),
    (grid(),),
    (grid(121.5),),
    (grid(crs="EPSG:3857"),),
]


def test_different_values_have_different_digests():
    found = [content_digest(*values) for values in DIFFERENT]
    assert len(set(found)) == len(DIFFERENT)
    assert all(len(digest) == 16 for digest in found)


def test_equal_values_have_equal_digests():
    assert content_digest(np.arange(6)[::2]) == content_digest(np.array([0, 2, 4]))
    assert content_digest(grid()) == content_digest(grid())
    assert content_digest(ModelParams()) == content_digest(ModelParams(epochs=ModelParams().epochs))
    assert content_digest({"a": 1, "b": 2}) == content_digest({"b": 2, "a": 1})
    entries = (np.array([1.0, 2.0]), (np.array([1, 0]), np.array([2, 1])))
    assert content_digest(csr_array(coo_array(entries, (3, 3)))) == content_digest(
        csr_array(coo_array(entries, (3, 3)))
    )


def test_a_large_array_has_the_same_digest_whether_it_is_known_or_not():
    values = np.random.default_rng(0).random((4, 100_000))
    first, cut = content_digest(values), content_digest(values[:3])
    values.flags.writeable = False
    for _ in range(2):  # hashed, then known
        assert (content_digest(values), content_digest(values[:3])) == (first, cut)
        assert content_digest(values[1:]) == content_digest(values[1:].copy()) != cut
    number = id(values)
    assert number in content._hashed
    del values
    assert number not in content._hashed  # another array may come to lie there


def test_an_array_that_can_be_written_to_is_hashed_again():
    values = np.zeros(400_000)
    view = values[:]
    view.flags.writeable = False
    before = content_digest(view)
    values[3] = 1
    assert content_digest(view) != before


def test_a_value_of_an_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match=r"a value of type object has no digest\. Say in gvio/content\.py"):
        content_digest(Value(a=object()))
    with pytest.raises(ConfigError, match="a value of type ndarray has no digest"):
        content_digest(np.array([object()]))
