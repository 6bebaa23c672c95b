"""The map of a month as a picture that can leave the page: title, month, unit, release, and a mark if invented."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import shapely
from odc.geo.geobox import GeoBox

from gvio.map.bands import BANDS
from gvio.report.about import unit_words
from gvio.report.charts import map_png
from gvio.report.fonts import chinese_font
from gvio.report.identity import Identity
from gvio.report.tables import month_text
from gvio.report.zones import Zone
from gvio.types import FloatArray
from gvio.words import manner, speaking, tr


def month_png(bands: FloatArray, geobox: GeoBox, zones: Sequence[Zone], identity: Identity, month: str) -> bytes:
    """PNG of the estimate of every pixel, in the language spoken where this machine has a font for it, else in English.

    Args:
        bands: (5, y, x) in the order of `BANDS`.
        geobox: Their grid.
        zones: Districts to outline; none where they cannot be told.
        identity: What the picture says of itself.
        month: YYYY-MM.
    """
    if manner().fonts and chinese_font() is None:
        with speaking("en"):
            return month_png(bands, geobox, zones, identity, month)
    shapes = [shapely.MultiPolygon([(part[0], part[1:]) for part in zone.parts]) for zone in zones]
    outlines = gpd.GeoDataFrame(geometry=shapes, crs=str(geobox.crs)) if shapes else None
    return map_png(
        bands[BANDS.index("estimate")],
        geobox,
        districts=outlines,
        title=tr("{area}, {month}", area=identity.title, month=month_text(month)),
        unit=unit_words(identity.unit),
        note=identity.mark,
        invented=identity.invented,
    )
