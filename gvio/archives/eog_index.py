"""What the index pages of EOG's VNL monthly composites say: Apache's HTML, one page per month and configuration."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote

from gvio.archives.archive import Bounds
from gvio.errors import ConfigError
from gvio.sources.files import ProductFile
from gvio.sources.pairs import ARCHIVE
from gvio.sources.vnl import recognise
from gvio.types import Month

# Nominal upper-left corner and height in degrees; all are 120° wide. The pixels' centres lie on multiples of 15
# arc-seconds, so that every edge of a tile is half a pixel west and north of where its name says.
TILES = {
    f"{north:02d}N{abs(west):03d}{'W' if west < 0 else 'E'}": (float(west), float(north), 75.0 if north else 65.0)
    for north in (75, 0)
    for west in (-180, -60, 60)
}
_WIDTH = 120.0
_HALF_PIXEL = 1 / 480
_TOLERANCE = 0.01 / 240  # a hundredth of a pixel, as `region_geobox` allows


def tiles_of(bounds: Bounds) -> tuple[str, ...]:
    """Names of the tiles that hold pixels of the region, sorted.

    Raises:
        ConfigError: The bounds lie outside the product (north of 75° N, south of 65° S).
    """
    west, south, east, north = bounds
    names = []
    for name, (left, top, height) in TILES.items():
        left, top = left - _HALF_PIXEL, top + _HALF_PIXEL
        meets_x = west < left + _WIDTH - _TOLERANCE and east > left + _TOLERANCE
        meets_y = south < top - _TOLERANCE and north > top - height + _TOLERANCE
        if meets_x and meets_y:
            names.append(name)
    if not names:
        what = f"the region ({west:g}, {south:g}, {east:g}, {north:g}) lies outside VNL's tiles"
        raise ConfigError(what, where="region.yaml", hint="VNL covers 75° N to 65° S; correct bounds.")
    return tuple(sorted(names))


def is_index(page: str) -> bool:
    """Whether a page is a listing at all, and not a login page."""
    return _parsed(page).title.startswith("Index of")


def choose(page: str, month: Month, tiles: tuple[str, ...]) -> list[ProductFile]:
    """The newest production of every tile, sorted by name; empty while one of the tiles is not there.

    Of other months' files, other products and links elsewhere nothing is taken.
    """
    names = {unquote(link).rpartition("/")[2] for link in _parsed(page).links}
    found = [file for file in map(recognise, sorted(names)) if file is not None]
    newest = {
        file.tile: file
        for file in sorted(found, key=lambda file: file.vintage)
        if file.layer == ARCHIVE and file.month == month and file.tile in tiles
    }
    return [newest[tile] for tile in sorted(newest)] if len(newest) == len(tiles) else []


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.title = ""
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title"
        target = dict(attrs).get("href") if tag == "a" else None
        if target:
            self.links.append(target)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # html.parser's own signature
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data


def _parsed(page: str) -> _Page:
    parser = _Page()
    parser.feed(page)
    return parser
