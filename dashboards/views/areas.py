"""Areas through time: their series in a form, shaped once, and the chart of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboards.charts import areas_chart
from dashboards.data import Shown, new_year_sums
from dashboards.style import png_of
from gvio.report.forms import shaped
from gvio.report.tables import series

if TYPE_CHECKING:
    from dashboards.placed import Placed

_NONE: Mapping[str, Any] = MappingProxyType({})


def told_of(
    view: Shown, areas: Sequence[str], form: str, *, joined: bool, month: str, places: Mapping[str, Placed] = _NONE
) -> dict[str, pd.DataFrame]:
    """The series of areas, then of places, in a form of `gvio.report.forms`, by area or key of the place.

    Args:
        view: The release.
        areas: By id.
        form: Of `gvio.report.forms`.
        joined: January and February as one.
        month: That is 100 of an index.
        places: By key.
    """
    estimates, sums = view.release.estimates, new_year_sums(view)
    km2 = {**_sizes(view, form), **{key: place.km2 for key, place in places.items()}}
    rows = {area: series(estimates, area) for area in areas} | {key: place.rows for key, place in places.items()}
    return {key: shaped(of, form, joined=joined, base=month, sums=sums, km2=km2.get(key)) for key, of in rows.items()}


def _sizes(view: Shown, form: str) -> Mapping[str, float]:
    if form != "density":
        return _NONE
    from dashboards.placed import land  # and what it brings, which the first sight need not wait for

    found = land(view)
    return _NONE if found is None else found.km2


def draw(
    view: Shown,
    told: Mapping[str, pd.DataFrame],
    form: str,
    month: str,
    *,
    key: str,
    name: str,
    alt: str,
    names: Mapping[str, str] = _NONE,
) -> None:
    """Draw their chart.

    Args:
        view: The release.
        told: `told_of` the same form and month.
        form: Of `gvio.report.forms`.
        month: That is 100 of an index.
        key: Of the widget, beside the release.
        name: What the picture's file is of; region, areas and release are said anyway.
        alt: What it shows, for those who cannot see it.
        names: Of places, by key.
    """
    region, release = view.key
    of = "-".join(
        [*([name] if name else []), *[area if area in view.about.names else "place" for area in list(told)[:3]]]
    )
    st.plotly_chart(
        areas_chart(told, {**view.about.names, **names}, view.identity, form=form, base=month),
        key=f"{key}-{view.key}",
        config=png_of(f"{region}-{of}-{release}"),
        alt=alt,
    )
