"""Changes with joint intervals and counts of observations, as the library reads them; none of a release from before."""

from __future__ import annotations

import pandas as pd
import pytest

from gvio import open_release
from gvio.publish.changes import CHANGES
from gvio.publish.counts import COUNTS

CHANGE = {"since": "2021-02", "months_apart": 1, "change": 2.0, "lower80": -1.0, "upper80": 5.0, "lower95": -3.0}
COUNT = {"observations": 7.0, "seen": 1.0, "factories_seen": None, "regime": "vnl-monthly/npp"}


def test_changes_and_counts_are_tables_with_dates(published) -> None:
    keys = [{"area_id": area, "month": "2021-03"} for area in ("west", "CITY")]
    changes = pd.DataFrame([key | CHANGE | {"upper95": 7.0, "sd": 0.02} for key in keys])
    counts = pd.DataFrame([key | COUNT for key in keys]).astype({"factories_seen": float})
    more = {CHANGES.name: CHANGES.encoded(changes), COUNTS.name: COUNTS.encoded(counts)}
    release = open_release(published(more=more), "testland")
    told = release.changes
    assert told[["area_id", "name"]].to_numpy().tolist() == [["CITY", "Testland"], ["west", "The West"]]
    assert told["since"].dt.strftime("%Y-%m").tolist() == ["2021-02"] * 2
    assert told["month"].dtype.kind == "M"
    assert told["upper80"].tolist() == pytest.approx([5.0, 5.0])
    assert release.counts["observations"].tolist() == [7.0, 7.0]
    assert release.counts["month"].dtype.kind == "M"


def test_a_release_from_before_says_nothing_of_them(release) -> None:
    assert release.changes is None
    assert release.counts is None
