"""What leaves the page as a file: series, scores, a plan and monitors as plain rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
from test_forms_of_series import rows

from gvio.report.flat import score_rows, series_rows
from gvio.report.forms import shaped
from gvio.report.picture import Scale
from gvio.report.plan import Plan, plan_rows
from gvio.report.tables import marks_nowcasts
from gvio.scoreboard.board import Scoreboard


def test_series_say_whose_they_are_and_hold_no_column_that_only_draws() -> None:
    series = rows("2020-03", [1.0, 2.0]).assign(year_lower80=0.0, month_upper95=0.0)
    told = {"A": shaped(series, "level", joined=True, base=""), "B": shaped(series, "level", joined=True, base="")}
    table = series_rows(told, {"A": "East", "B": "West"}, "level")
    assert table["name"].tolist() == ["East", "East", "West", "West"]
    assert {"month", "label", "estimate", "lower80", "official", "kind", "form"} <= set(table)
    assert not {"date", "sum", "year_lower80", "month_upper95"} & set(table)


def test_scores_are_rows_without_marks() -> None:
    models = {"sa-cnn": {"within_r2": 0.46, "n": 12}, "persistence": {"within_r2": 0.1, "n": 12}}
    board = Scoreboard.model_validate(
        {"schema_version": 1, "protocols": {"rolling_origin_as_used": {"models": models}}}
    )
    table = score_rows(board)
    ours = table[table["of"] == "SA-CNN (this release)"].set_index("measure")["value"]
    assert ours["Within-district R²"] == "0.46"
    assert set(table["test"]) == {"Out of time, as used"}


def test_a_plan_has_a_row_for_every_place() -> None:
    points = pd.DataFrame({"x": [1.0, 1.1, 2.0], "y": [3.0, 3.0, 4.0], "key": ["area=A", "area=A", "area=B"]})
    table = plan_rows(Plan("", (0, 0, 1, 1), Scale("change", -1, 1), points.assign(told=["+1 %", "+1 %", "0 %"])))
    assert table["place"].tolist() == ["area=A", "area=B"]
    assert table["lon"].tolist() == [1.0, 2.0]


def test_grey_is_told_of_only_where_there_is_any() -> None:
    series = rows("2020-03", [1.0, 2.0])
    assert marks_nowcasts({"A": series})
    assert not marks_nowcasts({"A": series, "B": series})
    assert not marks_nowcasts({"A": series.assign(kind="fitted", official=np.nan)})
