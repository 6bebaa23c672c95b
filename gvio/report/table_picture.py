"""A table as a picture that can leave the page: what it is of, where it is from, the release, how to cite it, and a
mark where its data are invented.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from gvio.report.canvas import FAINT, INK, QUIET, blank, drawable, to_png
from gvio.report.fonts import Font, chinese_font, font_for, latin_font
from gvio.report.identity import Identity
from gvio.report.lines import in_lines
from gvio.report.numbers import UNKNOWN, level_and_bounds
from gvio.words import Language, manner, speaking, tr

MOST_ROWS = 100
"""Further ones are counted: who wants them all wants the CSV."""
_POINTS, _SMALL, _TITLE = 9.0, 7.5, 12.0
_LEADING = 1.5  # of the size
_GAP, _EDGE = 14.0, 14.0  # points between columns, and around
_LETTERS = 60  # of a column, at most
_PER_INCH = 72.0
_HINTED = 1.06  # of the width of small letters, which are drawn on whole dots


@dataclasses.dataclass(frozen=True)
class _Cells:
    """Lines of every cell, the head first; and which columns hold figures."""

    rows: Sequence[Sequence[Sequence[str]]]
    figures: Sequence[bool]


def readable(spoken: Language) -> Language:
    """The language of a picture: English where this machine has no font for another."""
    with speaking(spoken):
        return "en" if manner().fonts and chinese_font() is None else spoken


def table_png(rows: pd.DataFrame, subject: str, identity: Identity) -> bytes:
    """PNG of a table, in the language spoken (see `readable`).

    Args:
        rows: Texts as they are, numbers with four digits; an index that has a name is the first column. Markdown bold
            is taken off.
        subject: What the table holds, with its unit.
        identity: Where it is from.
    """
    frame = rows if rows.index.name is None else rows.reset_index()
    cells = _cells(frame.head(MOST_ROWS))
    more = len(frame) - MOST_ROWS
    under = [identity.citation, *([tr("… and {n} further rows, in the CSV", n=more)] if more > 0 else [])]
    over = [identity.title, identity.mark]
    font = font_for([subject, *over, *under, *(line for row in cells.rows for cell in row for line in cell)])
    return to_png(_drawn(cells, subject, over, under, font), identity.invented)


def _cells(frame: pd.DataFrame) -> _Cells:
    told = [[_text(value) for value in row] for row in frame.itertuples(index=False)]
    figures = [all(_is_figure(row[column]) for row in told) for column in range(len(frame.columns))]
    head = [str(name) for name in frame.columns]
    return _Cells([[in_lines(text, _LETTERS) or [""] for text in row] for row in (head, *told)], figures)


def _text(value: object) -> str:
    if isinstance(value, bool | str):
        return str(value).replace("**", "")
    if isinstance(value, float):
        return level_and_bounds(value)[0]
    return UNKNOWN if value is None or value is pd.NaT else str(value)


def _is_figure(text: str) -> bool:
    return text in ("", UNKNOWN) or text.lstrip("▲▼ +−<")[:1].isdigit()


def _drawn(cells: _Cells, subject: str, over: Sequence[str], under: Sequence[str], found: Font | None) -> Figure:
    font = found or latin_font()
    widths = [
        max(font.width(line) for row in cells.rows for line in row[column]) * _POINTS
        for column in range(len(cells.figures))
    ]
    whole = [(subject, _TITLE, INK), *((text, _SMALL, QUIET) for text in over)]
    below = [(text, _SMALL, QUIET) for text in under]
    room = max(
        [sum(widths) + _GAP * (len(widths) - 1), *(font.width(t) * size * _HINTED for t, size, _ in (*whole, *below))]
    )
    lines = [max(map(len, row)) for row in cells.rows]
    high = (
        sum(size for _, size, _ in (*whole, *below)) * _LEADING + (sum(lines) + 0.6 * len(lines)) * _POINTS * _LEADING
    )
    figure = blank((room + 2 * _EDGE) / _PER_INCH, (high + 2 * _EDGE + 6) / _PER_INCH)
    pen = _Pen(figure, font, high + 2 * _EDGE + 6 - _EDGE, room + 2 * _EDGE, found is None)
    for text, size, colour in whole:
        pen.line(text, size, colour)
    pen.y -= 6
    for number, row in enumerate(cells.rows):
        pen.row(row, widths, cells.figures, QUIET if number == 0 else INK)
    for text, size, colour in below:
        pen.line(text, size, colour)
    return figure


class _Pen:
    """Writes from the top down; `y` is what is free yet, in points from the bottom."""

    def __init__(self, figure: Figure, font: Font, y: float, wide: float, missing: bool) -> None:
        self.y = y
        self._figure, self._font, self._wide, self._missing = figure, font, wide, missing
        self._high = y + _EDGE

    def line(self, text: str, size: float, colour: str) -> None:
        """One line at the left edge."""
        self.y -= size * _LEADING
        self._write(_EDGE, self.y, text, size, colour, "left")

    def row(
        self, cells: Sequence[Sequence[str]], widths: Sequence[float], figures: Sequence[bool], colour: str
    ) -> None:
        """A row of the table, with a line under it; figures are set right."""
        top, x, step = self.y - 0.3 * _POINTS * _LEADING, _EDGE, _POINTS * _LEADING
        for lines, width, right in zip(cells, widths, figures, strict=True):
            for number, text in enumerate(lines, 1):
                self._write(
                    x + width * right, top - step * number + 3, text, _POINTS, colour, "right" if right else "left"
                )
            x += width + _GAP
        self.y -= (max(map(len, cells)) + 0.6) * step
        ends = [_EDGE / self._wide, 1 - _EDGE / self._wide]
        self._figure.add_artist(Line2D(ends, [self.y / self._high] * 2, color=FAINT, linewidth=0.8))

    def _write(self, x: float, y: float, text: str, size: float, colour: str, side: str) -> None:
        shown = drawable([text], "")[0] if self._missing else text
        font = self._font.of_size(size)
        self._figure.text(x / self._wide, y / self._high, shown, color=colour, ha=side, fontproperties=font)
