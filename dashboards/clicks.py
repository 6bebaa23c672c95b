"""Clicks on links of the page that open a chart without loading the page anew; without JavaScript they stay links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

_LISTEN = """
export default function (component) {
  const { setTriggerValue } = component
  const listen = (event) => {
    const link = event.target.closest ? event.target.closest("a[data-gvio-area]") : null
    if (!link || event.button !== 0) return
    event.preventDefault()
    setTriggerValue("area", { area: link.dataset.gvioArea, more: event.ctrlKey || event.metaKey || event.shiftKey })
  }
  document.addEventListener("click", listen)
  return () => document.removeEventListener("click", listen)
}
"""
_component = st.components.v2.component("gvio_clicks", js=_LISTEN, html="<span></span>")


def listen(key: str, chosen: Callable[[str, bool], None]) -> None:
    """Tell `chosen` (area, whether it is to stand beside those shown) of every click on a link of a table."""

    def told() -> None:
        clicked: Any = st.session_state[key].area
        if isinstance(clicked, dict):
            chosen(str(clicked.get("area")), bool(clicked.get("more")))

    _component(key=key, on_area_change=told, height=1)
