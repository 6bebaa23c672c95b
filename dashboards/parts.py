"""Parts of a page that are drawn again by themselves, and what keeps a drawing cheap."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

from dashboards import address, language
from gvio.errors import GvioError
from gvio.report.plain import plain
from gvio.words import sentences, tr

P = ParamSpec("P")


def part(draw: Callable[P, None]) -> Callable[P, None]:
    """A part of a page: what is clicked in it draws it and nothing else. It writes the address itself, since the end of
    the page is not reached then, and says in a sentence what gvio raises on purpose.
    """

    @st.fragment
    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> None:
        language.begin()
        try:
            draw(*args, **kwargs)
        except GvioError as error:
            st.error(not_shown(error))
        address.finish()

    return drawn


def not_shown(error: GvioError) -> str:
    """What the page says where it cannot be drawn."""
    return sentences([tr("The published store could not be shown."), plain(str(error))])


@st.cache_resource(show_spinner=False)
def settle(page: str) -> str:
    """Once a process and page, after it was drawn whole: what is loaded by now stays, and is not looked through again.

    Streamlit looks for garbage after every drawing; with a million objects of libraries that was half of the cost of a
    click.
    """
    gc.collect()
    gc.freeze()
    return page
