"""The deck.gl map without any tile server: the grid as a bitmap, districts' borders over it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pydeck as pdk

from dashboards.style import OUTLINE
from gvio.report.picture import Picture, short_number

_SCREEN_PX = (440, 330)  # what the region is fitted into at first: on a desk, on a phone
_TILE_PX = 512  # width of the world at zoom 0 in deck.gl
# With no style at all Streamlit fetches one from a tile provider; with pydeck's own placeholder it draws no base map.
_NO_BASE_MAP = "__MAP_STYLE__"


def build_deck(
    picture: Picture,
    outlines: Mapping[str, Any] | None,
    edges: Sequence[Sequence[Sequence[float]]],
    rows: Mapping[str, Any],
    *,
    narrow: bool = False,
) -> pdk.Deck:
    """A map of `picture` under `outlines` (GeoJSON) or, without them, under `edges` (paths of longitude, latitude).

    `rows` gives each district's row of the table by area id, for the text under the pointer.
    """
    borders = _outline_layer(outlines, rows) if outlines is not None else _edge_layer(edges)
    west, south, east, north = picture.bounds
    zoom = fit_zoom(picture.bounds, _SCREEN_PX[narrow])
    return pdk.Deck(
        layers=[_bitmap(picture), borders],
        initial_view_state=pdk.ViewState(longitude=(west + east) / 2, latitude=(south + north) / 2, zoom=zoom),
        map_provider=None,
        map_style=_NO_BASE_MAP,
        tooltip={"html": "{label}", "style": {"fontSize": "0.8rem", "background": "#333", "color": "#fff"}},
    )


def fit_zoom(bounds: tuple[float, float, float, float], screen_px: int) -> float:
    """The zoom at which west, south, east, north just fit into a square of the screen."""
    west, south, east, north = bounds
    height = math.asinh(math.tan(math.radians(north))) - math.asinh(math.tan(math.radians(south)))
    widest = max((east - west) / 360.0, height / (2 * math.pi))
    return math.log2(screen_px / (_TILE_PX * widest))


def _bitmap(picture: Picture) -> pdk.Layer:
    return pdk.Layer(
        "BitmapLayer",
        id="grid",
        image=pdk.types.String(picture.data_url),
        bounds=list(picture.bounds),
        texture_parameters={"minFilter": "linear", "magFilter": "nearest"},
    )


def _edge_layer(edges: Sequence[Sequence[Sequence[float]]]) -> pdk.Layer:
    return pdk.Layer(
        "PathLayer",
        id="districts",
        data=[{"path": path} for path in edges],
        get_path="path",
        get_color=[*OUTLINE, 200],
        width_min_pixels=1,
        width_max_pixels=1,
    )


def _outline_layer(outlines: Mapping[str, Any], rows: Mapping[str, Any]) -> pdk.Layer:
    features = [
        {"type": "Feature", "geometry": feature.get("geometry"), "label": _label(feature.get("properties") or {}, rows)}
        for feature in outlines.get("features", [])
    ]
    return pdk.Layer(
        "GeoJsonLayer",
        id="districts",
        data={"type": "FeatureCollection", "features": features},
        filled=True,
        get_fill_color=[0, 0, 0, 0],
        stroked=True,
        get_line_color=[*OUTLINE, 200],
        line_width_min_pixels=1,
        pickable=True,
        auto_highlight=True,
        highlight_color=[0, 0, 0, 20],
    )


def _label(properties: Mapping[str, Any], rows: Mapping[str, Any]) -> str:
    area = str(properties.get("area_id", ""))
    row = rows.get(area)
    if row is None:
        return str(properties.get("name", area))
    interval = f"{short_number(row.lower80)} – {short_number(row.upper80)}"
    return f"{row.name}: {short_number(row.estimate)} (80 %: {interval})"
