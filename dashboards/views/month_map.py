"""The map of a month: squares of output, or districts in the colour of their change; a click opens a chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st
from odc.geo.geobox import GeoBox

from dashboards import address
from dashboards.data import MonthGrid, Shown, month_grid, month_rows, payload, shown
from dashboards.screen import narrow
from dashboards.views.deck import DISTRICTS, Ground, ReadyDeck, build_deck, screen_px
from gvio.errors import GvioError
from gvio.report.changes import Change
from gvio.report.detail import Detail, detailed, details_of, finest_seen
from gvio.report.month_table import change_in
from gvio.report.numbers import interval_percent, level_and_bounds, signed_percent
from gvio.report.picture import LAYERS, Layer, draw, legend_html
from gvio.report.plain import plain
from gvio.report.tables import month_text
from gvio.report.zones import spread
from gvio.words import Language, language, listed, marked, sentences, speaking, tr

if TYPE_CHECKING:
    from gvio.report.map_file import Drawn

_MAP_PX = 470
_BY_DISTRICT = "change"
_COARSE = 40  # districts, unlike squares, may be drawn as small as fits the screen
_LAYER = {layer.key: layer for layer in LAYERS}
_TITLES = {layer.key: layer.title for layer in LAYERS} | {_BY_DISTRICT: marked("Change on the year")}


def show(view: Shown, month: str, areas: list[str], picks: str) -> None:
    """Draw the map; a click goes into the widget with the key `picks`.

    One that cannot be read is one sentence in its place: the figures beside it do not need it.
    """
    if month not in view.about.grids:
        held = listed(month_text(m) for m in list(view.about.grids)[-2:])
        lacks = tr("This release has no map of {month}; its newest are of {held}.", month=month_text(month), held=held)
        st.info(lacks if held else tr("No maps."))
        return
    try:
        _map(view, month, areas, picks)
    except GvioError as error:
        st.error(sentences([tr("The map of this month could not be shown."), plain(str(error))]))


def downloads(view: Shown, month: str) -> None:
    """The button for the month's grid, where there is one."""
    if month in view.about.grids:
        geotiff_button(view, month)


def geotiff_button(view: Shown, month: str) -> None:
    """The button for a month's grid as it was published."""
    region, key = view.key[0], view.about.grids[month]
    st.download_button(
        tr("Map of {month} (GeoTIFF)", month=month_text(month)),
        lambda: payload(view.source.url, view.source.endpoint_url, region, key),
        file_name=f"{region}-{month}.tif",
        mime="image/tiff",
        on_click="ignore",
    )


def _png_button(view: Shown, month: str, chosen: str, detail: Detail) -> None:
    """The button for the map as it is shown."""
    spoken = language()  # the file is drawn by another thread
    region, release = view.key

    def drawn() -> bytes:
        from gvio.report.map_file import month_png  # a second, which only who asks for the file waits for

        found = month_grid(view, month)
        with speaking(spoken):
            return month_png(lambda: _drawn(view, found, month, chosen, detail), found.zones, view.identity, month)

    st.download_button(
        tr("This map (PNG)"),
        drawn,
        file_name=f"{region}-{month}-{chosen}-{release}.png",
        mime="image/png",
        on_click="ignore",
        key="png-map",
    )


def _drawn(view: Shown, found: MonthGrid, month: str, chosen: str, detail: Detail) -> Drawn:
    from gvio.report.map_file import Drawn

    title = tr(_TITLES[chosen])
    if chosen == _BY_DISTRICT:
        values = spread(found.owners, _changes_of(month_rows(view, month)))
        return Drawn(values, found.geobox, "change", title, tr("Change on the year before, %"))
    values, squares = detailed(found.bands, found.geobox, _LAYER[chosen], detail)
    return Drawn(values, squares, _LAYER[chosen].kind, title, _scale_words(chosen, detail, view.about.unit_text))


def _map(view: Shown, month: str, areas: list[str], picks: str) -> None:
    with st.spinner(tr("Reading the map …")):
        found = month_grid(view, month)
    phone = narrow()
    controls = st.container(horizontal=True, gap="medium")
    with controls:
        chosen = _layer()
    detail, caption = Detail("Districts", None), _CHANGES
    if chosen != _BY_DISTRICT:
        layer = _LAYER[chosen]
        with controls:
            detail = _detail(found.geobox, phone=phone)
        caption = layer.explanation if detail.km is None else layer.of_blocks
    asked = (view.source.url, view.source.endpoint_url, *view.key, month, chosen, detail)
    _, legend = _ground(*asked, language())
    key = f"map-{view.key}-{month}-{chosen}-{detail.title}"
    open_now = [zone for zone in found.zones if zone.area in areas]
    st.pydeck_chart(
        _deck(*asked, language(), narrow=phone).with_open(open_now),
        height=_MAP_PX,
        key=key,
        on_select=lambda: _picked(key, picks),
        alt=tr(
            "Map: {layer} in {month}, {squares}; the table gives its districts",
            layer=tr(_TITLES[chosen]).lower(),
            month=month_text(month),
            squares=detail.words,
        ),
    )
    st.html(legend)
    missing = "" if len(found.zones) else tr("The districts of this grid cannot be told apart: use the table.")
    st.caption(sentences([tr(caption), tr("A click on a district opens its chart."), missing]))
    _png_button(view, month, chosen, detail)


_CHANGES = marked("Each district in the colour of its change on the year before; white where there is none.")


def _picked(key: str, picks: str) -> None:
    objects = st.session_state[key].selection.objects.get(DISTRICTS, [])
    if objects:
        st.session_state[picks] = [str(objects[0]["area"])]


def _told(row: pd.Series) -> str:
    value, *bounds = level_and_bounds(*(float(row[name]) for name in ("estimate", "lower80", "upper80")))
    change: Change = change_in(row, "year")
    shown = tr("{value} (80 %: {interval})", value=value, interval=" – ".join(bounds))
    lines = [tr("{area}: {said}", area=str(row["name"]), said=shown)]
    if change.known:
        interval = interval_percent(change.low, change.high)
        lines.append(tr("{change} on the year ({interval})", change=signed_percent(change.percent), interval=interval))
    return "\n".join([*lines, tr(str(row["status"]))])


def _layer() -> str:
    address.start("layer", "layer", list(_TITLES), LAYERS[0].key)
    titles = {key: tr(title) for key, title in _TITLES.items()}
    st.segmented_control(tr("Shown"), list(titles), format_func=titles.__getitem__, required=True, key="layer")
    chosen = str(st.session_state["layer"])
    address.keep("layer", chosen)
    return chosen


def _detail(geobox: GeoBox, *, phone: bool) -> Detail:
    details = {detail.key: detail for detail in details_of(geobox)}
    first = finest_seen(geobox, screen_px(narrow=phone)).key
    address.start("squares", "squares", list(details), first)
    titles = {key: detail.words for key, detail in details.items()}
    st.segmented_control(tr("Squares"), list(titles), format_func=titles.__getitem__, required=True, key="squares")
    chosen = str(st.session_state["squares"])
    address.keep("squares", chosen)
    return details[chosen]


@st.cache_resource(show_spinner=False, max_entries=48)
def _deck(
    url: str,
    endpoint_url: str | None,
    region: str,
    release: str,
    month: str,
    chosen: str,
    detail: Detail,
    spoken: Language,
    *,
    narrow: bool,
) -> ReadyDeck:
    """The map, no district's chart open."""
    view = shown(url, endpoint_url, region, release)
    found, table = month_grid(view, month), month_rows(view, month)
    with speaking(spoken):
        told = {str(row["area_id"]): (str(row["name"]), _told(row)) for _, row in table.iterrows()}
    box = found.geobox.geographic_extent.boundingbox
    bounds = (box.left, box.bottom, box.right, box.top)
    ground, _ = _ground(url, endpoint_url, region, release, month, chosen, detail, spoken)
    return build_deck(bounds, ground, found.edges, found.zones, told, narrow=narrow)


@st.cache_resource(show_spinner=False, max_entries=48)
def _ground(
    url: str,
    endpoint_url: str | None,
    region: str,
    release: str,
    month: str,
    chosen: str,
    detail: Detail,
    spoken: Language,
) -> tuple[Ground, str]:
    """The picture of a layer, or of districts in the colour of their change on the year, and its legend."""
    view = shown(url, endpoint_url, region, release)
    found = month_grid(view, month)
    with speaking(spoken):
        if chosen == _BY_DISTRICT:
            return _coloured(found, month_rows(view, month))
        return _squares(found, _LAYER[chosen], detail, view.about.unit_text)


def _squares(found: MonthGrid, layer: Layer, detail: Detail, unit: str) -> tuple[Ground, str]:
    """A layer in squares, and its legend."""
    values, squares = detailed(found.bands, found.geobox, layer, detail)
    picture = draw(values, squares, layer.kind)
    caption = tr("{layer}: {unit}", layer=tr(layer.title), unit=_scale_words(layer.key, detail, unit))
    west, _, east, _ = picture.bounds
    return Ground(picture, (east - west) / squares.shape[1]), legend_html(picture.scale, caption)


def _scale_words(layer: str, detail: Detail, unit: str) -> str:
    """What a value of a layer is in."""
    if detail.km is None:
        per = tr("{unit} per pixel and month", unit=unit)
    else:
        per = tr("{unit} per square of {side} and month", unit=unit, side=detail.words)
    return {"adjustment": tr("factor"), "width": tr("% of the estimate")}.get(layer, per)


def _changes_of(table: pd.DataFrame) -> dict[str, float]:
    """Change on the year by area, per cent."""
    return {str(area): float(v) for area, v in zip(table["area_id"], table["year_change"], strict=True)}


def _coloured(found: MonthGrid, table: pd.DataFrame) -> tuple[Ground, str]:
    """Districts in the colour of their change on the year, and the legend."""
    picture = draw(spread(found.owners, _changes_of(table)), found.geobox, "change")
    west, _, east, _ = picture.bounds
    return Ground(picture, (east - west) / _COARSE), legend_html(picture.scale, tr("Change on the year before, %"))
