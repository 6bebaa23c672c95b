"""A blank figure and its way to PNG bytes; no window system, no global state of matplotlib."""

from __future__ import annotations

import functools
import io
import textwrap
from collections.abc import Sequence

import matplotlib.font_manager as fonts
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

INK, QUIET, FAINT = "#1f2328", "#6b7280", "#e3e6ea"


def blank(width: float, height: float) -> Figure:
    """A white figure of that size in inches, at 130 dots an inch."""
    figure = Figure(figsize=(width, height), dpi=130, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def to_png(figure: Figure) -> bytes:
    """The figure as PNG; the same figure gives the same bytes (no time stamp inside)."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def headline(axes: Axes, title: str, note: str = "") -> None:
    """A title at the left and, under it, a quieter note."""
    # About eleven characters of this size to the inch; a longer title would be cut at the edge of the picture.
    wrapped = textwrap.fill(drawable([title], "")[0], int(11 * axes.figure.bbox.width / axes.figure.dpi))
    axes.set_title(wrapped, loc="left", fontsize=12, color=INK, pad=22 if note else 8)
    if note:
        axes.annotate(drawable([note], "")[0], (0, 1), (0, 7), "axes fraction", "offset points", fontsize=8.5,
                      color=QUIET, va="bottom")  # fmt: skip


def quiet(axes: Axes, grid: bool = True) -> None:
    """Leave only the two axes that are read, with a faint grid behind the data."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(QUIET)
    axes.tick_params(colors=INK, labelsize=9)
    if grid:
        axes.grid(True, color=FAINT, linewidth=0.8)
        axes.set_axisbelow(True)


def empty(axes: Axes, text: str) -> None:
    """Say in the middle of the axes why there is nothing to see."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=QUIET)


def drawable(texts: Sequence[str], stand_in: str) -> list[str]:
    """The texts without characters that the font has no glyph for, which would be drawn as boxes.

    A text of which nothing is left (a district named in Chinese) becomes `stand_in` and its number, from 1.
    """
    known = _glyphs()
    kept = ["".join(c for c in text if ord(c) in known or c.isspace()).strip() for text in texts]
    return [text or (f"{stand_in} {i}" if stand_in else "") for i, text in enumerate(kept, 1)]


@functools.cache
def _glyphs() -> frozenset[int]:
    return frozenset(FT2Font(fonts.findfont("DejaVu Sans")).get_charmap())
