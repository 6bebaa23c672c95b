"""A table of scores as HTML; every name is escaped, and what is bold in Markdown is bold."""

from __future__ import annotations

import pandas as pd

from gvio.report.pages import render


def scores_html(table: pd.DataFrame, caption: str) -> str:
    """A table of `gvio.report.scores`; `caption` is read out, not shown, because a heading stands above."""
    return render("scores.html", table=table, caption=caption)
