"""Tables that leave the page, as CSV and as pictures: each says region, unit, release, citation, and if invented."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboards.data import Shown
from gvio.report.identity import rows_csv
from gvio.words import language, speaking, tr


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


def png_button(
    view: Shown, label: str, what: str, subject: Callable[[], str], rows: Callable[[], pd.DataFrame]
) -> None:
    """A button for a table as a picture, drawn when it is asked for, in the language spoken where there is a font.

    Args:
        view: The release.
        label: Of the button, without the kind of file, in the language spoken.
        what: The table is of, in the file's name.
        subject: What the picture says that the table is of, with its unit.
        rows: Makes the table as people read it.
    """
    region, release = view.key
    spoken = language()  # the file is drawn by another thread

    def drawn() -> bytes:
        from gvio.report.table_picture import readable, table_png  # which only who asks for the file waits for

        with speaking(readable(spoken)):
            return table_png(rows(), subject(), view.identity)

    st.download_button(
        tr("{what} (PNG)", what=label),
        drawn,
        file_name=f"{region}-{what}-{release}.png",
        mime="image/png",
        on_click="ignore",
        key=f"png-{what}",
    )
