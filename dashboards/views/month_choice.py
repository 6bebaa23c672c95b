"""The month of the first page: from a list, on a slider, or month after month by themselves."""

from __future__ import annotations

import time

import streamlit as st

from dashboards.chosen import choose_month, month_key, month_titles
from dashboards.data import Shown
from dashboards.language import key_of
from gvio.words import tr

_SLIDER, _PLAY, _NEXT, _TICKED = "month-slider", "month-play", "month-next", "month-ticked"
_STEP_S = 1.5


def choose_month_in_time(view: Shown, page: str) -> str:
    """Ask for a month; one on the map can be gone through with a slider."""
    offered = list(view.about.grids)
    chosen, slid = month_key(page), key_of(_SLIDER)
    if (following := st.session_state.pop(_NEXT, None)) in offered:
        st.session_state[chosen] = following
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        month = choose_month(view, page)
        if len(offered) < 2:
            return month
        if month in offered:
            st.session_state[slid] = month
        st.select_slider(
            tr("Month of the map"),
            offered,
            format_func=month_titles(offered),
            key=slid,
            width=420,
            on_change=lambda: st.session_state.update({chosen: st.session_state[slid]}),
        )
        playing = st.toggle(
            tr("Play"),
            key=_PLAY,
            help=tr("The months one after the other, from the first again; colours go by each month's scale."),
        )
    if playing:
        st.session_state[_TICKED] = time.monotonic()
        _tick(offered, month)
    return month


@st.fragment(run_every=_STEP_S)
def _tick(offered: list[str], month: str) -> None:
    """Turn to the next month; the drawing that starts the clock is not yet a turn."""
    if time.monotonic() - st.session_state[_TICKED] < _STEP_S / 2:
        return
    place = offered.index(month) if month in offered else -1
    st.session_state[_NEXT] = offered[(place + 1) % len(offered)]
    st.rerun()
