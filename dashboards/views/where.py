"""The map view: where the output of a month is, with its districts beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.data import Shown, grid, payload
from dashboards.style import facts_row
from dashboards.views.deck import build_deck
from gvio.report.about import About, object_key
from gvio.report.edges import district_edges
from gvio.report.picture import LAYERS, Layer, draw, figure, layer_values, legend_html
from gvio.report.tables import area_month, decimals_for, district_table, month_text

_MAP_PX = 470
_TABLE_PX = 612


def show(view: Shown) -> None:
    """Draw the view."""
    months = list(view.about.grids)
    if not months:
        st.info("This release carries no maps. Its estimates are under Trends.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        month = st.selectbox("Month", months[::-1], format_func=month_text, width=190, key=f"month-{view.key}")
        titles = {layer.title: layer for layer in LAYERS}
        chosen = st.segmented_control("Shown", list(titles), default=LAYERS[0].title, required=True, key="layer")
    layer = titles[chosen or LAYERS[0].title]
    table = district_table(view.release.estimates, month, view.about.city, view.about.names)
    _city(view, month)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _map(view, month, layer)
    with right:
        _districts(table, view.about)
    _downloads(view, month)


def _city(view: Shown, month: str) -> None:
    row = area_month(view.release.estimates, view.about.city, month) if view.about.city else None
    if row is None:
        return
    official = "not public" if row.official is None else figure(row.official)
    st.html(
        facts_row(
            [
                (f"{view.about.names[view.about.city or '']}, {month_text(month)}", figure(row.estimate)),
                ("80 % interval", _interval(row.lower80, row.upper80)),
                ("Against a year before", _signed_percent(row.yoy)),
                ("Official figure", official),
            ]
        )
    )
    kind = "agrees with official figures" if row.kind == "fitted" else "is a nowcast: no official figure covers it yet"
    st.caption(f"Unit: {view.about.unit_text}. This month's estimate {kind}.")


def _map(view: Shown, month: str, layer: Layer) -> None:
    bands, geobox = grid(view.source.url, view.source.endpoint_url, view.key[0], view.about.grids[month])
    picture = draw(layer_values(bands, layer), geobox, layer.kind)
    phone = "Mobi" in st.context.headers.get("User-Agent", "")
    deck = build_deck(picture, district_edges(bands, geobox), narrow=phone)
    st.pydeck_chart(deck, height=_MAP_PX, key=f"map-{view.key}-{layer.key}-{month}")
    st.html(legend_html(picture.scale, f"{layer.title}: {_unit(view.about, layer)}"))
    st.caption(layer.explanation)


def _unit(about: About, layer: Layer) -> str:
    units = {"adjustment": "factor", "width": "% of the estimate"}
    return units.get(layer.key, f"{about.unit_text} per pixel and month")


def _districts(table: pd.DataFrame, about: About) -> None:
    decimals = decimals_for(table["estimate"])
    rows = table.assign(
        estimate=table["estimate"].round(decimals),
        interval=[_interval(row.lower80, row.upper80) for row in table.itertuples()],
    )
    localized = "localized" if decimals == 0 else f"%.{decimals}f"
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    st.dataframe(
        rows[["name", "estimate", "interval", "share", "yoy"]],
        hide_index=True,
        height=min(38 + 35 * len(rows), _TABLE_PX),
        column_config={
            "name": text("District"),
            "estimate": number("Estimate", format=localized, help=about.unit_text),
            "interval": text("80 % interval"),
            "share": number("Share", format="%.1f %%", help="Share of all districts' output"),
            "yoy": number("Yoy", format="%+.1f %%", help="Year on year: against the same month a year before"),
        },
    )


def _downloads(view: Shown, month: str) -> None:
    region = view.key[0]
    with st.container(horizontal=True, gap="small"):
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


def _interval(lower: Any, upper: Any) -> str:
    return f"{figure(float(lower))} – {figure(float(upper))}"


def _signed_percent(value: float | None) -> str:
    return "–" if value is None else f"{value:+.1f} %".replace("-", "−")
