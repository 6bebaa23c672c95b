"""The view "Give me the data": files, citation, which release this is, what made it, and hashes to verify it by."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pandas as pd
import streamlit as st

from dashboards import address
from dashboards.chosen import month_titles
from dashboards.data import Shown, payload, published_first, releases
from dashboards.language import key_of
from dashboards.saved import csv_button
from dashboards.style import facts_list
from dashboards.views.month_map import geotiff_button
from gvio.report.about import Section, facts, object_key
from gvio.report.month_table import every_month
from gvio.report.plain import plain
from gvio.report.steps import Files, python_steps, qgis_steps, r_steps
from gvio.report.tables import age_days, age_text, month_text
from gvio.report.verdict import SKILLS, skill_of
from gvio.words import aside, tr


def show(view: Shown) -> None:
    """Draw the view."""
    _files(view)
    _steps(view)
    st.header(tr("How to cite it"), anchor=False)
    st.code(view.identity.citation, language=None, wrap_lines=True)
    _release(view)
    if note := aside("What made the release is told as the run wrote it: in English, for people and programs alike."):
        st.caption(note)
    sections: tuple[tuple[Section, str], ...] = (("model", tr("Model")), ("code", tr("Code")), ("inputs", tr("Inputs")))
    for section, title in sections:
        pairs = [(name, text) for name, text in facts(view.release.manifest, section) if not name.startswith("areas: ")]
        if pairs:
            st.header(title, anchor=False)
            st.html(facts_list(pairs))
    if view.release.model_card:
        st.header(tr("Model card"), anchor=False)
        with st.expander(tr("Read the model card")):
            st.code(view.release.model_card, language=None, wrap_lines=True)  # as text: a pack's names are in it
    _objects(view)
    _other_releases(view)


def _files(view: Shown) -> None:
    about, estimates = view.about, view.release.estimates
    st.header(tr("Files"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        every = tr("Every month and area")
        csv_button(view, every, "estimates", lambda: every_month(estimates, about.city, about.names))
        _object_button(view, tr("All estimates (Parquet)"), "estimates.parquet", "application/vnd.apache.parquet")
        _object_button(view, tr("Districts (GeoJSON)"), "districts.geojson", "application/geo+json")
        if about.grids:
            months = list(about.grids)[::-1]
            month = st.selectbox(tr("Map of"), months, format_func=month_titles(months), width=190, key=key_of("grid"))
            geotiff_button(view, month)


def _object_button(view: Shown, label: str, file: str, mime: str) -> None:
    """A button for an object as it was published; none where the release lacks it."""
    (region, release), key = view.key, object_key(view.release.manifest, f"/{file}")
    if key is None:
        return
    name, _, ending = file.partition(".")
    st.download_button(
        label,
        lambda: payload(view.source.url, view.source.endpoint_url, region, key),
        file_name=f"{region}-{name}-{release}.{ending}",
        mime=mime,
        on_click="ignore",
    )


def _steps(view: Shown) -> None:
    """What to type to read the same elsewhere: only names of this release, and keys as they are published."""
    files = _addresses(view)
    if files is None:
        return
    st.header(tr("In Python"), anchor=False)
    st.code(python_steps(files), language=None, wrap_lines=True)
    st.header(tr("In R"), anchor=False)
    st.code(r_steps(files), language=None, wrap_lines=True)
    if steps := qgis_steps(files):
        st.header(tr("In QGIS"), anchor=False)
        st.markdown("\n".join(f"{number}. {plain(step)}" for number, step in enumerate(steps, 1)))
    command = f"gvio verify --store {files.store} --region {files.region}"
    st.caption(plain(tr("Whether it is what was published: {command}", command=command)))


def _addresses(view: Shown) -> Files | None:
    """Where the files of the release are; a folder of the server's is not told."""
    (region, release), manifest = view.key, view.release.manifest
    store = view.source.url.rstrip("/") if view.source.url.startswith("s3://") else "STORE"
    keys = {name: object_key(manifest, f"/{file}") for name, file in _NAMED.items()}
    told = {name: f"{store}/{region}/{key}" if key else None for name, key in keys.items()}
    if (estimates := told.pop("estimates")) is None:
        return None
    grid = f"{store}/{region}/{list(view.about.grids.values())[-1]}" if view.about.grids else None
    return Files(store, region, release, estimates, grid, **told)


_NAMED = {"estimates": "estimates.parquet", "outlines": "districts.geojson", "style": "style.qml"}


def _release(view: Shown) -> None:
    release = view.release
    moment = release.published_at or published_first(view.source.url, view.source.endpoint_url, *view.key)
    published = tr("at a time that was not recorded")
    if moment is not None:
        age = age_text(age_days(moment, dt.datetime.now(dt.UTC)))
        published = tr("{moment} ({age})", moment=moment, age=age)
    told = [
        (tr("Release"), release.release),
        (tr("Region"), release.region),
        (tr("Newest month"), month_text(release.month)),
        (tr("Published"), published),
        (tr("Unit"), view.about.unit_text),
        (tr("Skill"), tr(SKILLS[skill_of(release.scoreboard, release.manifest)][0])),
    ]
    st.header(tr("This release"), anchor=False)
    st.html(facts_list(told))


def _objects(view: Shown) -> None:
    st.header(tr("Objects and hashes"), anchor=False)
    st.caption(tr("Keys are relative to the region's folder of the store. Objects never change once published."))
    frame = pd.DataFrame([dataclasses.asdict(listed) for listed in view.release.manifest.objects]).fillna("")
    names = {"key": tr("Key"), "size": tr("Bytes"), "media_type": tr("Kind"), "month": tr("Month")}
    names["sha256"] = "SHA-256"
    st.dataframe(frame.rename(columns=names), hide_index=True, height=min(38 + 35 * len(frame), 400))
    csv_button(view, tr("This list"), "objects", lambda: frame)


def _other_releases(view: Shown) -> None:
    region, current = view.key
    others = [name for name in releases(view.source.url, view.source.endpoint_url, region) if name != current]
    if not others:
        return
    st.header(tr("Other releases"), anchor=False)
    st.caption(tr("Every release stays readable as it was published."))
    st.markdown("\n".join(f"- [{plain(name)}]({address.link(release=name)})" for name in reversed(others)))
