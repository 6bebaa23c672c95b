"""Maps of a release beside its months' grids: trends of pixels, and districts with their outlines."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from odc.geo.geobox import GeoBox

from gvio.map.bands import TREND_BANDS
from gvio.publish.outlines import PARQUET, outline_table
from gvio.raster import read_cog
from gvio.store.objects import ObjectStore
from gvio.store.published import read_own, understood
from gvio.types import FloatArray, Manifest

TRENDS = "trends.tif"


def read_trends_of(store: ObjectStore, manifest: Manifest) -> tuple[FloatArray, GeoBox] | None:
    """Bands (3, y, x) in the order of `TREND_BANDS`, and their grid; None of a release with too few months for one.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: The object is absent or damaged.
        ProductError: The bytes are not a readable raster.
    """
    data = read_own(store, manifest, TRENDS)
    return None if data is None else understood(store, manifest, TRENDS, data, _trends)


def read_outlines_of(store: ObjectStore, manifest: Manifest) -> tuple[pd.DataFrame, npt.NDArray[np.object_]] | None:
    """Columns area_id, name, group, code, and the shapes (EPSG:4326); None of a release of before they were published.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: The object is absent or damaged.
    """
    data = read_own(store, manifest, PARQUET)
    return None if data is None else understood(store, manifest, PARQUET, data, outline_table)


def _trends(data: bytes) -> tuple[FloatArray, GeoBox]:
    bands, geobox, _ = read_cog(data)
    if bands.ndim != 3 or len(bands) != len(TREND_BANDS):
        raise ValueError(f"{len(bands)} bands and not {', '.join(TREND_BANDS)}")
    return bands, geobox
