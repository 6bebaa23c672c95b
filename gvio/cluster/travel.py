"""How tasks travel: as bytes from which large arrays are left out, and each such array once, under its content.

Many tasks look at one light, each at other months of it. What is sent is the memory that they share; a task carries
where in it its own array lies. Shape and strides arrive as they were: NumPy adds in the order in which numbers lie, so
that another layout would make other last bits.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np

from gvio.content import content_digest

LARGE = 1 << 10  # bytes from which an array is sent by itself
_SHARED, _WHOLE, _PLACE = "shared", "whole", "place"
_Array = np.ndarray[Any, np.dtype[Any]]


class Parcel:
    """Values as bytes, and beside them the `arrays` that were left out, by key; equal arrays have one key."""

    def __init__(self) -> None:
        self.arrays: dict[str, _Array] = {}
        self._keys: dict[int, str] = {}  # by the id of an array that `arrays` keeps alive

    def pack(self, value: Any) -> tuple[bytes, list[str]]:
        """The bytes of a value, and the keys of the arrays that reading them takes.

        Raises:
            TypeError, pickle.PicklingError: Something in it cannot travel.
        """
        sink = io.BytesIO()
        writer = _Writer(sink, self)
        writer.dump(value)
        return sink.getvalue(), sorted(writer.used)

    def key_of(self, array: _Array) -> str:
        """The key under which an array travels."""
        known = self._keys.get(id(array))
        if known is None:
            known = f"gvio-{content_digest(array)}"
            if self.arrays.setdefault(known, array) is array:
                self._keys[id(array)] = known
        return known


def pack_whole(value: Any) -> bytes:
    """The bytes of a value with all its arrays."""
    sink = io.BytesIO()
    _Writer(sink, None).dump(value)
    return sink.getvalue()


def unpack(data: bytes, arrays: Mapping[str, _Array]) -> Any:
    """What `Parcel.pack`, or `pack_whole`, made bytes of; nobody can write to the arrays that were sent by themselves.

    Raises:
        KeyError: An array is not there.
    """
    return _Reader(io.BytesIO(data), arrays).load()


class _Writer(cloudpickle.Pickler):  # type: ignore[misc]  # functions travel by value, too
    def __init__(self, sink: io.BytesIO, parcel: Parcel | None) -> None:
        super().__init__(sink, protocol=pickle.HIGHEST_PROTOCOL)
        self._parcel, self.used = parcel, set[str]()

    def persistent_id(self, value: Any) -> tuple[Any, ...] | None:
        """What stands in the bytes instead of a value; None: the value itself."""
        if type(value) is np.ndarray and value.ndim and not value.dtype.hasobject:
            return self._place_of(value)
        if isinstance(value, Path) and not value.is_absolute():  # who reads it works in another folder
            return _PLACE, str(value.absolute())
        return None

    def _place_of(self, array: _Array) -> tuple[Any, ...] | None:
        compact = array.flags.c_contiguous or array.flags.f_contiguous
        if compact and (self._parcel is None or array.nbytes < LARGE):
            return None
        memory = _memory_of(array)
        if memory is None:
            return None
        start = _address(array) - _address(memory)
        place = (start, array.shape, array.strides, array.dtype)
        if self._parcel is None or memory.nbytes < LARGE:
            return _WHOLE, memory, *place
        key = self._parcel.key_of(memory)
        self.used.add(key)
        return _SHARED, key, *place


class _Reader(pickle.Unpickler):
    def __init__(self, data: io.BytesIO, arrays: Mapping[str, _Array]) -> None:
        super().__init__(data)
        self._arrays = arrays

    def persistent_load(self, told: Any) -> Any:
        """The value that was left out."""
        if told[0] == _PLACE:
            return Path(told[1])
        kind, memory, start, shape, strides, dtype = told
        if kind == _SHARED:
            memory = self._arrays[memory]
            memory.flags.writeable = False
        if start == 0 and (shape, strides, dtype) == (memory.shape, memory.strides, memory.dtype):
            return memory
        return np.ndarray(shape, dtype, buffer=memory, offset=start, strides=strides)


def _memory_of(array: _Array) -> _Array | None:
    """The array without gaps whose memory `array` looks at, in the order in which it lies there; None: there is none
    that NumPy knows of.
    """
    owner = array
    while type(owner.base) is np.ndarray:
        owner = owner.base
    if owner.flags.c_contiguous:
        return owner
    order = sorted(range(owner.ndim), key=lambda axis: -owner.strides[axis])
    turned = owner.transpose(order)
    return turned if turned.flags.c_contiguous else None


def _address(array: _Array) -> int:
    return int(array.__array_interface__["data"][0])
