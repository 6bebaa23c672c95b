"""Areas through time: their series in a form, shaped once, and the chart of them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboards.charts import areas_chart
from dashboards.data import Shown, new_year_sums
from dashboards.style import png_of
from gvio.report.forms import shaped
from gvio.report.tables import series


def told_of(view: Shown, areas: list[str], form: str, *, joined: bool, month: str) -> dict[str, pd.DataFrame]:
    """The series of areas in a form of `gvio.report.forms`, by area; `month` is 100 of an index."""
    estimates, sums = view.release.estimates, new_year_sums(view)
    return {a: shaped(series(estimates, a), form, joined=joined, base=month, sums=sums) for a in areas}


def draw(
    view: Shown, told: Mapping[str, pd.DataFrame], form: str, month: str, *, key: str, name: str, alt: str
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
    """
    region, release = view.key
    of = "-".join([*([name] if name else []), *list(told)[:3]])
    st.plotly_chart(
        areas_chart(told, view.about.names, view.identity, form=form, base=month),
        key=f"{key}-{view.key}",
        config=png_of(f"{region}-{of}-{release}"),
        alt=alt,
    )
