"""The bulletin as one HTML page that asks nobody for anything: pictures and styles are inside."""

from __future__ import annotations

import dataclasses

from gvio.report.bulletin import LINKS, Bulletin, curve_note, unbroken
from gvio.report.bulletin_trend import Points, Trend
from gvio.report.pages import render

WIDTH, HEIGHT = 520.0, 250.0  # of the curve, in its own units
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 8.0, 8.0, 22.0


@dataclasses.dataclass(frozen=True)
class MapPicture:
    """A month's map for a bulletin.

    Attributes:
        png: Squares with a colour each.
        width, height: In squares.
        stretch: Height of a square over its width, on the ground.
        outlines: Rings of districts, (x, y) in squares from the upper left.
        colours: Of the scale, #rrggbb, light to dark, even in the logarithm.
        levels: (place 0..1, text) of round values on the scale.
        square_km: Side of a square on the ground, km.
    """

    png: bytes
    width: int
    height: int
    stretch: float
    outlines: tuple[Points, ...]
    colours: tuple[str, ...]
    levels: tuple[tuple[float, str], ...]
    square_km: float


@dataclasses.dataclass(frozen=True)
class Curve:
    """A `Trend` as attributes of SVG."""

    line: str
    band: str
    dots: tuple[tuple[str, str], ...]
    spans: tuple[tuple[str, str], ...]
    levels: tuple[tuple[str, str], ...]
    years: tuple[tuple[str, str], ...]


def bulletin_html(page: Bulletin, picture: MapPicture, shown: Trend | None, other: str, pdf: str | None) -> bytes:
    """The page.

    Args:
        page: What it says.
        picture: The map.
        shown: The curve; None where there is none.
        other: File of the bulletin in the other language.
        pdf: File of the same page as PDF; None where there is none.
    """
    outline = " ".join(_path(ring, closed=True) for ring in picture.outlines)
    text = render(
        "bulletin.html",
        page=page,
        picture=picture,
        outline=outline,
        curve=None if shown is None else _curve(shown),
        curve_note="" if shown is None else curve_note(page.labels, shown),
        size=(WIDTH, HEIGHT),
        plot=(_LEFT, _TOP, WIDTH - _RIGHT, HEIGHT - _BOTTOM),
        other=other,
        pdf=pdf,
        links=LINKS,
    )
    return unbroken(text).encode()


def _curve(shown: Trend) -> Curve:
    return Curve(
        line=_path(_placed(shown.line), closed=False),
        band=_path(_placed(shown.band), closed=True),
        dots=tuple((f"{x:.1f}", f"{y:.1f}") for x, y in _placed(shown.official)),
        spans=tuple((f"{_x(a):.1f}", f"{max(_x(b) - _x(a), 1.0):.1f}") for a, b in shown.nowcast),
        levels=tuple((f"{_y(y):.1f}", text) for y, text in shown.levels),
        years=tuple((f"{_x(x):.1f}", text) for x, text in shown.years),
    )


def _placed(points: Points) -> Points:
    return tuple((_x(x), _y(y)) for x, y in points)


def _x(share: float) -> float:
    return _LEFT + share * (WIDTH - _LEFT - _RIGHT)


def _y(share: float) -> float:
    return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def _path(points: Points, *, closed: bool) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if closed else "")
