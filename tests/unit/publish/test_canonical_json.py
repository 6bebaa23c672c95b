"""Equal content, equal bytes; no NaN in JSON."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest

from gvio.publish.canonical import canonical_json
from gvio.types import Month


def test_order_of_keys_does_not_matter() -> None:
    assert canonical_json({"b": 1, "a": {"d": 2, "c": 3}}) == canonical_json({"a": {"c": 3, "d": 2}, "b": 1})


def test_values_of_the_domain_are_spelled() -> None:
    value = {
        "month": Month(2021, 3),
        "day": dt.date(2021, 4, 18),
        "scalar": np.float32(0.5),
        "flag": np.bool_(True),
        "array": np.array([[1.0, np.nan], [np.inf, 2.0]]),
        "set": {"b", "a"},
        "tuple": (1, None),
        "name": "上海",
        7: "seven",
    }
    assert json.loads(canonical_json(value)) == {
        "month": "2021-03",
        "day": "2021-04-18",
        "scalar": 0.5,
        "flag": True,
        "array": [[1.0, None], [None, 2.0]],
        "set": ["a", "b"],
        "tuple": [1, None],
        "name": "上海",
        "7": "seven",
    }


def test_a_value_without_a_spelling_is_refused() -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        canonical_json({"x": object()})
