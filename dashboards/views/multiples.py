"""Every district in a small chart of its own, in one form."""

from __future__ import annotations

import streamlit as st

from dashboards.chosen import offered
from dashboards.data import Shown
from dashboards.multiples_chart import multiples_chart
from dashboards.saved import csv_button
from dashboards.screen import narrow
from dashboards.style import png_of
from dashboards.views.areas import told_of
from gvio.report.flat import series_rows
from gvio.report.forms import FORMS, left_out
from gvio.report.plain import plain
from gvio.words import sentences, tr

_MOST = 64  # charts that a page draws without waiting
_COLUMNS = (4, 2)  # of a desk, of a phone


def show_every_district(view: Shown, form: str, *, joined: bool, month: str) -> None:
    """Draw the districts, largest first, after the city."""
    areas = offered(view)
    told = told_of(view, areas[:_MOST], form, joined=joined, month=month)
    shown = {area: rows for area, rows in told.items() if len(rows)}
    if len(shown) < len(told):
        st.info(plain(left_out([view.about.names[area] for area in told if area not in shown], form)))
    if not shown:
        return
    st.plotly_chart(
        multiples_chart(shown, view.about.names, view.identity, form=form, base=month, columns=_COLUMNS[narrow()]),
        key=f"multiples-{view.key}-{form}",
        config=png_of(f"{view.key[0]}-districts-{form}-{view.key[1]}"),
        alt=tr("{form} of every district in a chart of its own", form=tr(FORMS[form].title)),
    )
    how = tr("Line and 80 % interval, each on a scale of its own that begins at zero; dots: official figures.")
    if FORMS[form].percent:
        how = tr("Line and 80 % interval, one scale for all; dots: official figures.")
    csv_button(view, tr("These series"), f"districts-{form}", lambda: series_rows(shown, view.about.names, form))
    more = tr("The {n} largest of {of} areas.", n=_MOST, of=len(areas)) if len(areas) > _MOST else ""
    st.caption(sentences([tr(FORMS[form].explanation), how, more]))
