"""The deck.gl map without any tile server: the grid as a bitmap, or districts in colours; districts to click on it."""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import math
from collections.abc import Mapping, Sequence

import pydeck as pdk

from dashboards.style import OUTLINE
from gvio.report.picture import Picture
from gvio.report.zones import Zone

DISTRICTS = "districts"
"""Id of the layer that is clicked on."""
_OPEN = "chosen"  # of the layer of districts whose chart is open
_SCREEN_PX = (450, 330)  # what the region is fitted into at first: on a desk, on a phone
_TILE_PX = 512  # width of the world at zoom 0 in deck.gl
_LEAST_PX = 2.0  # a smaller square may fall between the dots of the screen
_CLOSEST = 14.0
_NAME_PX = 12  # size of a district's name
_WIDE = 0x2E80  # from here on letters are as wide as they are high: Chinese, Japanese, Korean
# With no style at all Streamlit fetches one from a tile provider; with pydeck's own placeholder it draws no base map.
_NO_BASE_MAP = "__MAP_STYLE__"
Colour = tuple[int, int, int, int]


@dataclasses.dataclass(frozen=True)
class Ground:
    """What lies under the districts: a picture, and how wide one of its squares is, in degrees."""

    picture: Picture
    square: float


class ReadyDeck(pdk.Deck):  # type: ignore[misc]  # pydeck has no types
    """A map whose document is made once, however often it is drawn."""

    def to_json(self) -> str:
        """The document that deck.gl reads."""
        return self._document

    def with_open(self, zones: Sequence[Zone]) -> ReadyDeck:
        """The same map with the outlines of zones whose chart is open; all else of its document is made already."""
        document = json.loads(self._document)
        for layer in document["layers"]:
            if layer["id"] == _OPEN:
                layer["data"] = _parts(zones)
        opened = copy.copy(self)
        opened._document = _compact(document)
        return opened

    @functools.cached_property
    def _document(self) -> str:
        # pydeck indents: of borders two thirds would be blanks, sent and parsed at every click.
        return _compact(json.loads(super().to_json()))


def _compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def build_deck(
    bounds: tuple[float, float, float, float],
    ground: Ground,
    edges: Sequence[Sequence[Sequence[float]]],
    zones: Sequence[Zone],
    told: Mapping[str, tuple[str, str]],
    *,
    narrow: bool = False,
) -> ReadyDeck:
    """A map fitted to a desk's or a narrow screen.

    Args:
        bounds: West, south, east, north of the region, degrees.
        ground: The squares, or districts in colours.
        edges: Further borders as paths of longitude and latitude.
        zones: Districts to click on.
        told: Their name, and what is said where the pointer rests, by area.
        narrow: Whether the screen is a phone's.
    """
    west, south, east, north = bounds
    fitted = fit_zoom(bounds, screen_px(narrow=narrow))
    least = least_zoom(ground.square)
    zoom = max(least, fitted)
    return ReadyDeck(
        layers=[
            _bitmap(ground.picture),
            _clickable(zones, told),
            _outlines("borders", zones, (*OUTLINE, 200), 1),
            _paths("edges", edges),
            _outlines(_OPEN, (), (123, 31, 92, 255), 3),
            _labels(readable(zones, told, zoom), told),
        ],
        initial_view_state=pdk.ViewState(
            longitude=(west + east) / 2,
            latitude=(south + north) / 2,
            zoom=zoom,
            min_zoom=max(least, fitted - 1.0),
            max_zoom=_CLOSEST,
        ),
        map_provider=None,
        map_style=_NO_BASE_MAP,
        tooltip={"text": "{told}"},
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


def least_zoom(square: float) -> float:
    """The zoom below which squares that are so many degrees wide would fall between the dots of the screen: nobody can
    zoom out so far that output is lost.
    """
    return math.log2(_LEAST_PX * 360.0 / (_TILE_PX * square))


def _bitmap(picture: Picture) -> pdk.Layer:
    return pdk.Layer(
        "BitmapLayer",
        id="grid",
        image=pdk.types.String(picture.data_url),
        bounds=list(picture.bounds),
        texture_parameters={"minFilter": "nearest", "magFilter": "nearest"},
    )


# Streamlit pales whatever has a colour of its own and is not what was clicked on. Nothing here has: a layer's colour is
# its picture, the colour of its lines, or the default.
def _clickable(zones: Sequence[Zone], told: Mapping[str, tuple[str, str]]) -> pdk.Layer:
    return pdk.Layer(
        "PolygonLayer",
        id=DISTRICTS,
        data=[{"area": z.area, "told": told[z.area][1], "outline": part} for z in zones for part in z.parts],
        get_polygon="outline",
        opacity=0.0,
        stroked=False,
        pickable=True,
        auto_highlight=True,
        highlight_color=[123, 31, 92, 60],
    )


def _outlines(name: str, zones: Sequence[Zone], colour: Colour, width: int) -> pdk.Layer:
    return pdk.Layer(
        "PolygonLayer",
        id=name,
        data=_parts(zones),
        get_polygon="outline",
        filled=False,
        get_line_color=list(colour),
        line_width_min_pixels=width,
        line_width_max_pixels=width,
        pickable=False,
    )


def _parts(zones: Sequence[Zone]) -> list[dict[str, object]]:
    return [{"outline": part} for zone in zones for part in zone.parts]


def _paths(name: str, paths: Sequence[Sequence[Sequence[float]]]) -> pdk.Layer:
    return pdk.Layer(
        "PathLayer",
        id=name,
        data=[{"path": path} for path in paths],
        get_path="path",
        opacity=0.5,
        width_min_pixels=1,
        width_max_pixels=1,
        pickable=False,
    )


def readable(zones: Sequence[Zone], told: Mapping[str, tuple[str, str]], zoom: float) -> list[Zone]:
    """Districts whose names do not cover each other at a zoom, larger ones first; the others' are told by the pointer
    and by the table.
    """
    kept: list[tuple[Zone, tuple[float, float, float]]] = []
    for zone in sorted(zones, key=lambda z: -_extent(z)):
        name, (x, y) = told[zone.area][0], screen_place(zone.label, zoom)
        half = sum(1.0 if ord(letter) > _WIDE else 0.55 for letter in name) * _NAME_PX / 2 + 4
        if all(abs(y - b) > 1.4 * _NAME_PX or abs(x - a) > half + h for _, (a, b, h) in kept):
            kept.append((zone, (x, y, half)))
    return [zone for zone, _ in kept]


def screen_place(place: tuple[float, float], zoom: float) -> tuple[float, float]:
    """Where a longitude and latitude is on the world's map at a zoom, in dots of the screen."""
    scale = _TILE_PX * 2.0**zoom
    return place[0] / 360.0 * scale, math.asinh(math.tan(math.radians(place[1]))) / (2 * math.pi) * scale


def _extent(zone: Zone) -> float:
    """The longer side of the largest part, degrees."""
    sides = [max(v) - min(v) for part in zone.parts for v in zip(*part[0], strict=True)]
    return float(max(sides))


def _labels(zones: Sequence[Zone], told: Mapping[str, tuple[str, str]]) -> pdk.Layer:
    return pdk.Layer(
        "TextLayer",
        id="names",
        data=[{"name": told[z.area][0], "place": z.label} for z in zones],
        get_text="name",
        get_position="place",
        get_size=_NAME_PX,
        pickable=False,
        character_set=pdk.types.String("auto"),
        font_family=pdk.types.String("sans-serif"),
        background=True,
        get_background_color=[255, 255, 255, 215],
        background_padding=[3, 1],
    )
