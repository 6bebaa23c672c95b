"""The view "How has it developed?": areas through time in one chart and several forms, and what was said earlier."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards import address
from dashboards.chosen import choose_areas, choose_month
from dashboards.data import Shown, vintages
from dashboards.views.areas import draw, told_of
from gvio.report.changes import ASSUMED
from gvio.report.earlier import earlier_table, first_against_last
from gvio.report.forms import FORMS
from gvio.report.identity import rows_csv
from gvio.report.numbers import decimals_for, level
from gvio.report.plain import plain
from gvio.report.score_page import scores_html
from gvio.report.tables import month_text

PAGE = "developed"
_APART = {"joined": "Summed", "apart": "Apart"}


def show(view: Shown) -> None:
    """Draw the view."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        form, joined = _form()
        month = choose_month(view, PAGE)
    areas = choose_areas(view, PAGE)
    if not areas:
        st.info("Choose at least one area.")
        return
    told = told_of(view, areas, form, joined=joined, month=month)
    if not any(map(len, told.values())):
        st.info("This release has too few months for this form.")
        return
    _chart(view, told, form, month)
    _download(view, told, form)
    _numbers(view, told, form)
    _earlier(view, areas[0], month)


def _form() -> tuple[str, bool]:
    address.start("form", "form", list(FORMS), "level")
    st.segmented_control("Form", list(FORMS), format_func=lambda key: FORMS[key].title, required=True, key="form")
    form = str(st.session_state["form"])
    address.keep("form", form)
    if form == "rolling":
        return form, True
    address.start("newyear", "newyear", list(_APART), "joined")
    st.segmented_control(
        "January + February",
        list(_APART),
        format_func=_APART.__getitem__,
        required=True,
        key="newyear",
        help="Most offices publish January and February as one sum; how it is split is the model's guess.",
    )
    kept = str(st.session_state["newyear"])
    address.keep("newyear", kept)
    return form, kept == "joined"


def _chart(view: Shown, told: dict[str, pd.DataFrame], form: str, month: str) -> None:
    names = ", ".join(view.about.names[area] for area in told)
    alt = f"{FORMS[form].title} of {names}; the table under it has the numbers"
    draw(view, told, form, month, key="series", name=form, alt=alt)
    bands = "Bands: 80 % (and, of a single area, 95 %) interval, drawn for up to three areas."
    compared = f" {ASSUMED}" if form in {"index", "year"} else ""
    strip = " Grey strip at the bottom: nowcast, months that no official figure covers." if len(told) == 1 else ""
    st.caption(f"{FORMS[form].explanation} {bands} Dots: official figures of single months.{strip}{compared}")


def _download(view: Shown, told: dict[str, pd.DataFrame], form: str) -> None:
    rows = pd.concat([rows.assign(name=view.about.names[area]) for area, rows in told.items()])
    rows = rows.drop(columns=["date", "sum"]).assign(form=form)
    st.download_button(
        "These series (CSV)",
        rows_csv(rows, view.identity),
        file_name=f"{view.key[0]}-{form}-{view.key[1]}.csv",
        mime="text/csv",
        on_click="ignore",
    )


def _numbers(view: Shown, told: dict[str, pd.DataFrame], form: str) -> None:
    """The newest rows as a table: what a chart shows to nobody who cannot see it."""
    rows = {view.about.names[area]: rows.set_index("label")["estimate"] for area, rows in told.items()}
    table = pd.DataFrame(rows)
    order = next(iter(told.values()))["label"].tolist()
    decimals = 1 if FORMS[form].percent else decimals_for(pd.concat(list(rows.values())))
    table = table.reindex(order[::-1]).map(lambda value: level(float(value), decimals))
    with st.expander("The numbers of this chart"):
        st.dataframe(table.rename_axis("Month"))


def _earlier(view: Shown, area: str, month: str) -> None:
    """What every release until this one said of a month."""
    said = vintages(view)
    if said is None:
        return
    st.header(f"What earlier releases said of {month_text(month)}", anchor=False)
    table = earlier_table(said, area, month)
    if table.empty:
        st.caption("Nothing is kept of this month.")
        return
    name, unit = view.about.names[area], view.about.unit_text
    st.markdown(plain(f"{name}. {first_against_last(said, area, month)}"))
    st.html(scores_html(table.set_index("Said by"), f"What was said of {name}, {month_text(month)}, {unit}"))
