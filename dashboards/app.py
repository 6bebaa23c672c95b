"""The dashboard: `streamlit run dashboards/app.py -- --store URL`. View code only; it reads published releases.

Every failure that gvio raises on purpose becomes one sentence on the page, never a traceback.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import shlex
import sys
from collections.abc import Mapping
from typing import Literal

import streamlit as st

from dashboards import address, language
from dashboards.data import Shown, Source, errata_of, last_look, latest, regions, shown
from dashboards.parts import not_shown, settle
from dashboards.style import CSS
from gvio.config import INVENTED
from gvio.errors import GvioError
from gvio.report.plain import plain
from gvio.report.tables import STALE_DAYS, age_days, age_text, month_text
from gvio.report.verdict import SKILLS, skill_of
from gvio.words import listed, marked, sentences, tr

# Pages by their name in the address. A string here would be shown: Streamlit draws what stands alone in its script.
VIEWS: Mapping[str, str] = {
    "happened": marked("What happened?"),
    "developed": marked("How has it developed?"),
    "trusted": marked("Can I trust it?"),
    "sound": marked("Is the data sound?"),
    "given": marked("Give me the data"),
}
_NO_ICON = ""  # told nothing, Streamlit looks for an emoji in front of every text beyond ASCII: 30 ms of a new process
_SKILL_COLOURS: Mapping[str, Literal["green", "orange", "red"]] = {"proven": "green", "weak": "orange", "none": "red"}


def main(arguments: list[str]) -> None:
    """Draw the page for the store named in `arguments`."""
    st.set_page_config(page_title="gvio", layout="wide", initial_sidebar_state="collapsed")
    st.html(CSS)
    source = _parse(arguments)
    address.begin()
    language.begin()
    language.tell()
    try:
        region = _choose_region(source)
        if region is not None:
            _show_region(source, region)
        address.finish()
    except GvioError as error:
        st.error(not_shown(error))
    language.choose()


def _parse(arguments: list[str]) -> Source:
    parser = argparse.ArgumentParser(prog="streamlit run dashboards/app.py --")
    parser.add_argument("--store", required=True, help="folder, file:// or s3://bucket/prefix of the published store")
    parser.add_argument(
        "--endpoint-url",
        default=os.environ.get("AWS_ENDPOINT_URL"),
        help="address of an S3-compatible server; AWS_ENDPOINT_URL of the environment where it is left out",
    )
    options = parser.parse_args(arguments)
    return Source(options.store, options.endpoint_url)


def _publish(source: Source) -> str:
    command = plain(f"gvio run --store {shlex.quote(source.url)} --region PACK")
    return tr("Publish a month: {command}; then reload this page.", command=command)


def _choose_region(source: Source) -> str | None:
    names = regions(source)
    if not names:
        nothing = tr("Nothing is published in {store} yet.", store=plain(source.url))
        st.info(sentences([nothing, _publish(source)]))
        return None
    asked = address.told("region")
    if asked is not None and asked not in names:
        said = {"region": plain(repr(asked)), "names": plain(listed(names))}
        st.warning(tr("There is no region {region} in this store; it holds {names}.", **said))
    if len(names) == 1:
        address.keep("region", names[0])
        return names[0]
    address.start("region", "region", names, names[0])
    region: str = st.selectbox(tr("Region"), names, width=280, key="region", on_change=_forget_release)
    address.keep("region", region)
    return region


def _forget_release() -> None:
    """Another region has other releases, areas and months."""
    language.begin()  # answers a click, before the page is drawn
    for name in ("release", "area", "month", "at", "polygon"):
        st.query_params.pop(name, None)
    for key in (language.key_of("places"), "places-known"):
        st.session_state.pop(key, None)


def _show_region(source: Source, region: str) -> None:
    newest = latest(source, region)
    if newest is None:
        _last_look(source, region)
        nothing = tr("The region {region} has no release yet.", region=plain(repr(region)))
        st.info(sentences([nothing, _publish(source)]))
        return
    asked = address.told("release") or newest.release
    with st.spinner(tr("Reading the release …")):
        view = shown(source.url, source.endpoint_url, region, asked)
    address.keep("release", asked)
    _header(view)
    _last_look(source, region, aged=not view.about.invented)
    if asked != newest.release:
        link = address.link(release=newest.release)
        told = {"link": link, "release": newest.release}
        st.info(tr("This is not the newest release of the region. [Show the newest one]({link}), {release}.", **told))
    for sentence in errata_of(view):
        st.warning(plain(sentence), icon=_NO_ICON)
    titles = {tr(title): name for name, title in VIEWS.items()}
    page = address.told("page") or ""
    address.start("view", "title", list(titles), tr(VIEWS[page if page in VIEWS else "happened"]))
    for name, tab in zip(titles.values(), st.tabs(list(titles), on_change="rerun", key="view"), strict=True):
        if tab.open:
            address.keep("page", name)
            with tab:
                _page(name, view)
            settle(name)


def _page(name: str, view: Shown) -> None:
    """Draw a page; only what a reader opens is loaded, so that the first sight waits for nothing else."""
    match name:
        case "happened":
            from dashboards.views import happened

            happened.show(view)
        case "developed":
            from dashboards.views import developed

            developed.show(view)
        case "trusted":
            from dashboards.views import trusted

            trusted.show(view)
        case "sound":
            from dashboards.views import sound

            sound.show(view)
        case _:
            from dashboards.views import given

            given.show(view)


def _last_look(source: Source, region: str, *, aged: bool = True) -> None:
    if (line := last_look(source, region, dt.datetime.now(dt.UTC), aged=aged)) is not None:
        st.caption(plain(line))


def _header(view: Shown) -> None:
    published = view.release.published_at
    days = None if published is None else age_days(published, dt.datetime.now(dt.UTC))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title(plain(view.about.title), anchor=False, width="content")
        skill = skill_of(view.release.scoreboard, view.release.manifest)
        label, explanation = SKILLS[skill]
        st.badge(tr(label), color=_SKILL_COLOURS.get(skill, "gray"), help=tr(explanation))
    newest = month_text(view.release.month)
    what = tr("Monthly industrial output from night light")
    st.caption(tr("{what} · newest month {month} · published {age}", what=what, month=newest, age=age_text(days)))
    if view.about.invented:
        st.warning(tr(INVENTED), icon=_NO_ICON)
    if days is not None and days > STALE_DAYS:
        st.warning(
            tr(
                "This release is {n} days old. A new month is expected within {most} days: the monthly run may have "
                "stopped or refused its input.",
                n=days,
                most=STALE_DAYS,
            ),
            icon=_NO_ICON,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
