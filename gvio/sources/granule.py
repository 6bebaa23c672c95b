"""One HDF-EOS5 granule of Black Marble: its layers, unpacked by the file's own attributes, window by window."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
from odc.geo.geobox import GeoBox

from gvio.errors import GvioError, ProductError
from gvio.grid.align import check_aligned
from gvio.sources.files import DOWNLOAD_AGAIN
from gvio.sources.mosaic import TileLight
from gvio.types import FloatArray, IntArray

TILE_PIXELS = 2400
QUALITY_FLAGS = (0, 1, 2)  # good, poor (at most 3 observations), gap-filled from history; anything else is fill
# GDAL spells the second one; files that went through it keep that.
FIELDS = ("HDFEOS/GRIDS/VIIRS_Grid_DNB_2d/Data Fields", "HDFEOS/GRIDS/VIIRS_Grid_DNB_2d/Data_Fields")

_UNMODIFIED = "Use an unmodified VNP46A3 granule."
_CORNER = re.compile(r"UpperLeftPointMtrs=\((-?\d+(?:\.\d*)?),(-?\d+(?:\.\d*)?)\)")
_LOWER_BOUND = re.compile(r"\s*>=\s*(-?\d+(?:\.\d*)?)\s*")

Window = tuple[slice, slice]


def read_tile(
    granule: BinaryIO, grid: GeoBox, geobox: GeoBox, composite: str, dropped_quality: tuple[int, ...]
) -> TileLight:
    """Read the part of a tile that lies under `geobox`, as arrays on `geobox`.

    Args:
        granule: The granule's file, open.
        grid: The tile's grid according to its name.
        geobox: The region's grid.
        composite: Layer, for example "AllAngle_Composite_Snow_Free"; `_Num` and `_Quality` go with it.
        dropped_quality: Quality flags whose pixels were not observed this month.

    Raises:
        ProductError: Unreadable, missing layer, wrong size, or corners that contradict the name.
    """
    where = Path(granule.name).name
    row, col = check_aligned(grid, geobox, where=where)
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + TILE_PIXELS, geobox.shape[0]), min(col + TILE_PIXELS, geobox.shape[1])
    inside: Window = (slice(top, bottom), slice(left, right))
    window: Window = (slice(top - row, bottom - row), slice(left - col, right - col))
    radiance = np.full(geobox.shape, np.nan, np.float32)
    observations = np.zeros(geobox.shape, np.uint16)
    with _open(granule, where) as file:
        _check_corner(file, grid, where)
        layers = (_layer(file, composite + suffix, where) for suffix in ("", "_Num", "_Quality"))
        light, count, quality = (_unpack(layer, window, where) for layer in layers)
    kept = [flag for flag in QUALITY_FLAGS if flag not in dropped_quality]
    radiance[inside] = np.where(np.isin(quality, kept), light, np.nan)
    # A fill count is no observation; where the flag dropped the radiance the count stays, and the mosaic drops both.
    observations[inside] = np.nan_to_num(count, nan=0)
    return TileLight(radiance, observations)


@contextlib.contextmanager
def _open(granule: BinaryIO, where: str) -> Iterator[Any]:
    """Open for reading; whatever the library finds wrong becomes one line that names the file."""
    try:
        with h5py.File(granule, "r") as file:
            yield file
    except GvioError:
        raise
    except Exception as error:  # of a damaged file the library raises almost anything
        raise ProductError(
            f"cannot be read as HDF5, it is truncated or damaged ({error})", where=where, hint=DOWNLOAD_AGAIN
        ) from error


def _layer(file: Any, name: str, where: str) -> Any:
    group = next((file[fields] for fields in FIELDS if fields in file), None)
    if not isinstance(group, h5py.Group):
        raise ProductError(f"has no group {FIELDS[0]!r}", where=where, hint=_UNMODIFIED)
    if name not in group:
        known = ", ".join(sorted(key for key in group if not key.endswith(("_Num", "_Quality", "_Std")))[:8])
        raise ProductError(
            f"has no layer {name!r}; it has {known or 'none'}", where=where, hint="Use an unmodified granule."
        )
    if isinstance(group.get(name, getlink=True), h5py.ExternalLink):
        raise ProductError(f"layer {name!r} lies in another file", where=where, hint=_UNMODIFIED)
    layer = group[name]
    if not isinstance(layer, h5py.Dataset) or layer.dtype.kind not in "iuf":
        raise ProductError(f"layer {name!r} holds no numbers", where=where, hint=_UNMODIFIED)
    if layer.shape != (TILE_PIXELS, TILE_PIXELS):
        raise ProductError(
            f"layer {name!r} has shape {layer.shape}, not {(TILE_PIXELS, TILE_PIXELS)}",
            where=where,
            hint=_UNMODIFIED,
        )
    return layer


def _unpack(layer: Any, window: Window, where: str) -> FloatArray:
    """Physical values (float64): raw × scale_factor + offset, NaN for fill and outside the stated valid range."""
    raw = layer[window]
    scale, offset = _number(layer, "scale_factor", where, 1.0), _number(layer, "offset", where, 0.0)
    if not (np.isfinite(scale) and scale > 0 and np.isfinite(offset)):
        what = f"scale {scale:g} and offset {offset:g} of {_short(layer)!r} cannot be"
        raise ProductError(what, where=where, hint=_UNMODIFIED)
    value = raw.astype(np.float64) * scale + offset
    # Range and fill are stated for raw numbers, before scale and offset.
    bad = ~np.isfinite(raw) | _outside_valid_range(raw, layer, where)
    if "_FillValue" in layer.attrs:
        # The attribute may be wider than the layer: -999.9 is not the float32 nearest to it.
        fill = _number(layer, "_FillValue", where)
        bad |= np.isclose(raw.astype(np.float64), fill, rtol=1e-6, atol=0, equal_nan=True)
    value[bad] = np.nan
    return np.asarray(value)


def _number(layer: Any, name: str, where: str, default: float = float("nan")) -> float:
    """The first number of an attribute; a text that is a number counts as one."""
    value = layer.attrs.get(name)
    if value is None:
        return default
    try:
        return float(np.ravel(value)[0])
    except (TypeError, ValueError, IndexError):
        what = f"{name} of {_short(layer)!r} is {_shown(value)}, not a number"
        raise ProductError(what, where=where, hint=_UNMODIFIED) from None


def _short(layer: Any) -> str:
    return str(layer.name).rsplit("/", 1)[-1]


def _shown(value: Any) -> str:
    return "empty" if isinstance(value, h5py.Empty) else repr(value)[:40]


def _outside_valid_range(raw: FloatArray | IntArray, layer: Any, where: str) -> Any:
    """Collection 1 states two numbers, collection 2 the text ">= 0.0"; a text of another form states nothing."""
    limits = layer.attrs.get("valid_range")
    if limits is None or isinstance(limits, h5py.Empty) or not np.size(limits):
        return np.zeros(raw.shape, bool)
    first = np.ravel(limits)[0]
    if isinstance(first, bytes | str):
        match = _LOWER_BOUND.fullmatch(first.decode("ascii", "replace") if isinstance(first, bytes) else first)
        return raw < float(match[1]) if match else np.zeros(raw.shape, bool)
    low, high = np.ravel(limits)[[0, -1]]
    if not (np.isreal(low) and np.isreal(high) and low < high):
        what = f"valid_range of {_short(layer)!r} is {_shown(limits)}, not two numbers"
        raise ProductError(what, where=where, hint=_UNMODIFIED)
    return (raw < low) | (raw > high)


def _is_text(item: Any) -> bool:
    return isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype) is not None


def _check_corner(file: Any, grid: GeoBox, where: str) -> None:
    """The grid in the structure metadata must be the one in the name; degrees × 10⁶ in spite of the field's name."""
    text = file.get("HDFEOS INFORMATION/StructMetadata.0")
    match = _CORNER.search(str(text.asstr("ascii", "replace")[()])) if _is_text(text) else None
    if match is None:
        return
    west, north = float(match[1]) / 1e6, float(match[2]) / 1e6
    if max(abs(west - grid.boundingbox.left), abs(north - grid.boundingbox.top)) > 1e-6:
        raise ProductError(
            f"the name says upper left ({grid.boundingbox.left:g}, {grid.boundingbox.top:g}), "
            f"the content says ({west:g}, {north:g})",
            where=where,
            hint="Restore the official file name.",
        )
