"""A month's grid as a value, and as the named bytes that a release lists."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping

from odc.geo.geobox import GeoBox

from gvio.geotiff import band_statistics
from gvio.publish.colours import thumbnail_png
from gvio.publish.manifest import COG_TYPE
from gvio.types import Asset, FloatArray, Month


@dataclasses.dataclass(frozen=True, eq=False)
class Grid:
    """One month's map: `array` (5, y, x) float32 in the order of `gvio.map.grids.BANDS`, NaN outside every district.

    `estimate`, `lower80`, `upper80` and `raw` are in the pack's unit per pixel and month; `adjustment` is a factor.
    """

    month: Month
    array: FloatArray
    geobox: GeoBox


@dataclasses.dataclass(frozen=True)
class Look:
    """What others show of a grid: each band's statistics (`gvio.geotiff.band_statistics`), and a thumbnail (PNG)."""

    statistics: tuple[Mapping[str, float], ...] = ()
    thumbnail: bytes = b""


def look_of(array: FloatArray) -> Look:
    """The look of a grid's bands (5, y, x)."""
    return Look(tuple(band_statistics(band, None) for band in array), thumbnail_png(array[0]))


@dataclasses.dataclass(frozen=True, eq=False)
class GridObject:
    """A month's grid encoded as COG, where it lies, and how it looks."""

    month: Month
    data: bytes
    geobox: GeoBox
    look: Look = Look()

    @property
    def key(self) -> str:
        """Key of the COG, relative to the region: the month and 12 hex digits of the content."""
        return f"grids/{self.month}/gvio_{self.month}_{hashlib.sha256(self.data).hexdigest()[:12]}.tif"

    @property
    def thumbnail_key(self) -> str:
        """Key of the thumbnail, by its own content."""
        digest = hashlib.sha256(self.look.thumbnail).hexdigest()[:12]
        return f"thumbnails/gvio_{self.month}_{digest}.png"

    @property
    def asset(self) -> Asset:
        """The manifest's line."""
        return describe(self.key, self.data, COG_TYPE, self.month)


def describe(key: str, data: bytes, media_type: str, month: Month | None = None) -> Asset:
    """The manifest's line for bytes; `month` marks the grids, by which a reader finds the map of a month."""
    return Asset(key, hashlib.sha256(data).hexdigest(), len(data), media_type, None if month is None else str(month))
