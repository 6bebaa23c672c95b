"""Tables that leave the page: every row says region, title, unit, release, citation and whether it is invented."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboards.data import Shown
from gvio.report.identity import rows_csv
from gvio.words import speaking, tr


def csv_button(view: Shown, label: str, what: str, rows: Callable[[], pd.DataFrame]) -> None:
    """A button for a table; its rows are made when it is asked for, in English.

    Args:
        view: The release.
        label: Of the button, without the kind of file, in the language spoken.
        what: The table is of, in the file's name.
        rows: Makes the table.
    """
    region, release = view.key

    def saved() -> bytes:
        with speaking("en"):  # a file is the same for every reader
            return rows_csv(rows(), view.identity)

    st.download_button(
        tr("{what} (CSV)", what=label),
        saved,
        file_name=f"{region}-{what}-{release}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"csv-{what}",
    )
