"""The deck.gl map without any tile server: the grid as a bitmap, districts' borders over it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pydeck as pdk

from dashboards.style import OUTLINE
from gvio.report.picture import Picture

_SCREEN_PX = (440, 330)  # what the region is fitted into at first: on a desk, on a phone
_TILE_PX = 512  # width of the world at zoom 0 in deck.gl
# With no style at all Streamlit fetches one from a tile provider; with pydeck's own placeholder it draws no base map.
_NO_BASE_MAP = "__MAP_STYLE__"


def build_deck(picture: Picture, edges: Sequence[Sequence[Sequence[float]]], *, narrow: bool = False) -> pdk.Deck:
    """A map of `picture` under `edges` (paths of longitude, latitude), fitted to a desk's or a narrow screen."""
    west, south, east, north = picture.bounds
    zoom = fit_zoom(picture.bounds, screen_px(narrow=narrow))
    return pdk.Deck(
        layers=[_bitmap(picture), _borders(edges)],
        initial_view_state=pdk.ViewState(longitude=(west + east) / 2, latitude=(south + north) / 2, zoom=zoom),
        map_provider=None,
        map_style=_NO_BASE_MAP,
    )


def screen_px(*, narrow: bool = False) -> int:
    """The side of the square of the screen that the region is fitted into at first."""
    return _SCREEN_PX[narrow]


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
        texture_parameters={"minFilter": "nearest", "magFilter": "nearest"},
    )


def _borders(edges: Sequence[Sequence[Sequence[float]]]) -> pdk.Layer:
    return pdk.Layer(
        "PathLayer",
        id="districts",
        data=[{"path": path} for path in edges],
        get_path="path",
        get_color=[*OUTLINE, 200],
        width_min_pixels=1,
        width_max_pixels=1,
    )
