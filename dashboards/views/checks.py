"""The checks view: what was tested before this release went out, failures first."""

from __future__ import annotations

import streamlit as st

from dashboards.data import Shown
from dashboards.style import facts_list
from gvio.report.tables import checks_sentence, checks_table


def show(view: Shown) -> None:
    """Draw the view."""
    checks = view.release.checks
    st.markdown(f"#### {checks_sentence(checks)}")
    st.caption("A failed required check refuses a month: nothing is published. A warning is reported and goes on.")
    if not checks:
        return
    failed = checks_table([check for check in checks if not check.passed])
    if len(failed):  # in full: the table below cuts long messages
        st.html(facts_list(list(zip(failed["check"], failed["message"], strict=True))))
    st.dataframe(
        checks_table(checks),
        hide_index=True,
        height=min(38 + 35 * len(checks), 640),
        column_config={
            "outcome": st.column_config.TextColumn("Outcome", width="small"),
            "required": st.column_config.CheckboxColumn("Required", width="small"),
            "check": st.column_config.TextColumn("Check"),
            "subject": st.column_config.TextColumn("Subject"),
            "message": st.column_config.TextColumn("Message", width="large"),
        },
    )
