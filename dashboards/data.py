"""What the dashboard reads, cached: releases and grids never change, so only `latest.json` is read each time.

What holds sentences is kept by language, too.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st
from odc.geo.geobox import GeoBox

from gvio.publish.changes import CHANGES
from gvio.publish.counts import COUNTS
from gvio.publish.latest import Latest
from gvio.publish.news import NewsTable
from gvio.report.about import About, describe
from gvio.report.changes import with_changes
from gvio.report.edges import Path, district_edges
from gvio.report.errata import erratum_sentence
from gvio.report.identity import Identity
from gvio.report.month_table import month_table
from gvio.report.new_year import public_sums
from gvio.report.story import Story, story
from gvio.report.zones import Owners, Zone, owners_of, zones_of
from gvio.store.documents import read_latest
from gvio.store.drift import read_drift_of
from gvio.store.later_tables import read_later_table
from gvio.store.looks import last_look_line, regions_seen
from gvio.store.objects import ObjectStore, asks_for_nobody, open_store
from gvio.store.published import PublishedRelease, list_releases, read_grid, read_release
from gvio.store.revisions import errata_affecting, read_figures_of, read_news_of, read_revisions
from gvio.store.served import published_at
from gvio.types import FloatArray
from gvio.words import Language, language, speaking

if TYPE_CHECKING:
    from gvio.drift.monitors import Drift


@dataclasses.dataclass(frozen=True)
class Source:
    """Where the published store is."""

    url: str
    endpoint_url: str | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Shown:
    """The release on the screen, with how to speak of it."""

    source: Source
    release: PublishedRelease
    about: About

    @property
    def key(self) -> tuple[str, str]:
        """Region and release id."""
        return self.release.region, self.release.release

    @property
    def identity(self) -> Identity:
        """What a file that leaves the page says about itself."""
        about = self.about
        return Identity(self.release.region, about.title, about.unit, self.release.release, about.invented)


@st.cache_resource(show_spinner=False, max_entries=4)
def _store(url: str, endpoint_url: str | None) -> ObjectStore:
    return open_store(url, endpoint_url, anybody=True, anonymous=asks_for_nobody(os.environ))


def store_of(source: Source) -> ObjectStore:
    """The opened store of a source."""
    return _store(source.url, source.endpoint_url)


def regions(source: Source) -> list[str]:
    """Regions with a published release or a look, by name."""
    return regions_seen(store_of(source))


def latest(source: Source, region: str) -> Latest | None:
    """The newest release of a region; read anew each time because it is the one object that changes."""
    return read_latest(store_of(source), region)


def last_look(source: Source, region: str, now: dt.datetime, *, aged: bool = True) -> str | None:
    """One sentence about how the last look at a region ended; None where nobody looked. Ages of its input are told
    where `aged`: those of an invented world help nobody.
    """
    return last_look_line(store_of(source), region, now, aged=aged)


@st.cache_data(show_spinner=False)
def published_first(url: str, endpoint_url: str | None, region: str, release: str) -> str | None:
    """When a release was published first; None where that was never recorded."""
    return published_at(store_of(Source(url, endpoint_url)), region, release)


@st.cache_data(show_spinner=False, ttl=60)
def releases(url: str, endpoint_url: str | None, region: str) -> list[str]:
    """Ids of every whole release of a region, ascending by month."""
    return list_releases(store_of(Source(url, endpoint_url)), region)


@st.cache_resource(show_spinner=False, max_entries=8)
def shown(url: str, endpoint_url: str | None, region: str, release_id: str) -> Shown:
    """One whole release; limits of its changes stand beside its estimates (`gvio.report.changes`)."""
    source = Source(url, endpoint_url)
    store = store_of(source)
    release = read_release(store, region, release_id)
    told = with_changes(release.estimates, read_later_table(store, release.manifest, CHANGES))
    release = dataclasses.replace(release, estimates=told)
    return Shown(source, release, describe(region, release.manifest, release.estimates))


@st.cache_resource(show_spinner=False, max_entries=8)
def news(url: str, endpoint_url: str | None, region: str, release_id: str) -> NewsTable | None:
    """By what a release's estimates differ from those of the release before; None where it does not say."""
    release = shown(url, endpoint_url, region, release_id).release
    return read_news_of(store_of(Source(url, endpoint_url)), release.manifest)


@st.cache_resource(show_spinner=False, max_entries=8)
def _vintages(url: str, endpoint_url: str | None, region: str, release_id: str) -> pd.DataFrame | None:
    release = shown(url, endpoint_url, region, release_id).release
    return read_revisions(store_of(Source(url, endpoint_url)), release.manifest).vintages


def month_rows(view: Shown, month: str) -> pd.DataFrame:
    """The table of a month (`gvio.report.month_table`)."""
    return _month_rows(view.source.url, view.source.endpoint_url, *view.key, month)


@st.cache_resource(show_spinner=False, max_entries=64)
def _month_rows(url: str, endpoint_url: str | None, region: str, release_id: str, month: str) -> pd.DataFrame:
    view = shown(url, endpoint_url, region, release_id)
    return month_table(view.release.estimates, month, view.about.city, view.about.names)


def month_story(view: Shown, month: str) -> Story:
    """The sentences of a month."""
    return _month_story(view.source.url, view.source.endpoint_url, *view.key, month, language())


@st.cache_resource(show_spinner=False, max_entries=64)
def _month_story(
    url: str, endpoint_url: str | None, region: str, release_id: str, month: str, spoken: Language
) -> Story:
    view = shown(url, endpoint_url, region, release_id)
    with speaking(spoken):
        return story(view.release.estimates, month, view.about.city, view.about.names, view.about.unit)


def vintages(view: Shown) -> pd.DataFrame | None:
    """Everything that was said of every month until the release; None where it does not say."""
    return _vintages(view.source.url, view.source.endpoint_url, *view.key)


def errata_of(view: Shown) -> list[str]:
    """What the newest release says was wrong in a release, a sentence each."""
    return _errata_of(view.source.url, view.source.endpoint_url, *view.key, language())


@st.cache_data(show_spinner=False, ttl=60)
def _errata_of(url: str, endpoint_url: str | None, region: str, release: str, spoken: Language) -> list[str]:
    names = shown(url, endpoint_url, region, release).about.names
    found = errata_affecting(store_of(Source(url, endpoint_url)), region, release)
    with speaking(spoken):
        return [erratum_sentence(erratum, names) for erratum in found]


def new_year_sums(view: Shown) -> pd.DataFrame:
    """Official sums of January and February that a release stands on."""
    return _new_year_sums(view.source.url, view.source.endpoint_url, *view.key)


@st.cache_resource(show_spinner=False, max_entries=8)
def _new_year_sums(url: str, endpoint_url: str | None, region: str, release_id: str) -> pd.DataFrame:
    release = shown(url, endpoint_url, region, release_id).release
    return public_sums(read_figures_of(store_of(Source(url, endpoint_url)), release.manifest))


@st.cache_resource(show_spinner=False, max_entries=8)
def drift(url: str, endpoint_url: str | None, region: str, release_id: str) -> Drift | None:
    """What a release says of drift; None where it does not say."""
    release = shown(url, endpoint_url, region, release_id).release
    return read_drift_of(store_of(Source(url, endpoint_url)), release.manifest)


def counts(view: Shown) -> pd.DataFrame | None:
    """How often districts were seen; None where a release does not say."""
    return _counts(view.source.url, view.source.endpoint_url, *view.key)


@st.cache_resource(show_spinner=False, max_entries=8)
def _counts(url: str, endpoint_url: str | None, region: str, release_id: str) -> pd.DataFrame | None:
    release = shown(url, endpoint_url, region, release_id).release
    return read_later_table(store_of(Source(url, endpoint_url)), release.manifest, COUNTS)


@dataclasses.dataclass(frozen=True, eq=False)
class MonthGrid:
    """A month's map: bands (5, y, x) float32, their grid, which district owns a pixel, the districts that can be told,
    and borders between all of them where not all can.
    """

    bands: FloatArray
    geobox: GeoBox
    owners: Owners
    zones: list[Zone]
    edges: list[Path]


def month_grid(view: Shown, month: str) -> MonthGrid:
    """The map of a month of a release.

    Raises:
        StoreError: The release has no map of that month, or it cannot be read.
    """
    return _month_grid(view.source.url, view.source.endpoint_url, *view.key, month)


@st.cache_resource(show_spinner=False, max_entries=24)
def _month_grid(url: str, endpoint_url: str | None, region: str, release_id: str, month: str) -> MonthGrid:
    view = shown(url, endpoint_url, region, release_id)
    bands, geobox, _ = read_grid(store_of(Source(url, endpoint_url)), region, view.about.grids[month])
    estimates = view.release.estimates
    rows = estimates[(estimates["month"] == month) & (estimates["area_id"] != view.about.city)]
    owners = owners_of(bands, rows.set_index("area_id")["estimate"])
    zones = zones_of(owners, geobox)
    whole = len(zones) == len(rows)
    return MonthGrid(bands, geobox, owners, zones, [] if whole else district_edges(bands, geobox))


@st.cache_resource(show_spinner=False, max_entries=24)
def payload(url: str, endpoint_url: str | None, region: str, key: str) -> bytes:
    """The bytes of one object of a release; `key` is relative to the region."""
    return store_of(Source(url, endpoint_url)).get(f"{region}/{key}")
