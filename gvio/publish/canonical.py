"""JSON with one spelling: equal content gives equal bytes, so that a hash of the bytes names the content."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from gvio.types import Month

SCHEMA_VERSION = 1
"""Of every document of the published store (contract §3); a change of meaning raises it."""


def canonical_json(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys; NaN and infinities become null, because JSON has no word for them.

    Takes mappings, sequences, sets of sortable items, numbers and arrays of NumPy, dates and `Month`.

    Raises:
        TypeError: Anything else.
    """
    text = json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, indent=1, allow_nan=False)
    return (text + "\n").encode()


def root_json(regions: Mapping[str, str]) -> bytes:
    """The STAC catalogue above the regions of a store, from their titles by name; each keeps a root of its own, so that
    a region's folder that is copied alone is whole. Written by hand: readers need no library of STAC for it.
    """
    children = [
        {"rel": "child", "href": f"./{name}/catalog.json", "type": "application/json", "title": title or name}
        for name, title in sorted(regions.items())
    ]
    return canonical_json(
        {
            "type": "Catalog",
            "stac_version": "1.1.0",
            "id": "gvio",
            "title": "gvio",
            "description": "Regions of this store: monthly industrial output from night light.",
            "links": [{"rel": "root", "href": "./catalog.json", "type": "application/json"}, *children],
        }
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return [_plain(item) for item in sorted(value)]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Month | dt.date):
        return str(value)
    return value
