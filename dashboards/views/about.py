"""The about view: which release this is, what made it, and the hashes that let anyone verify it."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pandas as pd
import streamlit as st

from dashboards.data import Shown, published_first, releases
from dashboards.style import facts_list
from gvio.report.about import Section, facts
from gvio.report.plain import without_images
from gvio.report.tables import age_days, age_text, month_text


def show(view: Shown) -> None:
    """Draw the view."""
    release = view.release
    moment = release.published_at or published_first(view.source.url, view.source.endpoint_url, *view.key)
    published = "at a time that was not recorded"
    if moment is not None:
        published = f"{moment} ({age_text(age_days(moment, dt.datetime.now(dt.UTC)))})"
    st.html(
        facts_list(
            [
                ("Release", release.release),
                ("Region", release.region),
                ("Newest month", month_text(release.month)),
                ("Published", published),
                ("Unit", view.about.unit_text),
                ("Skill", release.manifest.skill or "–"),
            ]
        )
    )
    sections: tuple[tuple[Section, str], ...] = (("model", "Model"), ("code", "Code"), ("inputs", "Inputs"))
    for section, title in sections:
        pairs = [(name, text) for name, text in facts(release.manifest, section) if not name.startswith("areas: ")]
        if pairs:
            st.subheader(title, anchor=False)
            st.html(facts_list(pairs))
    if release.model_card:
        st.subheader("Model card", anchor=False)
        with st.expander("Read the model card"):
            st.markdown(without_images(release.model_card))
    _objects(view)
    _other_releases(view)


def _objects(view: Shown) -> None:
    st.subheader("Objects and hashes", anchor=False)
    st.caption("Keys are relative to the region's folder of the store. Objects never change once published.")
    frame = pd.DataFrame([dataclasses.asdict(listed) for listed in view.release.manifest.objects]).fillna("")
    names = {"key": "Key", "sha256": "SHA-256", "size": "Bytes", "media_type": "Kind", "month": "Month"}
    st.dataframe(frame.rename(columns=names), hide_index=True, height=min(38 + 35 * len(frame), 400))


def _other_releases(view: Shown) -> None:
    region, current = view.key
    others = [name for name in releases(view.source.url, view.source.endpoint_url, region) if name != current]
    if not others:
        return
    st.subheader("Other releases", anchor=False)
    st.caption("Every release stays readable as it was published.")
    st.markdown("\n".join(f"- [{name}](?region={region}&release={name})" for name in reversed(others)))
