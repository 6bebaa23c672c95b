"""A blank figure and its way to PNG bytes; no window system, no global state of matplotlib."""

from __future__ import annotations

import functools
import io
import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.font_manager as fonts
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.image import imsave

from gvio.config import INVENTED
from gvio.report.fonts import Font, chinese_font
from gvio.report.lines import in_lines
from gvio.words import manner, tr

INK, QUIET, FAINT = "#1f2328", "#6b7280", "#e3e6ea"
_MARK, _STRIP_INCHES = "#b42318", 0.24
_LETTER_INCHES = 0.0085  # width of a letter, per point of its size


def blank(width: float, height: float) -> Figure:
    """A white figure of that size in inches, at 130 dots an inch."""
    figure = Figure(figsize=(width, height), dpi=130, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def to_png(figure: Figure, invented: bool = False) -> bytes:
    """The figure as PNG, under it a strip that calls `invented` data so; the same figure gives the same bytes (no time
    stamp inside).
    """
    pixels = _drawn(figure)
    if invented:
        # Its own picture set below: room made inside would have to be kept free of every legend and label.
        strip, mark = blank(figure.get_figwidth(), _STRIP_INCHES), tr(INVENTED)
        size = min(8.0, 0.95 * figure.get_figwidth() / (len(mark) * _LETTER_INCHES))
        strip.text(0.5, 0.3, mark, color=_MARK, weight="bold", ha="center", **lettering(size))
        pixels = np.concatenate([pixels, _drawn(strip)])
    buffer = io.BytesIO()
    imsave(buffer, pixels, format="png", metadata={"Software": None}, dpi=figure.dpi)  # type: ignore[dict-item]
    return buffer.getvalue()


def _drawn(figure: Figure) -> npt.NDArray[np.uint8]:
    """(y, x, 4) pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    return np.array(canvas.buffer_rgba())  # type: ignore[no-untyped-call]


def headline(axes: Axes, title: str, note: str = "") -> None:
    """A title at the left and, under it, a quieter note."""
    # About eleven characters of this size to the inch; a longer title would be cut at the edge of the picture.
    width, shown = int(11 * axes.figure.bbox.width / axes.figure.dpi), _shown(title)
    wrapped = textwrap.fill(shown, width) if _font() is None else "\n".join(in_lines(shown, width))
    axes.set_title(wrapped, loc="left", color=INK, pad=22 if note else 8, **lettering(12))
    if note:
        axes.annotate(_shown(note), (0, 1), (0, 7), "axes fraction", "offset points", color=QUIET, va="bottom",
                      **lettering(8.5))  # fmt: skip


def lettering(points: float) -> dict[str, Any]:
    """Size and font of a text in the language spoken, as matplotlib takes them."""
    font = _font()
    return {"fontsize": points} if font is None else {"fontproperties": font.of_size(points)}


def _font() -> Font | None:
    """The font of the language spoken; None: matplotlib's own draws it."""
    return chinese_font() if manner().fonts else None


def _shown(text: str) -> str:
    font = _font()
    return text if font is not None and font.draws(text) else drawable([text], "")[0]


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
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=QUIET, **lettering(10))


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
