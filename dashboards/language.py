"""The language of the page: the switch's, else the address's, else the browser's; set for every thread that draws."""

from __future__ import annotations

import streamlit as st

from dashboards import address
from gvio.words import MANNERS, Language, aside, language, language_named, manner, speak, tr

_KEY = _NAME = "lang"
# The document is Streamlit's, and says that it is English: readers of screens and fonts of Chinese go by that.
_TELL = "<script>document.documentElement.lang = {tag!r}</script>"


def begin() -> None:
    """Speak the reader's language; every thread that draws, answers a click or writes a file begins so."""
    speak(language_named(st.session_state.get(_KEY)) or language_named(address.told(_NAME)) or _of_browser())


def tell() -> None:
    """Tell the browser which language the page is in.

    The address holds it only where it is not what the browser asks for, so that a link opens in its reader's language.
    """
    if address.told(_NAME) is not None or language() != _of_browser():
        address.keep(_NAME, language())
    st.html(_TELL.format(tag=manner().tag), unsafe_allow_javascript=True)


def choose() -> None:
    """Show the switch: last, since the page need not wait for it."""
    address.start(_KEY, _NAME, list(MANNERS), language())
    with st.sidebar:
        st.segmented_control(
            tr("Language"), list(MANNERS), format_func=lambda known: MANNERS[known].title, required=True, key=_KEY
        )
        if note := aside("Names of regions and districts, messages of checks and files stay as they were published."):
            st.caption(note)


def key_of(widget: str) -> str:
    """The key of a widget whose options are words: browsers keep the words, and would go on showing them."""
    return widget if language() == "en" else f"{widget}-{language()}"


def _of_browser() -> Language:
    return language_named(st.context.locale) or "en"
