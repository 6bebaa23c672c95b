"""The view "Can I trust it?": how good the model is, and what an estimate is made of."""

from __future__ import annotations

import streamlit as st

from dashboards.data import Shown
from dashboards.views import reasons, scoreboard
from gvio.words import tr


def show(view: Shown) -> None:
    """Draw the view."""
    scoreboard.show(view)
    st.header(tr("Why this number?"), anchor=False)
    reasons.show(view)
    st.header(tr("Other tests"), anchor=False)
    scoreboard.show_others(view)
