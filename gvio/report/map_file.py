"""The map of a month as a picture that can leave the page: title, month, unit, release, and a mark if invented."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import geopandas as gpd
import shapely
from odc.geo.geobox import GeoBox

from gvio.report.charts import map_png
from gvio.report.fonts import chinese_font
from gvio.report.identity import Identity
from gvio.report.picture import Kind
from gvio.report.tables import month_text
from gvio.report.zones import Zone
from gvio.types import FloatArray
from gvio.words import manner, speaking, tr


@dataclasses.dataclass(frozen=True, eq=False)
class Drawn:
    """What a map shows: `values` (y, x) on `geobox`, how colours follow them, its `title`, and what its scale says."""

    values: FloatArray
    geobox: GeoBox
    kind: Kind
    title: str
    scale: str


def month_png(show: Callable[[], Drawn], zones: Sequence[Zone], identity: Identity, month: str) -> bytes:
    """PNG of the map of a month, in the language spoken where this machine has a font for it, else in English.

    Args:
        show: Makes what is drawn, in the language spoken then.
        zones: Districts to outline; none where they cannot be told.
        identity: What the picture says of itself.
        month: YYYY-MM.
    """
    if manner().fonts and chinese_font() is None:
        with speaking("en"):
            return month_png(show, zones, identity, month)
    drawn = show()
    shapes = [shapely.MultiPolygon([(part[0], part[1:]) for part in zone.parts]) for zone in zones]
    outlines = gpd.GeoDataFrame(geometry=shapes, crs=str(drawn.geobox.crs)) if shapes else None
    return map_png(
        drawn.values,
        drawn.geobox,
        districts=outlines,
        title=tr("{area}, {month}", area=identity.title, month=month_text(month)),
        unit=drawn.scale,
        note=f"{drawn.title} · {identity.mark}",
        invented=identity.invented,
        kind=drawn.kind,
    )
