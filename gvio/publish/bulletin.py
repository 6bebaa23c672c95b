"""The bulletin as objects of a release: `bulletin.html`, `bulletin.pdf`, and the same in Chinese.

The Chinese PDF is there where the machine that publishes has a font with its characters (`gvio.report.fonts`).
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from gvio.grid.blocks import pixel_km
from gvio.publish.colours import DECADES, colour, picture_png
from gvio.report.bulletin import Facts, english
from gvio.report.bulletin_chinese import chinese
from gvio.report.bulletin_html import MapPicture, bulletin_html
from gvio.report.bulletin_pdf import bulletin_pdf
from gvio.report.bulletin_trend import trend
from gvio.report.picture import short_number
from gvio.types import FloatArray

HTML, PDF = "bulletin.html", "bulletin.pdf"
HTML_ZH, PDF_ZH = "bulletin.zh.html", "bulletin.zh.pdf"
NAMES = (HTML, PDF, HTML_ZH, PDF_ZH)
_SIDE = 128  # squares of the map, at most, on its longer side: one is a millimetre on paper
_STEPS = 12  # colours of the scale that are named; between them it is even


def bulletin_objects(facts: Facts, picture: MapPicture) -> dict[str, bytes]:
    """The pages by name; equal facts give equal bytes on one machine."""
    shown = None if facts.city is None else trend(facts.estimates, facts.city, facts.month, facts.figures)
    made: dict[str, bytes] = {}
    for page, html, pdf, other in ((english(facts), HTML, PDF, HTML_ZH), (chinese(facts), HTML_ZH, PDF_ZH, HTML)):
        data = bulletin_pdf(page, picture, shown)
        made[html] = bulletin_html(page, picture, shown, other, None if data is None else pdf)
        made |= {} if data is None else {pdf: data}
    return made


def map_picture(estimate: FloatArray, geobox: GeoBox, outlines: bytes | None) -> MapPicture:
    """The band `estimate` (y, x) of the newest grid, with the outlines of `districts.geojson`."""
    step = max(1, -(-max(estimate.shape) // _SIDE))
    png, most = picture_png(estimate, step)
    rows, cols = (-(-n // step) for n in estimate.shape)
    height, width = pixel_km(geobox)
    return MapPicture(
        png=png,
        width=cols,
        height=rows,
        stretch=round(height / width, 4),
        outlines=() if outlines is None else _rings(outlines, geobox, step),
        colours=tuple("#{:02x}{:02x}{:02x}".format(*colour(i / (_STEPS - 1))) for i in range(_STEPS)),
        levels=_levels(most),
        square_km=math.sqrt(height * width) * step,
    )


def _levels(most: float) -> tuple[tuple[float, str], ...]:
    """Powers of ten on the scale, and twice or five times one where few fit."""
    if not (math.isfinite(most) and most > 0):
        return ()
    top = math.floor(math.log10(most))
    values = [10.0**power for power in range(top - int(DECADES), top + 1)]
    places = [(1 + math.log10(value / most) / DECADES, short_number(value)) for value in values]
    return tuple((round(place, 4), text) for place, text in places if 0 <= place <= 1)


def _rings(outlines: bytes, geobox: GeoBox, step: int) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Outlines in squares of the picture; none on a grid that is not in degrees."""
    if geobox.crs is None or not geobox.crs.geographic:
        return ()
    shapes = shapely.get_parts(shapely.from_geojson(outlines))
    a, b, c, d, e, f = list(~geobox.transform)[:6]
    onto = np.array([[a, d], [b, e]]) / step
    moved = shapely.transform(shapes, lambda xy: xy @ onto + np.array([c, f]) / step)
    lines = shapely.get_parts(shapely.get_parts(shapely.boundary(shapely.simplify(moved, 0.3))))
    lines = lines[shapely.length(lines) > 2]
    return tuple(tuple((round(float(x), 1), round(float(y), 1)) for x, y in line.coords) for line in lines)
