"""Series of pixels out of the objects of `cube.zarr`: of a shard only the chunks that hold one of them are decoded.

Sizes are taken from the cube's own metadata, so that a cube with other blocks is read as well; another coding is
refused. Bytes come verified: this module reads what it is handed.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from gvio.types import FloatArray, IntArray

ROOT, MONTHS = "zarr.json", "month/c/0"
_CODECS = ("bytes", "zstd")
_ABSENT = np.uint64(2**64 - 1)
_CHECKSUM = 4  # bytes behind the index of a shard


@dataclasses.dataclass(frozen=True)
class CubeLayout:
    """How a cube is cut: `months` (YYYY-MM) in order, `shape` rows and columns, sides of a shard and of a chunk in
    pixels.
    """

    months: tuple[str, ...]
    shape: tuple[int, int]
    block: int
    chunk: int

    def shard_of(self, pixels: IntArray) -> IntArray:
        """Number of the shard of each flat index, row by row."""
        y, x = np.divmod(pixels, self.shape[1])
        return np.asarray(y // self.block * self._across + x // self.block)

    def name(self, band: str, shard: int) -> str:
        """Name of a shard's object within the cube."""
        row, col = divmod(shard, self._across)
        return f"{band}/c/0/{row}/{col}"

    @property
    def _across(self) -> int:
        return -(-self.shape[1] // self.block)


def read_layout(root: bytes, months: bytes, band: str) -> CubeLayout:
    """The layout of a band that `ROOT` describes, with its months from the object `MONTHS`.

    Raises:
        ValueError, KeyError: It is none, or is coded otherwise than cubes of gvio are.
    """
    array: Mapping[str, Any] = json.loads(root)["consolidated_metadata"]["metadata"][band]
    (sharding,) = array["codecs"]
    inner = tuple(codec["name"] for codec in sharding["configuration"]["codecs"])
    length, block, width = array["chunk_grid"]["configuration"]["chunk_shape"]
    deep, chunk, wide = sharding["configuration"]["chunk_shape"]
    known = (array["data_type"], sharding["name"], inner) == ("float32", "sharding_indexed", _CODECS)
    times, *shape = array["shape"]
    if not known or (length, deep) != (times, times) or (block, chunk) != (width, wide) or block % chunk:
        raise ValueError(f"the band {band} is coded in a way that is not known")
    days = np.frombuffer(months, "<i8").astype("datetime64[D]")
    if len(days) != times:
        raise ValueError(f"{len(days)} months for {times} layers")
    named = tuple(pd.DatetimeIndex(days).strftime("%Y-%m"))
    return CubeLayout(named, (int(shape[0]), int(shape[1])), int(block), int(chunk))


def shard_series(layout: CubeLayout, shard: bytes, pixels: IntArray) -> FloatArray:
    """(month, pixel) float32 of pixels (flat indices of the grid) that all lie in one shard.

    Raises:
        ValueError: The bytes are no shard of this layout.
    """
    months, chunk, per_side = len(layout.months), layout.chunk, layout.block // layout.chunk
    found = np.full((months, len(pixels)), np.nan, dtype=np.float32)
    footer = 16 * per_side**2 + _CHECKSUM
    if len(shard) < footer:
        raise ValueError("a shard is shorter than its index")
    index = np.frombuffer(shard[-footer:-_CHECKSUM], "<u8").reshape(-1, 2)
    y, x = np.divmod(pixels, layout.shape[1])
    y, x = y % layout.block, x % layout.block
    place = y // chunk * per_side + x // chunk
    codec, size = pa.Codec("zstd"), 4 * months * chunk**2
    for number in np.unique(place):
        start, length = index[number]
        if start == _ABSENT:
            continue
        packed = shard[int(start) : int(start + length)]
        values = np.frombuffer(codec.decompress(packed, size, asbytes=True), "<f4").reshape(months, chunk, chunk)
        here = place == number
        found[:, here] = values[:, y[here] % chunk, x[here] % chunk]
    return found
