"""The few rules of appearance that Streamlit's theme does not cover, and the colours of the charts.

Colours of charts are legible on white and on the dark theme's ground alike: which of the two a reader has is not always
known when a chart is made. Maps lie on white in both, since their darkest squares are those with most output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from markupsafe import Markup

from dashboards.screen import narrow
from gvio.report.identity import Identity
from gvio.report.lines import in_lines
from gvio.words import language, manner, marked, tr

CSS = """<style>
:root {--gvio-quiet: light-dark(#4d505c, #b9bcc8); --gvio-link: light-dark(#7b1f5c, #e08cc4)}
.block-container, [data-testid="stMainBlockContainer"] {padding-top: 2.4rem; padding-bottom: 3rem; max-width: 1400px}
[data-testid="stHeader"] {background: transparent}
h1 {padding-bottom: 0.2rem !important; font-size: 1.9rem !important; line-height: 1.25 !important}
h2 {font-size: 1.35rem !important; line-height: 1.35 !important; padding: 0.2rem 0 !important; font-weight: 600}
h3 {font-size: 1.1rem !important; padding-top: 1.2rem !important}
@media (max-width: 640px) {
  .block-container, [data-testid="stMainBlockContainer"] {padding-left: 1rem; padding-right: 1rem}
  h1 {font-size: 1.4rem !important}
  .gvio-table .gvio-less {display: none}
  .gvio-table:not(.gvio-long) {max-height: none !important}
  .gvio-long {max-height: 34rem !important}
  [data-testid="stTabs"] [role="tablist"] {flex-wrap: wrap}
  .gvio-table th, .gvio-table td {padding: 0.3rem 0.25rem !important}
  [data-testid="stButtonGroup"] [role="radiogroup"], [data-testid="stButtonGroup"] [role="group"] {flex-wrap: wrap}
}
.gvio-list {display: grid; grid-template-columns: minmax(6.5rem, 0.3fr) 1fr; column-gap: 0.6rem; line-height: 1.7}
.gvio-list, .gvio-list dt, .gvio-list dd {margin: 0 !important; padding: 0 !important; overflow-wrap: anywhere}
.gvio-list dt {color: var(--gvio-quiet); font-weight: 400; overflow-wrap: break-word}
.gvio-list dd {font-variant-numeric: tabular-nums}
.gvio-table {max-height: 860px; overflow: auto; background:
  linear-gradient(to left, light-dark(#fff, #171614) 40%, transparent) right/2.4rem 100% no-repeat local,
  linear-gradient(to left, light-dark(#0003, #fff3), transparent) right/0.8rem 100% no-repeat scroll}
.gvio-table table {border-collapse: collapse; width: 100%; font-size: 0.9rem; margin: 0}
.gvio-table caption {text-align: left; font-size: 0.85rem; padding: 0 0 0.4rem; color: var(--gvio-quiet)}
.gvio-table th, .gvio-table td {padding: 0.3rem 0.5rem; border: 0; vertical-align: top}
.gvio-table th, .gvio-table td {border-bottom: 1px solid light-dark(#e3e4e8, #3c3b38)}
.gvio-table thead th {position: sticky; top: 0; background: light-dark(#fff, #171614)}
.gvio-table thead th {font-weight: 600; text-align: right; color: var(--gvio-quiet)}
.gvio-table td {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
.gvio-words td, .gvio-words thead th {text-align: left; white-space: normal; overflow-wrap: break-word}
.gvio-words td:last-child {overflow-wrap: anywhere}
.gvio-table thead th, .gvio-words td:nth-of-type(1) {word-break: keep-all}
@media (max-width: 640px) {.gvio-words thead th:last-child {word-break: normal !important}}
.gvio-table.gvio-words tbody th {min-width: 7.5rem}
@media (min-width: 641px) {.gvio-table.gvio-words tbody th {min-width: 15rem}}
.gvio-table tbody th {text-align: left; font-weight: 400; overflow-wrap: break-word; min-width: 5rem}
.gvio-table thead th:first-child {text-align: left}
.gvio-under {display: block; font-size: 0.78rem; font-weight: 400; color: var(--gvio-quiet)}
.gvio-heard {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap}
.gvio-months tbody tr.gvio-whole {background: light-dark(#f4f4f7, #282724); font-weight: 600}
.gvio-months tbody tr.gvio-chosen th {box-shadow: inset 3px 0 0 var(--gvio-link)}
.gvio-months a {color: var(--gvio-link); text-decoration: underline; text-underline-offset: 2px}
[data-testid="stSidebar"] [role="radio"][aria-checked="true"] p {color: var(--gvio-link) !important}
.stMultiSelect span[title] {color: light-dark(#fff, #14090f) !important}
[data-testid="stDeckGlJsonChart"] {background: #fff; border-radius: 4px}
[data-testid="stCaptionContainer"] {opacity: 1 !important}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {color: var(--gvio-quiet) !important}
[data-testid="stElementToolbarButton"]:has([aria-label="Download as CSV"]) {display: none}
:focus-visible {outline: 2px solid var(--gvio-link) !important; outline-offset: 1px}
@media (pointer: coarse) {[data-testid="stDeckGlJsonChart"] * {touch-action: pan-y !important}}
@media (max-width: 1000px) {
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) {flex-direction: column}
  [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {width: 100% !important; flex: 1 1 100% !important}
}
</style>"""


_TITLE_LETTERS = 40  # of a line of a chart's title: what a phone has room for
_TITLE_PX = 18  # from the top: letters of every language are whole in a saved picture, too
_TOOLBAR_PX = 26
_NAMED = Markup("<dt>{}</dt><dd>{}</dd>")


def facts_list(facts: Sequence[tuple[str, str]]) -> str:
    """Named facts one under the other as HTML; long hashes break instead of being cut."""
    return f'<dl class="gvio-list">{Markup("").join(_NAMED.format(*fact) for fact in facts)}</dl>'


def named_chart(chart: go.Figure, subject: str, identity: Identity, *, left: int = 10) -> go.Figure:
    """The chart with what it is and where it is from written on it, so that its picture can leave the page.

    Args:
        chart: What is drawn.
        subject: What it is of.
        identity: Where it is from.
        left: Dots free at its left.
    """
    told = Markup("<br>").join(in_lines(subject, _TITLE_LETTERS))
    above = _TOOLBAR_PX if narrow() else 0  # where nothing hovers it is always there
    small = "<br><span style='font-size:0.7em;font-weight:normal'>{}</span>"
    shown = told + Markup(small).format(identity.title) + Markup(small).format(identity.mark)
    top = 1 - (_TITLE_PX + above) / chart.layout.height
    chart.update_layout(
        # A share of the height that is the same in dots for every chart; Streamlit has its own padding of titles.
        title={"text": shown, "font": {"size": 15}, "x": 0, "xanchor": "left", "yref": "container", "y": top}
        | {"yanchor": "top"},
        margin={"l": left, "r": 10, "t": 54 + above + 20 * (1 + told.count("<br>")), "b": 10},
        legend={"orientation": "h", "y": -0.12, "yanchor": "top", "x": 0},
    )
    return chart


def png_of(name: str) -> dict[str, Any]:
    """Plotly's settings of a chart whose picture is saved as `name`; its tools and months in the language spoken."""
    settings = {"displaylogo": False, "toImageButtonOptions": {"filename": name, "scale": 2}}
    return settings if language() == "en" else {**settings, "locale": manner().tag, "locales": _locale()}


def _locale() -> dict[str, Any]:
    """What Plotly lacks of the language (its option `locales`)."""
    month = manner().month_pattern
    formats = {"year": "%Y", "month": month, "dayMonth": "%m-%d", "dayMonthYear": "%Y-%m-%d"}
    return {
        manner().tag: {"dictionary": {tool: tr(tool) for tool in _TOOLS}, "format": {**formats, "date": "%Y-%m-%d"}}
    }


_TOOLS = (
    marked("Autoscale"),
    marked("Box Select"),
    marked("Double-click on legend to isolate one trace"),
    marked("Double-click to zoom back out"),
    marked("Download plot"),
    marked("Download plot as a PNG"),
    marked("Image download succeeded"),
    marked("Lasso Select"),
    marked("Pan"),
    marked("Preparing image - this may take a few seconds"),
    marked("Reset"),
    marked("Reset axes"),
    marked("Zoom"),
    marked("Zoom in"),
    marked("Zoom out"),
)
"""Plotly's own words."""


LINE = "rgb(168, 60, 130)"
OFFICIAL = "rgb(122, 122, 126)"
PART_COLOURS = {
    "season": "rgb(102, 166, 190)",
    "calendar": "rgb(230, 171, 2)",
    "common": "rgb(160, 160, 160)",
    "own": "rgb(27, 128, 94)",
}
"""Of the moving parts of an estimate: told apart in print and by people who do not tell red from green."""
NOWCAST_SPAN = "rgba(120, 120, 120, 0.12)"
NOWCAST_STRIP = "rgba(120, 120, 120, 0.45)"
OUTLINE = (90, 90, 90)
"""Red, green, blue of the districts' borders, as deck.gl takes them."""
