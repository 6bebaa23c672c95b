"""The scoreboard as PNG bytes: models side by side, intervals by horizon, districts, placebos, pixels.

Pure: the scoreboard in, pictures by file name out; what was not measured has no picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from gvio.report.canvas import FAINT, INK, QUIET, blank, drawable, headline, quiet, to_png
from gvio.report.scores import MODELS, PROTOCOLS, SIZES, ordered_models
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import AS_USED, BLIND, CITY, DISTRICTS, FACTORIES, HORIZONS, MONTHS, OURS, TRUE
from gvio.types import FloatArray

BLUE, AMBER, GREY = "#1d5fa8", "#c2410c", "#9aa3ad"
BANDS: Mapping[str, str] = {
    band: "all" if band == "all" else f"{first}–{last}" for band, (first, last) in HORIZONS.items()
}
"""Band of months ahead → title."""
_FLOOR = -1.0  # a model this much worse than every district's mean is drawn at the edge


def score_charts(scoreboard: Scoreboard) -> dict[str, bytes]:
    """Every picture the scoreboard has numbers for, by file name."""
    drawn: Mapping[str, Callable[[Scoreboard], bytes | None]] = {
        "models.png": _models,
        "intervals.png": _intervals,
        "districts.png": _districts,
        "placebos.png": _placebos,
        "pixels.png": _pixels,
    }
    made = {name: draw(scoreboard) for name, draw in drawn.items()}
    return {name: png for name, png in made.items() if png is not None}


def _models(scoreboard: Scoreboard) -> bytes | None:
    """Within-district R² of every model, as used and blind."""
    tests = (AS_USED, BLIND)
    order = ordered_models(model for name in tests for model in scoreboard.protocol(name).models)
    if not order:
        return None
    figure = blank(8.2, 0.36 * len(order) + 1.5)
    axes = figure.add_subplot()
    headline(axes, "Change inside districts, out of time", "R² of log output, each district's own level removed")
    at = np.arange(len(order))[::-1]
    for name, colour, shift in ((AS_USED, BLUE, 0.12), (BLIND, AMBER, -0.12)):
        values = [scoreboard.scores(name, model).within_r2 for model in order]
        _dots(axes, at + shift, values, colour, PROTOCOLS[name][0])
    axes.axvline(0, color=QUIET, linewidth=1)
    axes.set_yticks(at, drawable([MODELS.get(m, m) for m in order], "model"))
    for label, model in zip(axes.get_yticklabels(), order, strict=True):
        label.set_fontweight("bold" if model == OURS else "normal")
    axes.set_xlim(_FLOOR - 0.08, 1.02)
    figure.legend(loc="outside lower left", frameon=False, fontsize=8.5, ncols=2)
    quiet(axes)
    return to_png(figure, scoreboard.invented)


def _dots(axes: Axes, at: FloatArray, values: Sequence[float | None], colour: str, label: str) -> None:
    """Dots with their numbers; those left of the axis as arrows at its edge."""
    for y, value in zip(at, values, strict=True):
        if value is not None:
            inside = value >= _FLOOR
            axes.plot(max(value, _FLOOR), y, marker="o" if inside else "<", color=colour, markersize=6)
            text = f"{value:z.2f}".replace("-", "−")
            axes.annotate(text, (max(value, _FLOOR), y), (7, 0), textcoords="offset points", va="center", fontsize=7.5,
                          color=colour)  # fmt: skip
    axes.plot([], [], "o", color=colour, label=label)


def _intervals(scoreboard: Scoreboard) -> bytes | None:
    """What the 80 % interval held, by months ahead."""
    series = []
    for protocol, colour in ((AS_USED, BLUE), (BLIND, AMBER)):
        for area, line in ((DISTRICTS, "-"), (CITY, "--")):
            held = scoreboard.protocol(protocol).horizons.get(area, {})
            values = [held[band].coverage80 if band in held else None for band in BANDS]
            if any(v is not None for v in values):
                series.append((f"{area}, {PROTOCOLS[protocol][0].split(', ')[-1]}", colour, line, values))
    if not series:
        return None
    figure = blank(8.2, 3.8)
    axes = figure.add_subplot()
    headline(axes, "What the 80 % interval held", "share of figures inside; the band is what is asked for, 77 to 83 %")
    axes.axhspan(77, 83, color=FAINT, linewidth=0)
    axes.axhline(80, color=QUIET, linewidth=1)
    for shift, (label, colour, line, values) in enumerate(series):
        heights = [np.nan if v is None else 100 * v for v in values]
        x = np.arange(len(values)) + 0.05 * (shift - len(series) / 2)
        axes.plot(x, heights, line, color=colour, marker="o", markersize=5, linewidth=1.4, label=label)
    axes.set_xticks(range(len(BANDS)), list(BANDS.values()))
    axes.set_xlabel("months ahead", color=INK)
    axes.set_ylabel("%", color=INK)
    axes.set_ylim(min(45, *(100 * v - 5 for s in series for v in s[3] if v is not None)), 103)
    figure.legend(frameon=False, fontsize=8.5, loc="outside lower left", ncols=3)
    quiet(axes)
    return to_png(figure, scoreboard.invented)


def _districts(scoreboard: Scoreboard) -> bytes | None:
    """Skill of every district against the best naive forecast, worst at the bottom."""
    rows = sorted(scoreboard.protocol(AS_USED).districts, key=lambda row: row.skill)
    if not rows:
        return None
    figure = blank(8.2, 0.3 * len(rows) + 1.5)
    axes = figure.add_subplot()
    note = "share of the rival's squared error that ours avoids; in brackets: figures of its own that the model had"
    headline(axes, f"Better than {_rival(scoreboard)}?", note)
    skill = np.maximum([row.skill for row in rows], _FLOOR)
    at = np.arange(len(rows))
    axes.barh(at, skill, color=[BLUE if value > 0 else AMBER for value in skill], height=0.62)
    axes.axvline(0, color=QUIET, linewidth=1)
    names = drawable([row.name for row in rows], "district")
    axes.set_yticks(at, [f"{name} ({row.labels})" for name, row in zip(names, rows, strict=True)])
    axes.set_xlim(min(-0.1, float(skill.min()) - 0.05), 1.0)
    quiet(axes)
    return to_png(figure, scoreboard.invented)


def _placebos(scoreboard: Scoreboard) -> bytes | None:
    """Gain over no light at all, of the light as it is and of light without information."""
    found = {} if scoreboard.placebos is None else scoreboard.placebos.gain
    gains = {name: gain for name, gain in found.items() if gain is not None}
    names = {TRUE: TRUE, MONTHS: "months shuffled", FACTORIES: "factories shuffled"}
    order = [key for key in names if key in gains]
    if not order:
        return None
    figure = blank(8.2, 0.34 * len(order) + 1.4)
    axes = figure.add_subplot()
    note = "squared error avoided against the same model without light; the lower two must not be above 0 beyond chance"
    headline(axes, "What light adds, and what light without information adds", note)
    values = np.array([gains[key] for key in order])
    shown = np.maximum(values, _FLOOR)
    at = np.arange(len(order))[::-1]
    axes.barh(at, shown, color=[BLUE if key == TRUE else GREY for key in order], height=0.6)
    for y, value, end in zip(at, values, shown, strict=True):
        text = f"{value:z.2f}".replace("-", "−")
        side = 4 if end >= 0 else -4
        axes.annotate(text, (end, y), (side, 0), textcoords="offset points", va="center", fontsize=8.5, color=INK,
                      ha="left" if end >= 0 else "right")  # fmt: skip
    axes.axvline(0, color=QUIET, linewidth=1)
    axes.set_yticks(at, [names[key] for key in order])
    room = 0.12 * max(float(np.abs(shown).max()), 0.1)
    axes.set_xlim(min(0.0, float(shown.min())) - room, max(0.0, float(shown.max())) + room)
    quiet(axes)
    return to_png(figure, scoreboard.invented)


def _pixels(scoreboard: Scoreboard) -> bytes | None:
    """R² of the map against planted truth, by size of the block."""
    truth = scoreboard.maps.truth
    sizes = [size for size in SIZES if size in truth]
    if not sizes:
        return None
    figure = blank(8.2, 3.2)
    axes = figure.add_subplot()
    headline(axes, "Where output is inside the map", "R² against the planted truth, all maps raked to the same totals")
    names = ordered_models(model for size in sizes for model in truth[size])
    for model, colour in zip(names, (BLUE, AMBER, GREY), strict=False):
        values = [truth[size].get(model) for size in sizes]
        heights = [np.nan if v is None else max(v, _FLOOR) for v in values]
        label = "The map of this release" if model == OURS else MODELS.get(model, model)
        axes.plot(range(len(sizes)), heights, color=colour, marker="o", markersize=5, label=label)
    axes.set_xticks(range(len(sizes)), [SIZES[size] for size in sizes])
    axes.set_ylim(top=1.03)
    axes.legend(frameon=False, fontsize=8.5, loc="lower right")
    quiet(axes)
    return to_png(figure, scoreboard.invented)


def _rival(scoreboard: Scoreboard) -> str:
    title = MODELS.get(scoreboard.best_naive or "", "the best naive forecast")
    return title[0].lower() + title[1:]
