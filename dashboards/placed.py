"""Places and plans of a release, cached: what `gvio.library` says of a point or an area, and the plan to choose on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import streamlit as st

from dashboards.data import Shown, Source, month_grid, shown, store_of
from gvio.errors import GvioError
from gvio.grid.area import pixel_area_km2
from gvio.library.grids import taken
from gvio.library.places import pixel_of
from gvio.library.release import Release
from gvio.report.detail import DETAILS, Detail
from gvio.report.land import Land, land_of
from gvio.report.places import POINT, Place, place_km2, place_label, place_of, place_rows
from gvio.report.plan import Plan, district_plan, output_plan, trend_plan
from gvio.report.trend_map import LEAST_MONTHS, area_trends, pixel_trends, square_trends
from gvio.report.zones import NOBODY
from gvio.store.maps import read_outlines_of, read_trends_of
from gvio.words import Language, language, marked, speaking

BY_DISTRICT = Detail(marked("Districts"), None)


@dataclasses.dataclass(frozen=True, eq=False)
class Placed:
    """A place with its series (`gvio.report.places.place_rows`), its name, and its area in km²."""

    rows: pd.DataFrame
    name: str
    km2: float


def placed(view: Shown, place: Place) -> Placed:
    """What a release says of a place.

    Raises:
        ConfigError: It lies outside every district.
        StoreError: The release cannot say it, or cannot be read.
    """
    return _placed(view.source.url, view.source.endpoint_url, *view.key, place.kind, place.text, language())


@st.cache_resource(show_spinner=False, max_entries=64)
def _placed(
    url: str, endpoint_url: str | None, region: str, release_id: str, kind: str, text: str, spoken: Language
) -> Placed:
    view, place = shown(url, endpoint_url, region, release_id), place_of(kind, text)
    if place is None:
        raise ValueError(text)  # the page offers checked places only
    release = _library(url, endpoint_url, region, release_id)
    if kind == POINT:
        series = release.at(*place.middle)
        grid = month_grid(view, list(view.about.grids)[-1])
        row, col = pixel_of(*place.middle, grid.geobox)
        owner, km2 = grid.owners.number[row, col], float(pixel_area_km2(grid.geobox)[row, col])
        touched = [] if owner == NOBODY else [grid.owners.areas[owner]]
    else:
        series = release.within(place.shape)
        touched, km2 = [str(area) for area in series.attrs["districts"]], place_km2(place)
    estimates = view.release.estimates
    mine = estimates["area_id"].isin(touched) & (estimates["kind"] == "nowcast")
    with speaking(spoken):
        label = place_label(place, [view.about.names[area] for area in touched])
    return Placed(place_rows(series, place.key, set(estimates["month"][mine])), label, km2)


@st.cache_resource(show_spinner=False, max_entries=8)
def _library(url: str, endpoint_url: str | None, region: str, release_id: str) -> Release:
    return Release(store_of(Source(url, endpoint_url)), shown(url, endpoint_url, region, release_id).release)


def land(view: Shown) -> Land | None:
    """Sizes and groups of districts; None where the release holds no outlines."""
    return _land(view.source.url, view.source.endpoint_url, *view.key)


@st.cache_resource(show_spinner=False, max_entries=8)
def _land(url: str, endpoint_url: str | None, region: str, release_id: str) -> Land | None:
    view = shown(url, endpoint_url, region, release_id)
    found = read_outlines_of(store_of(view.source), view.release.manifest)
    return None if found is None else land_of(*found, view.about.city)


def plan_of(view: Shown, month: str, layer: str, detail: str) -> Plan | None:
    """The plan of a month's output, or of trends (`layer` trend), in squares of a detail; None where there is none."""
    asked = (view.source.url, view.source.endpoint_url, *view.key, "" if layer == "trend" else month, detail)
    return _plan(*asked, language())


@st.cache_resource(show_spinner=False, max_entries=16)
def _plan(
    url: str, endpoint_url: str | None, region: str, release_id: str, month: str, detail_key: str, spoken: Language
) -> Plan | None:
    view = shown(url, endpoint_url, region, release_id)
    detail = next(d for d in (*DETAILS, BY_DISTRICT) if d.key == detail_key)
    with speaking(spoken):
        return _drawn(view, month, detail)


def _drawn(view: Shown, month: str, detail: Detail) -> Plan | None:
    if month:
        grid = month_grid(view, month)
        return output_plan(grid.bands, grid.geobox, detail, view.about.unit)
    if len(set(view.release.estimates["month"])) < LEAST_MONTHS:
        return None
    if detail is BY_DISTRICT:
        grid = month_grid(view, list(view.about.grids)[-1])
        return district_plan(area_trends(view.release.estimates), grid.owners, grid.geobox, view.about.names)
    found = read_trends_of(store_of(view.source), view.release.manifest)
    if found is None:
        return None
    if detail.km is None:
        return trend_plan(pixel_trends(*found), detail)
    bands, geobox = found
    pixels = np.flatnonzero(np.isfinite(bands).any(axis=0))
    series = taken(store_of(view.source), view.release, 1, pixels)[:, 0]
    return trend_plan(square_trends(series, pixels, geobox, detail), detail)


def place_problem(error: GvioError) -> str:
    """Why a place cannot be shown, without the name of the library's function."""
    return str(error).removeprefix("at: ").removeprefix("within: ")
