"""Series of pixels of a release's `cube.zarr`, every object that is read compared with its published hash."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from gvio.publish.cube_series import MONTHS, ROOT, CubeLayout, read_layout, shard_series
from gvio.publish.manifest import CUBE
from gvio.store.objects import ObjectStore
from gvio.store.published import read_own, understood
from gvio.types import FloatArray, IntArray, Manifest


def read_pixels(
    store: ObjectStore, manifest: Manifest, bands: Sequence[str], pixels: IntArray
) -> tuple[tuple[str, ...], FloatArray] | None:
    """Months (YYYY-MM) of the cube, and (month, band, pixel) float32 of pixels that are flat indices of the grid.

    None of a release without a cube, or without one of the bands in it.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: An object is absent, is not what was published, or cannot be understood.
    """
    root, months = read_own(store, manifest, f"{CUBE}/{ROOT}"), read_own(store, manifest, f"{CUBE}/{MONTHS}")
    if root is None or months is None or not all(_has(manifest, f"{band}/{ROOT}") for band in bands):
        return None
    layout = understood(store, manifest, f"{CUBE}/{ROOT}", root, lambda data: read_layout(data, months, bands[0]))
    found = np.full((len(layout.months), len(bands), len(pixels)), np.nan, dtype=np.float32)
    for number, band in enumerate(bands):
        found[:, number] = _band(store, manifest, layout, band, pixels)
    return layout.months, found


def _band(store: ObjectStore, manifest: Manifest, layout: CubeLayout, band: str, pixels: IntArray) -> FloatArray:
    found = np.full((len(layout.months), len(pixels)), np.nan, dtype=np.float32)
    shards = layout.shard_of(pixels)
    for shard in np.unique(shards):
        name, here = f"{CUBE}/{layout.name(band, int(shard))}", shards == shard
        data = read_own(store, manifest, name)  # absent from the manifest: nothing but NaN
        if data is not None:
            series = functools.partial(shard_series, layout, pixels=pixels[here])
            found[:, here] = understood(store, manifest, name, data, series)
    return found


def _has(manifest: Manifest, name: str) -> bool:
    return any(o.key.endswith(f"/{CUBE}/{name}") for o in manifest.objects)
