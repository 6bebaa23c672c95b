"""The scoreboard view: how good the model is, against every comparator, in tables and one plain sentence."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboards.data import Shown
from dashboards.saved import csv_button, png_button
from gvio.report.flat import score_rows
from gvio.report.horizons import horizon_sentences, horizon_table
from gvio.report.map_scores import held_out_map_table, truth_map_table
from gvio.report.plain import plain
from gvio.report.score_page import scores_html
from gvio.report.scores import (
    PROTOCOLS,
    coverage_sentence,
    distribution_sentences,
    score_table,
)
from gvio.report.verdict import SKILLS, skill_of, verdict
from gvio.scoreboard.names import AS_USED, BLIND
from gvio.words import marked, sentences, tr

_READ_ME = marked(
    "The score that counts is the change **within** districts and from year to year, out of time, against the naive "
    "forecasts. Pooled R² is high for any method that knows how large each district is, so it is never read alone. "
    "MASE below 1 beats repeating last year; the best of each column is bold; – means not measured."
)


_FIRST = (AS_USED, BLIND)
# Tests of the real use; the others stand at the end of the page.


def show(view: Shown) -> None:
    """Draw the verdict and the tests of the real use."""
    scores = view.release.scoreboard
    label, explanation = SKILLS[skill_of(scores, view.release.manifest)]
    st.header(plain(verdict(scores)), anchor=False)
    st.markdown(tr("**{skill}.** {meaning}", skill=tr(label), meaning=tr(explanation)))
    if scores.verdict and scores.verdict != verdict(scores):
        st.caption(plain(tr("As the release says it, in English: {verdict}", verdict=scores.verdict)))
    if view.about.invented:
        st.caption(tr("These scores come from an invented world and say nothing about the real place."))
    for sentence in horizon_sentences(scores):
        st.warning(plain(sentence))
    st.caption(sentences([tr(_READ_ME), *map(plain, distribution_sentences(scores))]))
    for protocol in _FIRST:
        _protocol(view, protocol)


def show_others(view: Shown) -> None:
    """Draw the tests of other uses."""
    for protocol in PROTOCOLS:
        if protocol not in _FIRST:
            _protocol(view, protocol)
    _maps(view)
    csv_button(view, tr("All scores of this page"), "scores", lambda: score_rows(view.release.scoreboard))


def _protocol(view: Shown, protocol: str) -> None:
    title, meaning = map(tr, PROTOCOLS[protocol])
    scores = view.release.scoreboard
    models = scores.protocol(protocol).models
    if not models:
        st.caption(tr("{test}: not measured for this release.", test=title))
        return
    st.subheader(title, anchor=False)
    st.caption(meaning)
    st.html(scores_html(score_table(models), title))
    png_button(
        view, tr("Scores"), f"scores-{protocol}", lambda: tr(PROTOCOLS[protocol][0]), lambda: score_table(models)
    )
    st.markdown(coverage_sentence(scores.scores(protocol)))
    held = horizon_table(scores.protocol(protocol))
    if len(held):
        st.html(scores_html(held, _of_held(protocol)))
        told = partial(horizon_table, scores.protocol(protocol))
        png_button(view, tr("What intervals held"), f"held-{protocol}", partial(_of_held, protocol), told)


def _of_held(protocol: str) -> str:
    return tr("{test}: what intervals held by months ahead", test=tr(PROTOCOLS[protocol][0]))


def _maps(view: Shown) -> None:
    held_out = held_out_map_table(view.release.scoreboard)
    truth = truth_map_table(view.release.scoreboard)
    if len(held_out):
        st.subheader(tr("Map: districts it was not told about"), anchor=False)
        st.caption(tr("The grid is summed over each district whose figures were withheld and compared with them."))
        st.html(scores_html(held_out, tr("Map: districts it was not told about")))
        told = partial(held_out_map_table, view.release.scoreboard)
        png_button(view, tr("Scores"), "scores-map", lambda: tr("Map: districts it was not told about"), told)
    if len(truth):
        st.subheader(tr("Map: against planted truth"), anchor=False)
        st.caption(
            tr("Only where the region is simulated and the output of every pixel is known, at several resolutions.")
        )
        st.html(scores_html(truth, tr("Against planted truth")))
        told = partial(truth_map_table, view.release.scoreboard)
        png_button(view, tr("Scores"), "scores-truth", lambda: tr("Map: against planted truth"), told)
