"""`cube.zarr`: every month's grid as one Zarr v3 store, so that the series of a pixel is two small reads.

One shard holds all months of a block of 256×256 pixels, cut into chunks of 16×16 pixels and all months: a reader asks
for the shard's index and for one chunk. Written by hand, because it is little (Zarr core 3.0, codecs
`sharding_indexed`, `bytes`, `zstd`, `crc32c`) and equal months must give equal bytes. The months' GeoTIFFs stay what
counts; only the bands that make a series are here.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from odc.geo.geobox import GeoBox

from gvio.grid.place import pixel_centres, spatial_ref
from gvio.map.bands import BANDS, MEANINGS, band_units
from gvio.publish.manifest import CUBE
from gvio.types import BoolArray, FloatArray, IntArray, Month

CUBE_BANDS = BANDS[:3]
_BLOCK, _CHUNK = 256, 16  # pixels of a shard's side, and of a chunk's
_ABSENT = 2**64 - 1
_LEVEL = 5


@dataclasses.dataclass(frozen=True, eq=False)
class CubeSource:
    """What the cube is made of: output is 0 inside the districts but for the pixels of industry.

    Attributes:
        geobox: The grid.
        inside: (y, x) pixels of districts; the others are NaN.
        pixels: (P,) flat indices of the pixels with industry.
        months: (T,) consecutive months.
        values: (3, P, T) float32, in the order of `CUBE_BANDS`.
    """

    geobox: GeoBox
    inside: BoolArray
    pixels: IntArray
    months: Sequence[Month]
    values: FloatArray


def cube_objects(source: CubeSource, unit: str, about: Mapping[str, str]) -> dict[str, bytes]:
    """The store's objects by name, `cube.zarr/…`; equal months give equal bytes.

    Args:
        source: The months.
        unit: Unit of the region's figures.
        about: Attributes of the whole: region, whether the data are invented.
    """
    rows, cols = source.geobox.shape
    shape = (len(source.months), rows, cols)
    documents = _coordinates(source)
    objects = {f"{name}/c/0" if data else f"{name}/c": raw for name, (data, raw) in _axis_bytes(source).items()}
    for band, (name, of) in enumerate(zip(CUBE_BANDS, band_units(unit), strict=False)):
        said = {"long_name": MEANINGS[name], "units": of, "grid_mapping": "spatial_ref", "coordinates": "spatial_ref"}
        documents[name] = _array(shape, "float32", ("month", "y", "x"), _sharding(shape[0]), said, "NaN", _block(shape))
        for i in range(0, rows, _BLOCK):
            for j in range(0, cols, _BLOCK):
                data = _shard(_dense(source, band, i, j))
                if data is not None:
                    objects[f"{name}/c/0/{i // _BLOCK}/{j // _BLOCK}"] = data
    known = {name: dict(sorted(document.items())) for name, document in sorted(documents.items())}
    consolidated = {"kind": "inline", "must_understand": False, "metadata": known}
    root = {"zarr_format": 3, "node_type": "group", "attributes": dict(about), "consolidated_metadata": consolidated}
    texts = {"zarr.json": root, **{f"{name}/zarr.json": document for name, document in documents.items()}}
    objects |= {name: json.dumps(text, sort_keys=True, indent=1).encode() for name, text in texts.items()}
    return {f"{CUBE}/{name}": data for name, data in sorted(objects.items())}


def _block(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    return shape[0], _BLOCK, _BLOCK


def _dense(source: CubeSource, band: int, row: int, col: int) -> FloatArray:
    """(T, 256, 256) of the block that begins at a pixel; NaN outside the districts and beyond the grid."""
    rows, cols = source.geobox.shape
    height, width = min(_BLOCK, rows - row), min(_BLOCK, cols - col)
    block = np.full((_BLOCK, _BLOCK, len(source.months)), np.nan, dtype=np.float32)
    block[:height, :width][source.inside[row : row + height, col : col + width]] = 0.0
    y, x = np.divmod(source.pixels, cols)
    here = (y >= row) & (y < row + height) & (x >= col) & (x < col + width)
    block[y[here] - row, x[here] - col] = source.values[band][here]
    return np.ascontiguousarray(np.moveaxis(block, 2, 0))


def _shard(block: FloatArray) -> bytes | None:
    """A block's chunks in C order and their index behind them; None where nothing but NaN is in it."""
    codec = pa.Codec("zstd", compression_level=_LEVEL)
    parts: list[bytes] = []
    index: list[int] = []
    at = 0
    for i in range(0, _BLOCK, _CHUNK):
        for j in range(0, _BLOCK, _CHUNK):
            chunk = block[:, i : i + _CHUNK, j : j + _CHUNK]
            if np.isnan(chunk).all():
                index += [_ABSENT, _ABSENT]
                continue
            packed = codec.compress(np.ascontiguousarray(chunk, dtype="<f4").tobytes(), asbytes=True)
            parts.append(packed)
            index += [at, len(packed)]
            at += len(packed)
    if not parts:
        return None
    raw = struct.pack(f"<{len(index)}Q", *index)
    return b"".join(parts) + raw + struct.pack("<I", crc32c(raw))


def _sharding(months: int) -> list[dict[str, Any]]:
    inner = [_BYTES, {"name": "zstd", "configuration": {"level": _LEVEL, "checksum": False}}]
    configuration = {
        "chunk_shape": [months, _CHUNK, _CHUNK],
        "codecs": inner,
        "index_codecs": [_BYTES, {"name": "crc32c"}],
        "index_location": "end",
    }
    return [{"name": "sharding_indexed", "configuration": configuration}]


_BYTES: dict[str, Any] = {"name": "bytes", "configuration": {"endian": "little"}}


def _array(
    shape: Sequence[int],
    kind: str,
    names: Sequence[str],
    codecs: list[dict[str, Any]],
    attributes: Mapping[str, Any],
    fill: float | str = 0,
    chunk: Sequence[int] | None = None,
) -> dict[str, Any]:
    grid = {"name": "regular", "configuration": {"chunk_shape": list(shape if chunk is None else chunk)}}
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": kind,
        "chunk_grid": grid,
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": fill,
        "codecs": codecs,
        "attributes": dict(attributes),
        "dimension_names": list(names),
    }


def _coordinates(source: CubeSource) -> dict[str, dict[str, Any]]:
    rows, cols = source.geobox.shape
    days = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian", "standard_name": "time"}
    return {
        "month": _array((len(source.months),), "int64", ("month",), [_BYTES], days),
        "y": _array((rows,), "float64", ("y",), [_BYTES], {"axis": "Y"}),
        "x": _array((cols,), "float64", ("x",), [_BYTES], {"axis": "X"}),
        "spatial_ref": _array((), "int64", (), [_BYTES], spatial_ref(source.geobox)),
    }


def _axis_bytes(source: CubeSource) -> dict[str, tuple[bool, bytes]]:
    """Whether a coordinate has a dimension, and its only chunk."""
    y, x = pixel_centres(source.geobox)
    days = np.array([str(month.first_day) for month in source.months], dtype="datetime64[D]")
    return {
        "month": (True, days.astype("<i8").tobytes()),
        "y": (True, y.astype("<f8").tobytes()),
        "x": (True, x.astype("<f8").tobytes()),
        "spatial_ref": (False, np.zeros((), "<i8").tobytes()),
    }


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return tuple(table)


_TABLE = _crc_table()


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli, RFC 3720 appendix B.4): what indices of shards end with."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF
