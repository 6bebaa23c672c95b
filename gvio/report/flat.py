"""Tables and charts of the page as plain rows, for files that leave it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from gvio.report.forms import english_labels
from gvio.report.horizons import horizon_table
from gvio.report.map_scores import held_out_map_table, truth_map_table
from gvio.report.scores import PROTOCOLS, score_table
from gvio.scoreboard.board import Scoreboard

_UNSAVED = ("date", "sum")
"""Columns of a series that only draw it."""


def series_rows(told: Mapping[str, pd.DataFrame], names: Mapping[str, str], form: str) -> pd.DataFrame:
    """Series of `gvio.report.forms.shaped` one under the other, with `name` and `form`.

    Args:
        told: By area or key of a place; at least one.
        names: Of these.
        form: A key of `gvio.report.forms.FORMS`.
    """
    rows = pd.concat([rows.assign(label=english_labels(rows, form), name=names[area]) for area, rows in told.items()])
    kept = [name for name in rows.columns if name not in _UNSAVED and not name.startswith(("month_", "year_"))]
    return rows[kept].assign(form=form)


def score_rows(scoreboard: Scoreboard) -> pd.DataFrame:
    """Every score the page shows as it shows it: `test`, `of` (a model, or what an interval is of), `measure`,
    `value`.
    """
    tables: list[tuple[str, pd.DataFrame]] = []
    for protocol, (title, _) in PROTOCOLS.items():
        scores = scoreboard.protocol(protocol)
        if scores.models:
            tables += [(title, score_table(scores.models)), (title, horizon_table(scores))]
    tables += [
        ("Map: districts it was not told about", held_out_map_table(scoreboard)),
        ("Map: against planted truth", truth_map_table(scoreboard)),
    ]
    found = [
        (test, str(name), str(measure), str(value).replace("**", ""))
        for test, table in tables
        for name, row in table.iterrows()
        for measure, value in row.items()
    ]
    return pd.DataFrame(found, columns=["test", "of", "measure", "value"])
