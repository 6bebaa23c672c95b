"""The map of "How has it developed?": trends of districts, squares and pixels; a click or a drawing adds a place."""

from __future__ import annotations

import functools
from typing import Any

import pandas as pd
import streamlit as st

from dashboards import address
from dashboards.chosen import MOST, areas_key
from dashboards.data import Shown, month_grid
from dashboards.placed import BY_DISTRICT, plan_of
from dashboards.plan_chart import SQUARES, plan_chart
from dashboards.saved import csv_button
from dashboards.screen import narrow
from dashboards.style import named_chart, png_of
from dashboards.views.places import add, add_places
from gvio.errors import GvioError
from gvio.report.detail import details_of
from gvio.report.places import Place, box_place, drawn_place, place_of
from gvio.report.plain import plain
from gvio.report.plan import DISTRICT, Plan, plan_rows
from gvio.report.tables import month_text
from gvio.words import marked, sentences, tr

_LAYERS = {"trend": marked("Trend"), "output": marked("Output of the month")}
_TREND = marked(
    "Change a year in per cent of the mean: median slope of pairs of the same calendar month (seasonal Theil–Sen). "
    "Pale and hatched: not significant at 5 % (seasonal Mann–Kendall; it takes years as independent, so read it as "
    "optimistic, and of many squares without a trend one in twenty is called significant)."
)
_OUTPUT = marked("Output of each square in {month}; white: none.")
_HOW = marked(
    "A click on a square puts it into the chart, on a district its row. To draw, take the box or the lasso of the "
    "map's toolbar. The address of the page holds what was chosen."
)


def show(view: Shown, page: str, month: str, shown: list[str]) -> None:
    """Draw the map; `shown` are areas and keys of places in the chart, in its order."""
    st.header(tr("Where: trends, and places for the chart"), anchor=False)
    if not view.about.grids:
        st.caption(tr("This release has no map."))
        return
    try:
        _map(view, page, month, shown)
    except GvioError as error:
        st.error(sentences([tr("The map could not be shown."), plain(str(error))]))
    add_places(page)


def _map(view: Shown, page: str, month: str, shown: list[str]) -> None:
    with st.spinner(tr("Reading the map …")):
        newest = month_grid(view, list(view.about.grids)[-1])
    with st.container(horizontal=True, gap="medium"):
        layer = _choose("ground", tr("Shown"), {name: tr(title) for name, title in _LAYERS.items()})
        details = [*([BY_DISTRICT] if layer == "trend" else []), *details_of(newest.geobox)]
        titles = {detail.key: detail.words for detail in details}
        detail = _choose("cells", tr("Squares"), titles)
    if layer == "output" and month not in view.about.grids:
        st.info(tr("This release has no map of {month}.", month=month_text(month)))
        return
    with st.spinner(tr("Drawing the map …")):
        plan = plan_of(view, month, layer, detail)
    if plan is None:
        st.info(tr("This release has too few months for a trend: two years are needed."))
        return
    places = {key: place for key in shown if (place := place_of(*_parted(key))) is not None}
    key = f"plan-{view.key}-{layer}-{detail}"
    st.plotly_chart(
        named_chart(
            plan_chart(plan, newest.zones, places, {key: n for n, key in enumerate(shown)}, narrow=narrow()),
            _subject(view, month, layer, titles[detail].lower()),
            view.identity,
        ),
        key=key,
        on_select=lambda: _picked(key, page, plan),
        selection_mode=("points", "box", "lasso"),
        config={**png_of(f"{view.key[0]}-{layer}-{view.key[1]}"), "scrollZoom": True},
        alt=tr(
            "{layer} of {squares}; choose places by their coordinates below",
            layer=tr(_LAYERS[layer]),
            squares=titles[detail].lower(),
        ),
    )
    st.caption(sentences([tr(_TREND) if layer == "trend" else tr(_OUTPUT, month=month_text(month)), tr(_HOW)]))
    csv_button(view, tr("This map"), f"{layer}-{detail}", functools.partial(_rows, view, month, layer, detail))


def _subject(view: Shown, month: str, layer: str, squares: str) -> str:
    if layer == "trend":
        return tr("{layer} of {squares}, % a year", layer=tr(_LAYERS[layer]), squares=squares)
    said = {"squares": squares, "unit": view.about.unit_text, "month": month_text(month)}
    return tr("Output of {squares}, {unit} a month, {month}", **said)


def _rows(view: Shown, month: str, layer: str, detail: str) -> pd.DataFrame:
    plan = plan_of(view, month, layer, detail)
    return pd.DataFrame() if plan is None else plan_rows(plan)


def _choose(name: str, title: str, offered: dict[str, str]) -> str:
    address.start(name, name, list(offered), next(iter(offered)))
    st.segmented_control(title, list(offered), format_func=offered.__getitem__, required=True, key=name)
    chosen = str(st.session_state[name])
    address.keep(name, chosen)
    return chosen


def _picked(key: str, page: str, plan: Plan) -> None:
    selection: Any = st.session_state[key].selection
    for lasso in selection.lasso:
        add(page, functools.partial(drawn_place, lasso["x"], lasso["y"]))
    for box in selection.box:
        add(page, functools.partial(box_place, box["x"], box["y"]))
    if selection.lasso or selection.box:
        return
    for point in selection.points:
        if point["curve_number"] == SQUARES:
            _clicked(page, str(plan.points["key"].iloc[point["point_index"]]))


def _clicked(page: str, key: str) -> None:
    kind, text = _parted(key)
    if kind == DISTRICT:
        areas = st.session_state.get(areas_key(page), [])
        if text not in areas and len(areas) < MOST:
            st.session_state[areas_key(page)] = [*areas, text]
        return
    place: Place | None = place_of(kind, text)
    if place is not None:
        add(page, lambda: place)


def _parted(key: str) -> tuple[str, str]:
    kind, _, text = key.partition("=")
    return kind, text
