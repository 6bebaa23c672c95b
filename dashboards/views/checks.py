"""The checks view: what was tested before this release went out, failures first and in full."""

from __future__ import annotations

import streamlit as st

from dashboards.data import Shown
from gvio.report.checks_page import checks_html
from gvio.report.tables import checks_sentence


def show(view: Shown) -> None:
    """Draw the view."""
    checks = view.release.checks
    st.markdown(f"#### {checks_sentence(checks)}")
    st.caption("A failed required check refuses a month: nothing is published. A warning is reported and goes on.")
    if checks:
        st.html(checks_html(checks))
