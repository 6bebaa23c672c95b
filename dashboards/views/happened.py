"""The view "What happened?": a month in one sentence, the map and the districts beside it, and their chart."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from dashboards import address
from dashboards.chosen import areas_key, choose_areas, take
from dashboards.clicks import listen
from dashboards.data import Shown, month_rows, month_story, news, payload
from dashboards.parts import part
from dashboards.saved import csv_button, png_button
from dashboards.views.month_choice import choose_month_in_time
from gvio.publish.news import NewsTable
from gvio.report.about import object_key
from gvio.report.basis import EXPLAINED, STATUS
from gvio.report.changes import intervals_of
from gvio.report.district_page import districts_html, districts_told
from gvio.report.flat import series_rows
from gvio.report.news import newest_month, news_table, no_news
from gvio.report.plain import plain
from gvio.report.tables import marks_nowcasts, month_text
from gvio.store.revisions import predecessor_named
from gvio.words import listed, manner, marked, sentences, tr

PAGE = "happened"
_BULLETINS = {"bulletin.pdf": marked("Bulletin (PDF)"), "bulletin.zh.pdf": marked("公报 (PDF)")}
_TOLD = 5  # districts whose news is told at once


def show(view: Shown) -> None:
    """Draw the view."""
    head = st.container()
    month = choose_month_in_time(view, PAGE)
    with head:
        _story(view, month)
    _month(view, month)
    _news(view)
    _files(view, month)


@part
def _month(view: Shown, month: str) -> None:
    """The map, the table and the chart: a click in one of them draws these and nothing else."""
    from dashboards.views import month_map  # with what draws maps: the sentence above is read meanwhile

    take(view, PAGE)
    left, right = st.columns([6, 5], gap="medium")
    # The chart is made first: a browser draws in the order of what arrives, and it is what a click asks for.
    with st.container():
        areas = choose_areas(view, PAGE)
        if areas:
            _chart(view, month, areas)
    with right:
        _table(view, month, areas)
    with left:
        month_map.show(view, month, areas, areas_key(PAGE))


def _table(view: Shown, month: str, areas: list[str]) -> None:
    table, about = month_rows(view, month), view.about
    st.html(
        districts_html(
            table, _of_month(view, month), city=about.city, link=lambda area: address.link(area=area), chosen=areas
        )
    )
    listen("clicked", lambda area, more: _clicked(view, area, more=more))
    statuses = (
        tr("{status}: {meaning}", status=tr(STATUS[basis]), meaning=tr(meaning)) for basis, meaning in EXPLAINED.items()
    )
    status = tr("Status. {said}.", said=manner().semicolon.join(statuses))
    st.caption(sentences([tr("▲ ▼ beyond noise."), intervals_of(view.release.estimates), status]))


def _of_month(view: Shown, month: str) -> str:
    return tr("{month}, {unit}", month=month_text(month), unit=view.about.unit_text)


def _files(view: Shown, month: str) -> None:
    from dashboards.views import month_map

    with st.container(horizontal=True, gap="small"):
        table = tr("Table of {month}", month=month_text(month))
        csv_button(view, table, f"{month}-districts", lambda: month_rows(view, month))
        subject = partial(_of_month, view, month)
        png_button(view, table, f"{month}-districts", subject, lambda: districts_told(month_rows(view, month)))
        month_map.downloads(view, month)
        if month == view.release.month:
            _bulletins(view)


def _bulletins(view: Shown) -> None:
    """Buttons for the release on one page, where it holds one."""
    region, release = view.key
    for name, title in _BULLETINS.items():
        key = object_key(view.release.manifest, f"/{name}")
        if key is not None:
            st.download_button(
                tr(title),
                partial(payload, view.source.url, view.source.endpoint_url, region, key),
                file_name=f"{region}-{release}-{name}",
                mime="application/pdf",
                on_click="ignore",
            )


def _story(view: Shown, month: str) -> None:
    told = month_story(view, month)
    st.header(plain(told.headline), anchor=False)
    st.markdown(sentences(plain(text) for text in (told.basis, told.movers) if text))
    if told.disagreement:
        st.warning(plain(told.disagreement))


def _clicked(view: Shown, area: str, *, more: bool) -> None:
    if area in view.about.names:
        shown = st.session_state.get(areas_key(PAGE), [])
        st.session_state[areas_key(PAGE)] = [*(a for a in shown if a != area), area] if more else [area]


def _chart(view: Shown, month: str, areas: list[str]) -> None:
    from dashboards.views.areas import draw, told_of  # with what draws charts

    names = listed(view.about.names[area] for area in areas)
    told = told_of(view, areas, "level", joined=True, month=month)
    alt = tr("Estimates of {areas} by month with intervals, {unit}", areas=names, unit=view.about.unit_text)
    draw(view, told, "level", month, key="chart", name="", alt=alt)
    st.caption(
        sentences(
            [
                tr(
                    "Line: estimate. Bands: interval. Dots: official figures of single months. January and February "
                    "are one point, their sum a month."
                ),
                tr("Grey strip: nowcast.") if marks_nowcasts(told) else "",
                tr("Other forms are under “How has it developed?”."),
            ]
        )
    )
    csv_button(view, tr("This chart"), "chart", lambda: series_rows(told, view.about.names, "level"))


def _news(view: Shown) -> None:
    """What changed since the release before, and why: the districts whose newest estimate moved most."""
    found = news(view.source.url, view.source.endpoint_url, *view.key)
    st.header(tr("What changed since the release before, and why"), anchor=False)
    if found is None:
        st.markdown(plain(no_news(predecessor_named(view.release.manifest))))
        return
    table = news_table(found.rows, newest_month(found.rows), view.about.names, found.together)
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in table["sentence"].head(_TOLD)))
    if len(table) > _TOLD:
        with st.expander(tr("The other {n} districts", n=len(table) - _TOLD)):
            st.markdown("\n".join(f"- {plain(sentence)}" for sentence in table["sentence"].iloc[_TOLD:]))
    csv_button(view, tr("Why they changed"), "news", partial(_news_rows, found, view.about.names))


def _news_rows(found: NewsTable, names: Mapping[str, str]) -> pd.DataFrame:
    month = newest_month(found.rows)
    return news_table(found.rows, month, names, found.together).assign(month=month)
