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

    def saved() -> bytes:
        with speaking("en"):  # a file is the same for every reader
            return rows_csv(rows(), view.identity)

    _button(view, tr("{what} (CSV)", what=label), what, "csv", "text/csv", saved)


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
    spoken = language()  # the file is drawn by another thread

    def drawn() -> bytes:
        from gvio.report.table_picture import readable, table_png  # which only who asks for the file waits for

        with speaking(readable(spoken)):
            return table_png(rows(), subject(), view.identity)

    _button(view, tr("{what} (PNG)", what=label), what, "png", "image/png", drawn)


def _button(view: Shown, label: str, what: str, ending: str, mime: str, made: Callable[[], bytes]) -> None:
    region, release = view.key
    name = f"{region}-{what}-{release}.{ending}"
    st.download_button(label, made, file_name=name, mime=mime, on_click="ignore", key=f"{ending}-{what}")
