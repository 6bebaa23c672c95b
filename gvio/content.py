"""The digest of a value: what a cache key must know of what a result was made from.

Walks frozen values field by field, so that a new field of a dataclass is in the digest without anybody thinking of it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel
from scipy import sparse

from gvio.errors import ConfigError
from gvio.types import Month

_LARGE = 1 << 20  # bytes from which an array is hashed by itself, so that it need not be hashed twice
_Bits = tuple[int, tuple[int, ...], tuple[int, ...], str]  # address, shape, strides, type of an array
_hashed: dict[int, tuple[weakref.ref[Any], dict[_Bits, bytes]]] = {}  # by the id of the array that owns the memory


def content_digest(*values: Any) -> str:
    """Hash (16 hex digits) of values: dataclasses, arrays (dtype, shape and bits), sparse arrays, configurations,
    mappings (in the order of their keys), tuples, texts, numbers, dates, None, and grids of odc-geo.

    Raises:
        ConfigError: A value of another type, whose bytes nobody has said.
    """
    digest = hashlib.sha256()
    for part in _parts(values):
        # the length keeps neighbours apart: ("ab", "c") is not ("a", "bc")
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:16]


def _parts(value: Any) -> Iterator[bytes | memoryview]:
    """The value's type and content, in pieces."""
    kind = type(value)
    yield f"{kind.__module__}.{kind.__qualname__}".encode()
    if isinstance(value, np.ndarray) and value.dtype != object:
        yield f"{value.dtype.str} {value.shape}".encode()
        yield _bits(value) if value.nbytes < _LARGE else _hash_of(value)
    elif isinstance(value, tuple | list) and value and all(type(item) is str for item in value):
        yield json.dumps(value).encode()  # names of thousands of factories, at once
    elif isinstance(value, BaseModel):
        yield value.model_dump_json().encode()
    elif isinstance(value, Month):
        yield str(value).encode()
    elif isinstance(value, str | bytes | int | float | bool | np.number | None) or hasattr(value, "isoformat"):
        yield repr(value).encode()
    else:
        yield from _inside(value)


def _bits(array: Any) -> memoryview:
    data: memoryview = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
    return data


def _hash_of(array: Any) -> bytes:
    """Hash of the bits of a large array.

    What nobody can write to any more is hashed once: a month's run asks some sixty times about the same light. Such an
    array is known by its place in the memory of its owner, and forgotten with it.
    """
    owner = array if array.base is None else array.base
    if array.flags.writeable or not isinstance(owner, np.ndarray) or owner.flags.writeable:
        return hashlib.sha256(_bits(array)).digest()
    number = id(owner)
    if number not in _hashed:
        _hashed[number] = (weakref.ref(owner, lambda _: _hashed.pop(number, None)), {})
    known = _hashed[number][1]
    place = (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str)
    if place not in known:
        known[place] = hashlib.sha256(_bits(array)).digest()
    return known[place]


def _inside(value: Any) -> Iterator[bytes | memoryview]:
    children = _children(value)
    yield str(len(children)).encode()
    for child in children:
        yield from _parts(child)


def _children(value: Any) -> tuple[Any, ...]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return tuple(part for field in dataclasses.fields(value) for part in (field.name, getattr(value, field.name)))
    if sparse.issparse(value):
        rows = value.tocsr().sorted_indices()
        return (rows.shape, rows.data, rows.indices.astype(np.int64), rows.indptr.astype(np.int64))
    if isinstance(value, Mapping):
        return tuple(part for key in sorted(value) for part in (key, value[key]))
    if isinstance(value, tuple | list):
        return tuple(value)
    if hasattr(value, "affine") and hasattr(value, "crs"):
        return (tuple(value.shape), tuple(value.affine), str(value.crs))
    hint = "Say in gvio/content.py what its content is."
    raise ConfigError(f"a value of type {type(value).__name__} has no digest", where="key of a cache", hint=hint)
