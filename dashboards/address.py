"""The address of the page holds the whole view: who opens a pasted link sees the same.

A widget begins with what the address says, and with its default where the address says nothing that is offered. What
is shown is kept, and written into the address at the end of a run; what a page does not ask stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

_KEPT = "gvio-address"


def begin() -> None:
    """Start a run: nothing is kept yet beside what the address says."""
    st.session_state[_KEPT] = {name: st.query_params.get_all(name) for name in st.query_params}


def told(name: str) -> str | None:
    """The value of a name in the address, or None."""
    values = told_all(name)
    return values[0] if values else None


def told_all(name: str) -> list[str]:
    """Every value of a name in the address."""
    return list(_kept().get(name, []))


def keep(name: str, *values: str) -> None:
    """What is shown now."""
    _kept()[name] = list(values)


def start(key: str, name: str, offered: Sequence[str], default: str) -> None:
    """Give a widget of one choice its first value: the address's where that is offered."""
    if st.session_state.get(key) not in offered:
        asked = told(name)
        st.session_state[key] = asked if asked in offered else default


def start_all(key: str, name: str, offered: Sequence[str], default: Sequence[str]) -> None:
    """The same for a widget of several choices."""
    if key not in st.session_state or not set(st.session_state[key]) <= set(offered):
        asked = [value for value in told_all(name) if value in offered]
        st.session_state[key] = asked or list(default)


def link(**changed: str) -> str:
    """The address of this view with some names changed, relative to the page."""
    values = {**_kept(), **{name: [value] for name, value in changed.items()}}
    return "?" + urlencode({name: of for name, of in values.items() if of}, doseq=True)


def finish() -> None:
    """Write what is shown into the address."""
    shown = {name: values for name, values in _kept().items() if values}
    if shown != {name: st.query_params.get_all(name) for name in st.query_params}:
        st.query_params.from_dict(shown)


def _kept() -> dict[str, list[str]]:
    kept: dict[str, list[str]] = st.session_state.setdefault(_KEPT, {})
    return kept
