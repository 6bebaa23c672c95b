"""Tables that leave the page: every row says region, title, unit, release, citation and whether it is invented."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboards.data import Shown
from gvio.report.identity import rows_csv


def csv_button(view: Shown, label: str, what: str, rows: Callable[[], pd.DataFrame]) -> None:
    """A button for a table; its rows are made when it is asked for.

    Args:
        view: The release.
        label: Of the button, without the kind of file.
        what: The table is of, in the file's name.
        rows: Makes the table.
    """
    region, release = view.key
    st.download_button(
        f"{label} (CSV)",
        lambda: rows_csv(rows(), view.identity),
        file_name=f"{region}-{what}-{release}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"csv-{what}",
    )
