"""The checks view: what was tested before this release went out, failures first and in full, and drift."""

from __future__ import annotations

from functools import partial

import streamlit as st

from dashboards.data import Shown, drift
from dashboards.saved import csv_button, png_button
from dashboards.views import seen
from gvio.report.checks_page import checks_html
from gvio.report.drift import drift_html, drift_sentence, drift_table
from gvio.report.tables import checks_sentence, checks_table
from gvio.words import aside, sentences, tr, tr_count


def show(view: Shown) -> None:
    """Draw the view."""
    checks = view.release.checks
    st.header(checks_sentence(checks), anchor=False)
    st.caption(
        sentences(
            [
                tr("A failed required check refuses a month: nothing is published. A warning is reported and goes on."),
                aside("Names and messages of checks are as the run wrote them: in English.") if checks else "",
            ]
        )
    )
    failed, passed = ([check for check in checks if check.passed is held] for held in (False, True))
    if failed:
        st.html(checks_html(failed))
    if passed:
        with st.expander(tr_count("The {n} check that passed", "The {n} checks that passed", len(passed))):
            st.html(checks_html(passed))
    with st.container(horizontal=True, gap="small"):
        csv_button(view, tr("All checks"), "checks", lambda: checks_table(checks))
        png_button(view, tr("All checks"), "checks", lambda: checks_sentence(checks), lambda: checks_table(checks))
    seen.show(view)
    found = drift(view.source.url, view.source.endpoint_url, *view.key)
    st.header(drift_sentence(found), anchor=False)
    st.caption(tr("An alarm stands for twelve months. It refuses nothing; docs/drift.md says what to do at each kind."))
    if found is not None:
        st.html(drift_html(found, view.about.names))
        with st.container(horizontal=True, gap="small"):
            table = partial(drift_table, found, view.about.names)
            csv_button(view, tr("These monitors"), "drift", table)
            png_button(view, tr("These monitors"), "drift", partial(drift_sentence, found), table)
