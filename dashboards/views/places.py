"""Places that are in the chart beside areas: pointed at on the plan, typed, or uploaded; the address holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from dashboards import address, language
from dashboards.chosen import MOST, areas_key
from dashboards.data import Shown
from dashboards.placed import Placed, place_problem, placed
from gvio.errors import GvioError
from gvio.report.places import AREA, POINT, Place, geojson_place, place_of, typed_place
from gvio.report.plain import plain
from gvio.words import aside, manner, marked, sentences, tr

_KNOWN, _SAID, _TYPED, _FILE = "places-known", "places-said", "places-typed", "places-file"
_MOST_MB = 20
_TOLD_CHANGE = 0.01  # of an outline's area: less is a matter of its corners
FULL = marked("A chart tells {n} lines apart: take one out first.")


def choose_places(view: Shown) -> dict[str, Placed]:
    """Ask which of the places that were added are in the chart, and give those of which the release says something."""
    known = _known()
    found: dict[str, Placed] = {}
    problems: dict[str, str] = {}
    with st.spinner(tr("Reading the place …")):
        for key in known:
            try:
                found[key] = placed(view, _place(key))
            except GvioError as error:
                english = aside("The release says nothing of this place; in the words of the program:")
                problems[key] = sentences([english, place_problem(error)])
    if known:
        shown: list[str] = st.multiselect(
            tr("Places in the chart"),
            known,
            format_func=lambda key: found[key].name if key in found else key,
            key=_key(),
        )
    else:
        shown = []
    for key in shown:
        if key in problems:
            st.warning(plain(problems[key]))
    empty = [found[key].name for key in shown if key in found and not (found[key].rows["estimate"] > 0).any()]
    if empty:
        st.info(plain(tr("No output in any month: {places}.", places=manner().semicolon.join(empty))))
    for kind in (POINT, AREA):
        address.keep(kind, *(_place(key).text for key in shown if _place(key).kind == kind))
    return {key: found[key] for key in shown if key in found}


def names_of(view: Shown, places: Iterable[str]) -> dict[str, str]:
    """Names of places in the language spoken, by key."""
    return {key: placed(view, _place(key)).name for key in places}


def add_places(page: str) -> None:
    """Ask for places by their coordinates, or by a file."""
    left, right = st.columns(2, gap="medium")
    with left:
        st.text_input(
            tr("Longitude, latitude"),
            key=_TYPED,
            placeholder="121.47, 31.23",
            on_change=lambda: _tried(page, lambda: typed_place(str(st.session_state[_TYPED]))),
            help=tr("A point; two opposite corners of a rectangle; or three corners and more of an outline. Degrees."),
        )
    with right:
        st.file_uploader(
            tr("An outline (GeoJSON, degrees)"),
            type=["geojson", "json"],
            key=_FILE,
            max_upload_size=_MOST_MB,
            on_change=lambda: _tried(page, _uploaded),
        )
    if said := st.session_state.pop(_SAID, None):
        st.warning(plain(str(said)))


def add(page: str, made: Callable[[], Place]) -> None:
    """Put a place into the chart; what keeps it out is said at the next drawing."""
    _tried(page, made)


def _tried(page: str, made: Callable[[], Place | None]) -> None:
    language.begin()  # answers a click, before the page is drawn
    try:
        place = made()
    except GvioError as error:
        st.session_state[_SAID] = place_problem(error)
        return
    shown = list(st.session_state.get(_key(), []))
    if place is None or place.key in shown:
        return
    if len(shown) + len(st.session_state.get(areas_key(page), [])) >= MOST:
        st.session_state[_SAID] = tr(FULL, n=MOST)
        return
    known = list(st.session_state.get(_KNOWN, []))
    st.session_state[_KNOWN] = known if place.key in known else [*known, place.key]
    st.session_state[_key()] = [*shown, place.key]


def _uploaded() -> Place | None:
    file = st.session_state[_FILE]
    if file is None:
        return None
    place, changed = geojson_place(file.getvalue())
    if changed > _TOLD_CHANGE:
        st.session_state[_SAID] = tr(
            "The outline was simplified so that a link can hold it; {share} % of its area changed by that.",
            share=format(100 * changed, ".0f"),
        )
    return place


def _known() -> list[str]:
    """Keys of every place of this session; at first those of the address."""
    if _KNOWN not in st.session_state:
        named = [place_of(kind, text) for kind in (POINT, AREA) for text in address.told_all(kind)]
        keys = list(dict.fromkeys(place.key for place in named if place is not None))[: MOST - 1]
        st.session_state[_KNOWN] = keys
        st.session_state[_key()] = list(keys)
    if _key() not in st.session_state:  # of a page that was left: its widgets are forgotten
        asked = [f"{kind}={text}" for kind in (POINT, AREA) for text in address.told_all(kind)]
        st.session_state[_key()] = [key for key in st.session_state[_KNOWN] if key in asked]
    known: list[str] = st.session_state[_KNOWN]
    return known


def _key() -> str:
    return language.key_of("places")


def _place(key: str) -> Place:
    kind, _, text = key.partition("=")
    place = place_of(kind, text)
    if place is None:
        raise ValueError(key)  # only checked places are kept
    return place
