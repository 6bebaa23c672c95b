"""The map view: where the output of a month is, with its districts beside it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st
from odc.geo.geobox import GeoBox

from dashboards.data import Shown, grid, payload
from dashboards.style import facts_row
from dashboards.views.deck import build_deck, screen_px
from gvio.errors import GvioError
from gvio.report.about import About, object_key
from gvio.report.basis import EXPLAINED, basis_of, basis_sentence
from gvio.report.detail import Detail, detailed, details_of, finest_seen
from gvio.report.district_page import districts_html, rows_csv
from gvio.report.edges import district_edges
from gvio.report.picture import LAYERS, Layer, draw, figure, legend_html
from gvio.report.plain import plain
from gvio.report.tables import AreaMonth, area_month, district_table, month_text, signed_percent
from gvio.types import FloatArray

_MAP_PX = 470


def show(view: Shown) -> None:
    """Draw the view."""
    months = list(view.about.grids)
    if not months:
        st.info("This release carries no maps. Its estimates are under Trends.")
        return
    month: str = st.selectbox("Month", months[::-1], format_func=month_text, width=190, key=f"month-{view.key}")
    table = district_table(view.release.estimates, month, view.about.city, view.about.names)
    _city(view, month, table)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _map(view, month)
    with right:
        st.html(districts_html(table, f"{month_text(month)}, {view.about.unit_text}"))
        st.caption("Basis. " + "; ".join(f"{basis}: {meaning}" for basis, meaning in EXPLAINED.items()) + ".")
    _downloads(view, month, table)


def _city(view: Shown, month: str, table: pd.DataFrame) -> None:
    row = area_month(view.release.estimates, view.about.city, month) if view.about.city else None
    if row is not None:
        st.html(facts_row(_facts(view.about, row, month)))
    city = None if row is None else basis_of(row.official, row.kind)
    districts = [
        basis_of(float(official), str(kind)) for official, kind in zip(table["official"], table["kind"], strict=True)
    ]
    st.caption(f"Unit: {view.about.unit_md}. {basis_sentence(city, districts)}")


def _facts(about: About, row: AreaMonth, month: str) -> list[tuple[str, str]]:
    return [
        (f"{about.names[about.city or '']}, {month_text(month)}", figure(row.estimate)),
        ("80 % interval", f"{figure(row.lower80)} – {figure(row.upper80)}"),
        ("Against a year before", signed_percent(row.yoy)),
        ("Official figure", "not public" if row.official is None else figure(row.official)),
    ]


def _map(view: Shown, month: str) -> None:
    """A map that cannot be read is one sentence in its place: the figures beside it do not need it."""
    try:
        bands, geobox = grid(view.source.url, view.source.endpoint_url, view.key[0], view.about.grids[month])
        _picture(view, month, bands, geobox)
    except GvioError as error:
        st.error(f"The map of this month could not be shown. {plain(str(error))}")


def _picture(view: Shown, month: str, bands: FloatArray, geobox: GeoBox) -> None:
    phone = "Mobi" in st.context.headers.get("User-Agent", "")
    layer, detail = _chosen(geobox, phone=phone)
    values, squares = detailed(bands, geobox, layer, detail)
    picture = draw(values, squares, layer.kind)
    deck = build_deck(picture, district_edges(bands, geobox), narrow=phone)
    st.pydeck_chart(
        deck,
        height=_MAP_PX,
        key=f"map-{view.key}-{layer.key}-{month}-{detail.title}",
        alt=f"Map: {layer.title.lower()} in {month_text(month)}, {detail.title}; the table gives its districts",
    )
    st.html(legend_html(picture.scale, f"{layer.title}: {_unit(view.about, layer, detail)}"))
    st.caption(layer.explanation if detail.km is None else layer.of_blocks)


def _chosen(geobox: GeoBox, *, phone: bool) -> tuple[Layer, Detail]:
    titles = {layer.title: layer for layer in LAYERS}
    details = {detail.title: detail for detail in details_of(geobox)}
    first = finest_seen(geobox, screen_px(narrow=phone)).title
    with st.container(horizontal=True, gap="small"):
        shown = st.segmented_control("Shown", list(titles), default=LAYERS[0].title, required=True, key="layer")
        fine = st.segmented_control("Squares", list(details), default=first, required=True, key="detail")
    return titles[shown or LAYERS[0].title], details[fine or first]


def _unit(about: About, layer: Layer, detail: Detail) -> str:
    units = {"adjustment": "factor", "width": "% of the estimate"}
    square = "pixel" if detail.km is None else f"square of {detail.title}"
    return units.get(layer.key, f"{about.unit_text} per {square} and month")


def _downloads(view: Shown, month: str, table: pd.DataFrame) -> None:
    region = view.key[0]
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            f"Districts of {month_text(month)} (CSV)",
            rows_csv(table.assign(month=month), view.identity),
            file_name=f"{region}-{month}-districts-{view.release.release}.csv",
            mime="text/csv",
            on_click="ignore",
        )
        _download(
            f"Map of {month_text(month)} (GeoTIFF)",
            view,
            view.about.grids[month],
            f"{region}-{month}.tif",
            "image/tiff",
        )
        key = object_key(view.release.manifest, "estimates.parquet")
        if key is not None:
            _download(
                "All estimates (Parquet)", view, key, f"{region}-estimates.parquet", "application/vnd.apache.parquet"
            )


def _download(label: str, view: Shown, key: str, name: str, media_type: str) -> None:
    st.download_button(label, _reader(view, key), file_name=name, mime=media_type, on_click="ignore")


def _reader(view: Shown, key: str) -> Callable[[], bytes]:
    return lambda: payload(view.source.url, view.source.endpoint_url, view.key[0], key)
