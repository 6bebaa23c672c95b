"""The bulletin as one page of A4, by matplotlib: glyphs are embedded, and the same page gives the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib.image
import matplotlib.lines
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from gvio.report.bulletin import LINKS, Bulletin, curve_note, unbroken
from gvio.report.bulletin_html import MapPicture
from gvio.report.bulletin_trend import Trend
from gvio.report.canvas import FAINT, INK, QUIET
from gvio.report.fonts import Font, font_for

_WIDE, _HIGH, _EDGE = 595.0, 842.0, 40.0  # points
_BLUE, _BAD, _WARN, _STRIP = "#2b6cb0", "#b42318", "#8a5300", "#eef0f3"
_GAP, _LEADING = 16.0, 1.35
_MAP, _CURVE = 172.0, 118.0  # heights
_ROW, _FOOT, _NAME = 11.6, 32.0, 78.0  # heights of a row and of the foot; room of a name
_COLUMNS = (0.0, 0.23, 0.385, 0.62, 0.855, 0.875)  # right edges of the cells as shares, but for the first and the last


def bulletin_pdf(page: Bulletin, picture: MapPicture, shown: Trend | None) -> bytes | None:
    """The page; None where no font of this machine has all of its characters."""
    font = font_for(list(_texts(page)))
    if font is None:
        return None
    sheet = _Sheet(font)
    _head(sheet, page)
    left, right = (_EDGE, 0.45 * sheet.width), (_EDGE + 0.49 * sheet.width, 0.51 * sheet.width)
    top = sheet.y
    _draw_map(sheet, page, picture, *left)
    _paragraphs(sheet, page.labels.news, page.news, *left)
    ended, sheet.y = sheet.y, top
    if shown is not None:
        _draw_curve(sheet, page, shown, *right)
    _paragraphs(sheet, page.labels.verdict, page.verdict, *right)
    sheet.y = min(sheet.y, ended)
    _table(sheet, page)
    _foot(sheet, page)
    return sheet.data(page)


def _texts(page: Bulletin) -> Sequence[str]:
    cells = [cell for row in page.rows for cell in row]
    words = [text for text in vars(page.labels).values() if isinstance(text, str)]
    said = [page.title, page.subtitle, page.mark, page.headline, page.warning, page.citation, page.made]
    return [*cells, *words, *page.labels.head, *said, *page.details, *page.news, *page.verdict]


class _Sheet:
    """A page that is written from its top to its bottom; x and y in points, y upwards."""

    def __init__(self, font: Font) -> None:
        self.font = font
        self.figure = Figure(figsize=(_WIDE / 72, _HIGH / 72), facecolor="white")
        self.y = _HIGH - _EDGE
        self.width = _WIDE - 2 * _EDGE

    def text(self, x: float, text: str, size: float, colour: str = INK, align: str = "left") -> None:
        """One line with its base at `y`."""
        self.figure.text(
            x / _WIDE, self.y / _HIGH, text, color=colour, ha=align, va="baseline", parse_math=False,
            fontproperties=self.font.of_size(size),
        )  # fmt: skip

    def write(
        self, texts: Sequence[str], size: float, colour: str = INK, x: float = _EDGE, width: float | None = None
    ) -> None:
        """Paragraphs below one another."""
        for text in texts:
            for line in wrapped(text, self.font, (width or self.width) / size):
                self.y -= _LEADING * size
                self.text(x, line, size, colour)
            self.y -= 0.3 * size

    def title(self, text: str, x: float = _EDGE) -> None:
        """A heading with room above."""
        self.y -= _GAP
        self.text(x, text, 10)
        self.y -= 3

    def rule(self, colour: str = FAINT, weight: float = 0.6) -> None:
        """A line over the page at `y`."""
        line = matplotlib.lines.Line2D(
            [_EDGE / _WIDE, 1 - _EDGE / _WIDE], [self.y / _HIGH] * 2, color=colour, linewidth=weight
        )
        self.figure.add_artist(line)

    def axes(self, x: float, bottom: float, width: float, height: float) -> Axes:
        """Axes without a frame."""
        axes = self.figure.add_axes((x / _WIDE, bottom / _HIGH, width / _WIDE, height / _HIGH))
        axes.set_axis_off()
        return axes

    def data(self, page: Bulletin) -> bytes:
        """The page as PDF."""
        buffer = io.BytesIO()
        told = {"Title": page.title, "Author": "gvio", "Subject": page.citation, "CreationDate": None}
        FigureCanvasPdf(self.figure).print_figure(buffer, format="pdf", metadata=told)
        return buffer.getvalue()


def wrapped(text: str, font: Font, width: float) -> list[str]:
    """Lines of at most `width` (in units of the size), broken at spaces, and anywhere in Chinese text."""
    lines, line = [], ""
    for piece in _pieces(unbroken(text)):
        if line and font.width((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def cut(text: str, font: Font, width: float) -> str:
    """The beginning of a text that fits into `width` (in units of the size), with an ellipsis where it is not whole."""
    if font.width(text) <= width:
        return text
    end = next(n for n in range(len(text), -1, -1) if font.width(text[:n] + "…") <= width or n == 0)
    return text[:end].rstrip() + "…"


def _pieces(text: str) -> Sequence[str]:
    """What a line may be broken between: words with the space behind them, single Chinese characters with the marks
    that must not begin a line.
    """
    pieces = [""]
    for before, character in zip(f" {text}", text, strict=False):
        wide = ord(character) >= 0x2E80 and character not in "，。；：、）！？"
        if before == " " or wide or (ord(before) >= 0x2E80 and before not in "（" and not _clings(character)):
            pieces.append("")
        pieces[-1] += character
    return [piece for piece in pieces if piece]


def _clings(character: str) -> bool:
    return character in "，。；：、）！？ "


def _paragraphs(sheet: _Sheet, title: str, texts: Sequence[str], x: float, width: float) -> None:
    if texts:
        sheet.title(title, x)
        sheet.write(texts, 8, x=x, width=width)


def _head(sheet: _Sheet, page: Bulletin) -> None:
    sheet.write([page.subtitle], 8.5, QUIET)
    sheet.write([page.title], 14)
    sheet.y -= 2
    sheet.rule(INK, 1.2)
    if page.mark:
        sheet.write([page.mark], 8.5, _BAD)
    sheet.y -= 2
    sheet.write([page.headline], 11)
    sheet.write(page.details, 9)
    if page.warning:
        sheet.write([page.warning], 9, _WARN)


def _draw_map(sheet: _Sheet, page: Bulletin, picture: MapPicture, left: float, room: float) -> None:
    sheet.title(page.labels.map, left)
    ratio = picture.height * picture.stretch / picture.width
    width = min(room, _MAP / ratio)
    height = width * ratio
    axes = sheet.axes(left, sheet.y - 4 - height, width, height)
    pixels = matplotlib.image.imread(io.BytesIO(picture.png))
    axes.imshow(pixels, extent=(0, picture.width, picture.height, 0), aspect="auto", interpolation="none")
    axes.add_collection(LineCollection(list(picture.outlines), colors=QUIET, linewidths=0.5))
    axes.set(xlim=(0, picture.width), ylim=(picture.height, 0))
    sheet.y -= height + 14
    scale = sheet.axes(left, sheet.y, width, 6)
    ramp = LinearSegmentedColormap.from_list("scale", list(picture.colours))
    scale.imshow(np.linspace(0, 1, 64)[None], cmap=ramp, aspect="auto", interpolation="none")
    sheet.y -= 9
    for place, text in picture.levels:
        sheet.text(left + place * width, text, 7, QUIET, "center")
    sheet.write([page.labels.map_note], 7, QUIET, x=left, width=room)


def _draw_curve(sheet: _Sheet, page: Bulletin, shown: Trend, x: float, room: float) -> None:
    sheet.title(page.labels.trend, x)
    left, high = x + 30, _CURVE
    wide, bottom = room - 38, sheet.y - 9 - high
    axes = sheet.axes(left, bottom, wide, high)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for start, end in shown.nowcast:
        axes.axvspan(start, end, color=_STRIP, linewidth=0)
    axes.hlines([y for y, _ in shown.levels], 0, 1, colors=FAINT, linewidths=0.6)
    axes.fill(*np.array(shown.band).T, color=_BLUE, alpha=0.2, linewidth=0)
    axes.plot(*np.array(shown.line).T, color=_BLUE, linewidth=1.2, clip_on=False)
    if shown.official:
        axes.plot(*np.array(shown.official).T, "o", color=INK, markersize=2.2, clip_on=False)
    for y, text in shown.levels:
        sheet.y = bottom + y * high - 2.5
        sheet.text(left - 4, text, 7, QUIET, "right")
    sheet.y = bottom - 10
    for place, text in shown.years:
        sheet.text(left + place * wide, text, 7, QUIET, "center")
    sheet.write([curve_note(page.labels, shown)], 7, QUIET, x=x, width=room)


def _table(sheet: _Sheet, page: Bulletin) -> None:
    sheet.title(page.labels.table)
    room = int((sheet.y - _EDGE - _FOOT - 16) / _ROW) - 1
    kept = page.rows if len(page.rows) <= room else page.rows[: max(room - 1, 1)]
    more = (f"+ {len(page.rows) - len(kept)}: {LINKS[0]}", *[""] * 5)
    for number, row in enumerate((page.labels.head, *kept, *([more] if len(kept) < len(page.rows) else []))):
        sheet.y -= _ROW
        _cells(sheet, row, QUIET if number == 0 else INK)
        sheet.y -= 3
        sheet.rule()
        sheet.y += 3
    sheet.y -= 3
    sheet.write([f"{page.labels.table_note} {page.made}"], 7, QUIET)


def _cells(sheet: _Sheet, row: Sequence[str], colour: str) -> None:
    for number, (cell, place) in enumerate(zip(row, _COLUMNS, strict=True)):
        align = "left" if number in {0, len(row) - 1} else "right"
        cell = cell if number else cut(cell, sheet.font, _NAME / 7.5)
        sheet.text(_EDGE + place * sheet.width, cell, 7.5, colour, align)


def _foot(sheet: _Sheet, page: Bulletin) -> None:
    sheet.y = min(sheet.y, _EDGE + _FOOT)
    sheet.rule()
    sheet.write([f"{page.labels.cite}: {page.citation}"], 7.5)
