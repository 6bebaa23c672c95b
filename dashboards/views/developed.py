"""The view "How has it developed?": areas and places through time, trends on a map, what was said earlier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import pandas as pd
import streamlit as st

from dashboards import address
from dashboards.chosen import choose_areas, choose_month
from dashboards.data import Shown, vintages
from dashboards.parts import part
from dashboards.saved import csv_button, png_button
from dashboards.views import evenness, plan
from dashboards.views.areas import draw, told_of
from dashboards.views.multiples import show_every_district
from dashboards.views.places import choose_places, names_of
from gvio.report.earlier import earlier_table, first_against_last
from gvio.report.flat import series_rows
from gvio.report.forms import FORMS, intervals_of_form, left_out
from gvio.report.numbers import decimals_for, level
from gvio.report.plain import plain
from gvio.report.score_page import scores_html
from gvio.report.tables import marks_nowcasts, month_text
from gvio.words import listed, marked, sentences, tr

PAGE = "developed"
_APART = {"joined": marked("Summed"), "apart": marked("Apart")}
_LOOKS = {"areas": marked("Areas and places"), "districts": marked("All districts"), "balance": marked("Balance")}


@part
def show(view: Shown) -> None:
    """Draw the view."""
    look = _choice("look", tr("Shown"), _LOOKS)
    if look == "balance":
        evenness.show(view)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        form, joined = _form()
        month = choose_month(view, PAGE)
    if look == "districts":
        show_every_district(view, form, joined=joined, month=month)
        return
    _areas(view, form, joined=joined, month=month)


def _areas(view: Shown, form: str, *, joined: bool, month: str) -> None:
    areas = choose_areas(view, PAGE)
    places = choose_places(view)
    names = _names(view, places)
    told = told_of(view, areas, form, joined=joined, month=month, places=places)
    shown = {key: rows for key, rows in told.items() if len(rows)}
    if not told:
        st.info(tr("Choose at least one area or place."))
    elif len(shown) < len(told):
        st.info(plain(left_out([names[key] for key in told if key not in shown], form)))
    if shown:
        _chart(view, shown, form, month, names)
        csv_button(view, tr("These series"), form, lambda: series_rows(shown, _names(view, places), form))
        _numbers(shown, form, names)
    plan.show(view, PAGE, month, list(told))
    if areas:
        _earlier(view, areas[0], month)


def _names(view: Shown, places: Iterable[str]) -> dict[str, str]:
    return {**view.about.names, **names_of(view, places)}


def _choice(name: str, title: str, offered: Mapping[str, str], tip: str | None = None) -> str:
    address.start(name, name, list(offered), next(iter(offered)))
    words = {key: tr(text) for key, text in offered.items()}
    st.segmented_control(title, list(offered), format_func=words.__getitem__, required=True, key=name, help=tip)
    chosen = str(st.session_state[name])
    address.keep(name, chosen)
    return chosen


def _form() -> tuple[str, bool]:
    form = _choice("form", tr("Form"), {key: form.title for key, form in FORMS.items()})
    if form == "rolling":
        return form, True
    tip = tr("Most offices publish January and February as one sum; how it is split is the model's guess.")
    return form, _choice("newyear", tr("January + February"), _APART, tip) == "joined"


def _chart(view: Shown, told: dict[str, pd.DataFrame], form: str, month: str, names: Mapping[str, str]) -> None:
    shown = listed(names[area] for area in told)
    alt = tr("{form} of {areas}; the table under it has the numbers", form=tr(FORMS[form].title), areas=shown)
    draw(view, told, form, month, key="series", name=form, alt=alt, names=names)
    strip = tr("Grey strip at the bottom: nowcast, months that no official figure covers.")
    said = [
        tr(FORMS[form].explanation),
        tr("Bands: 80 % (and, of a single area, 95 %) interval, drawn for up to three areas."),
        tr("Dots: official figures of single months."),
        strip if marks_nowcasts(told) else "",
        intervals_of_form(form, view.release.estimates),
        tr(_OF_PLACES) if set(told) - set(view.about.names) else "",
    ]
    st.caption(sentences(said))


_OF_PLACES = marked(
    "Of places: nobody publishes the output of a part of a district, so there are no dots; of an area the bands are "
    "those of its districts, without the error of the share that lies inside; a pixel's have both."
)


def _numbers(told: dict[str, pd.DataFrame], form: str, names: Mapping[str, str]) -> None:
    """The newest rows as a table: what a chart shows to nobody who cannot see it."""
    rows = {names[area]: rows.set_index("label")["estimate"] for area, rows in told.items()}
    table = pd.DataFrame(rows)
    order = max(told.values(), key=len)["label"].tolist()
    decimals = 1 if FORMS[form].percent else decimals_for(pd.concat(list(rows.values())))
    table = table.reindex(order[::-1]).map(lambda value: level(float(value), decimals))
    with st.expander(tr("The numbers of this chart")):
        st.dataframe(table.rename_axis(tr("Month")))


def _earlier(view: Shown, area: str, month: str) -> None:
    """What every release until this one said of a month."""
    said = vintages(view)
    if said is None:
        return
    st.header(tr("What earlier releases said of {month}", month=month_text(month)), anchor=False)
    table = earlier_table(said, area, month)
    if table.empty:
        st.caption(tr("Nothing is kept of this month."))
        return
    name = view.about.names[area]
    st.markdown(plain(tr("{area}. {said}", area=name, said=first_against_last(said, area, month))))
    st.html(scores_html(table.set_index(str(table.columns[0])), _of_earlier(view, area, month)))
    with st.container(horizontal=True, gap="small"):
        csv_button(
            view,
            tr("What was said"),
            f"{area}-{month}-said",
            lambda: earlier_table(said, area, month).assign(area_id=area, name=name, month=month),
        )
        png_button(
            view,
            tr("What was said"),
            f"{area}-{month}-said",
            partial(_of_earlier, view, area, month),
            lambda: earlier_table(said, area, month),
        )


def _of_earlier(view: Shown, area: str, month: str) -> str:
    unit = view.about.unit_text
    return tr(
        "What was said of {area}, {month}, {unit}", area=view.about.names[area], month=month_text(month), unit=unit
    )
