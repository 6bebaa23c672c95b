"""The few rules of appearance that Streamlit's theme does not cover, and the colours of the charts."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

CSS = """<style>
.block-container, [data-testid="stMainBlockContainer"] {padding-top: 2.4rem; padding-bottom: 3rem; max-width: 1400px}
[data-testid="stHeader"] {background: transparent}
h1 {padding-bottom: 0.2rem !important; font-size: 1.9rem !important; line-height: 1.25 !important}
h3 {font-size: 1.1rem !important; padding-top: 1.2rem !important}
@media (max-width: 640px) {
  .block-container, [data-testid="stMainBlockContainer"] {padding-left: 1rem; padding-right: 1rem}
  h1 {font-size: 1.4rem !important}
}
.gvio-facts {display: flex; flex-wrap: wrap; gap: 0.6rem 2.4rem}
.gvio-facts .label {font-size: 0.85rem; opacity: 0.7}
.gvio-facts .value {font-size: 1.6rem; line-height: 1.3; white-space: nowrap}
.gvio-list {display: grid; grid-template-columns: minmax(6.5rem, 0.3fr) 1fr; line-height: 1.7}
.gvio-list, .gvio-list dt, .gvio-list dd {margin: 0 !important; padding: 0 !important; overflow-wrap: anywhere}
.gvio-list dt {opacity: 0.7; font-weight: 400}
.gvio-list dd {font-variant-numeric: tabular-nums}
</style>"""


_FACT = Markup('<div><div class="label">{}</div><div class="value">{}</div></div>')
_NAMED = Markup("<dt>{}</dt><dd>{}</dd>")


def facts_row(facts: Sequence[tuple[str, str]]) -> str:
    """A row of labelled facts as HTML; wraps on narrow screens."""
    return f'<div class="gvio-facts">{Markup("").join(_FACT.format(*fact) for fact in facts)}</div>'


def facts_list(facts: Sequence[tuple[str, str]]) -> str:
    """Named facts one under the other as HTML; long hashes break instead of being cut."""
    return f'<dl class="gvio-list">{Markup("").join(_NAMED.format(*fact) for fact in facts)}</dl>'


LINE = "rgb(123, 31, 92)"
BAND80 = "rgba(123, 31, 92, 0.22)"
BAND95 = "rgba(123, 31, 92, 0.10)"
OFFICIAL = "rgb(30, 30, 30)"
PART_COLOURS = {
    "season": "rgb(102, 166, 190)",
    "calendar": "rgb(230, 171, 2)",
    "common": "rgb(160, 160, 160)",
    "own": "rgb(27, 128, 94)",
}
"""Of the moving parts of an estimate: told apart in print and by people who do not tell red from green."""
NOWCAST_SPAN = "rgba(120, 120, 120, 0.08)"
NOWCAST_STRIP = "rgba(120, 120, 120, 0.45)"
OUTLINE = (90, 90, 90)
"""Red, green, blue of the districts' borders, as deck.gl takes them."""
