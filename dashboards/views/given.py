"""The view "Give me the data": files, citation, which release this is, what made it, and hashes to verify it by."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pandas as pd
import streamlit as st

from dashboards import address
from dashboards.data import Shown, payload, published_first, releases
from dashboards.saved import csv_button
from dashboards.style import facts_list
from dashboards.views.month_map import geotiff_button
from gvio.report.about import Section, facts, object_key
from gvio.report.month_table import every_month
from gvio.report.plain import plain
from gvio.report.tables import age_days, age_text, month_text


def show(view: Shown) -> None:
    """Draw the view."""
    _files(view)
    _steps(view)
    st.header("How to cite it", anchor=False)
    st.code(view.identity.citation, language=None, wrap_lines=True)
    _release(view)
    sections: tuple[tuple[Section, str], ...] = (("model", "Model"), ("code", "Code"), ("inputs", "Inputs"))
    for section, title in sections:
        pairs = [(name, text) for name, text in facts(view.release.manifest, section) if not name.startswith("areas: ")]
        if pairs:
            st.header(title, anchor=False)
            st.html(facts_list(pairs))
    if view.release.model_card:
        st.header("Model card", anchor=False)
        with st.expander("Read the model card"):
            st.code(view.release.model_card, language=None, wrap_lines=True)  # as text: a pack's names are in it
    _objects(view)
    _other_releases(view)


def _files(view: Shown) -> None:
    region, release = view.key
    about, estimates = view.about, view.release.estimates
    st.header("Files", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        csv_button(view, "Every month and area", "estimates", lambda: every_month(estimates, about.city, about.names))
        key = object_key(view.release.manifest, "/estimates.parquet")
        if key is not None:
            st.download_button(
                "All estimates (Parquet)",
                lambda: payload(view.source.url, view.source.endpoint_url, region, key),
                file_name=f"{region}-estimates-{release}.parquet",
                mime="application/vnd.apache.parquet",
                on_click="ignore",
            )
        if about.grids:
            month = st.selectbox("Map of", list(about.grids)[::-1], format_func=month_text, width=190, key="grid")
            geotiff_button(view, month)


def _steps(view: Shown) -> None:
    """What to type to read the same in Python: only names of this release, and keys as they are published."""
    key = object_key(view.release.manifest, "/estimates.parquet")
    if key is None:
        return
    st.header("In Python", anchor=False)
    store = view.source.url.rstrip("/") if view.source.url.startswith("s3://") else "STORE"
    lines = ["import pandas as pd", "", f"estimates = pd.read_parquet({f'{store}/{view.key[0]}/{key}'!r})"]
    if view.about.grids:
        grid = f"{store}/{view.key[0]}/{list(view.about.grids.values())[-1]}"
        lines += ["", "import rasterio", "", f"with rasterio.open({grid!r}) as grid:", "    estimate = grid.read(1)"]
    st.code("\n".join(lines), language=None)
    st.caption(plain(f"Whether it is what was published: gvio verify --store {store} --region {view.key[0]}"))


def _release(view: Shown) -> None:
    release = view.release
    moment = release.published_at or published_first(view.source.url, view.source.endpoint_url, *view.key)
    published = "at a time that was not recorded"
    if moment is not None:
        published = f"{moment} ({age_text(age_days(moment, dt.datetime.now(dt.UTC)))})"
    told = [
        ("Release", release.release),
        ("Region", release.region),
        ("Newest month", month_text(release.month)),
        ("Published", published),
        ("Unit", view.about.unit_text),
        ("Skill", release.manifest.skill or "–"),
    ]
    st.header("This release", anchor=False)
    st.html(facts_list(told))


def _objects(view: Shown) -> None:
    st.header("Objects and hashes", anchor=False)
    st.caption("Keys are relative to the region's folder of the store. Objects never change once published.")
    frame = pd.DataFrame([dataclasses.asdict(listed) for listed in view.release.manifest.objects]).fillna("")
    names = {"key": "Key", "sha256": "SHA-256", "size": "Bytes", "media_type": "Kind", "month": "Month"}
    st.dataframe(frame.rename(columns=names), hide_index=True, height=min(38 + 35 * len(frame), 400))
    csv_button(view, "This list", "objects", lambda: frame)


def _other_releases(view: Shown) -> None:
    region, current = view.key
    others = [name for name in releases(view.source.url, view.source.endpoint_url, region) if name != current]
    if not others:
        return
    st.header("Other releases", anchor=False)
    st.caption("Every release stays readable as it was published.")
    st.markdown("\n".join(f"- [{plain(name)}]({address.link(release=name)})" for name in reversed(others)))
