"""The scoreboard view: how good the model is, against every comparator, in tables and one plain sentence."""

from __future__ import annotations

import streamlit as st

from dashboards.data import Shown
from gvio.report.plain import plain
from gvio.report.scores import (
    PROTOCOLS,
    SKILLS,
    coverage_sentence,
    held_out_map_table,
    score_table,
    skill_of,
    truth_map_table,
    verdict,
)

_READ_ME = (
    "The score that counts is the change **within** districts and from year to year, out of time, against the naive "
    "forecasts. Pooled R² is high for any method that knows how large each district is, so it is never read alone. "
    "MASE below 1 beats repeating last year; the best of each column is bold; – means not measured."
)


def show(view: Shown) -> None:
    """Draw the view."""
    scores = view.release.scoreboard
    label, explanation = SKILLS[skill_of(scores, view.release.manifest)]
    st.markdown(f"#### {plain(verdict(scores))}")
    st.markdown(f"**{label}.** {explanation}")
    if view.about.invented:
        st.caption("These scores come from an invented world and say nothing about the real place.")
    st.caption(_READ_ME)
    for protocol, (title, meaning) in PROTOCOLS.items():
        _protocol(view, protocol, title, meaning)
    _maps(view)


def _protocol(view: Shown, protocol: str, title: str, meaning: str) -> None:
    scores = view.release.scoreboard
    models = scores.protocol(protocol).models
    if not models:
        st.caption(f"{title}: not measured for this release.")
        return
    st.subheader(title, anchor=False)
    st.caption(meaning)
    st.table(score_table(models))
    st.markdown(coverage_sentence(scores.scores(protocol)))


def _maps(view: Shown) -> None:
    held_out = held_out_map_table(view.release.scoreboard)
    truth = truth_map_table(view.release.scoreboard)
    if len(held_out):
        st.subheader("Map: districts it was not told about", anchor=False)
        st.caption("The grid is summed over each district whose figures were withheld and compared with them.")
        st.table(held_out)
    if len(truth):
        st.subheader("Map: against planted truth", anchor=False)
        st.caption("Only where the region is simulated and the output of every pixel is known, at several resolutions.")
        st.table(truth)
