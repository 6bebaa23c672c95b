"""What is known of the reader's screen."""

from __future__ import annotations

import streamlit as st


def narrow() -> bool:
    """Whether it is a phone's."""
    return "Mobi" in st.context.headers.get("User-Agent", "")
