"""A border moved inside the series: figures of the former districts are used for what they say, and not for more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from badland import Region

from gvio.store.objects import open_store
from gvio.store.published import read_release

UNTIL = "2019-12"


def move_border(region: Region, *, told: bool) -> None:
    """Until 2019, 45 % of the second district belonged to the first: figures as they were published then."""
    table = region.table("statistics.csv")
    first, second, *_ = (area for area in dict.fromkeys(table["area_id"]) if area != "CITY")
    before = (table["end"] <= UNTIL) & (table["end"] != "")
    value = table["value"].astype(float)
    wide = table.merge(
        table[table["area_id"] == second][["start", "end", "kind", "value"]], on=["start", "end", "kind"], how="left"
    )
    moved = 0.45 * wide["value_y"].astype(float).fillna(0).to_numpy()
    mine, theirs = (before & (table["area_id"] == area) for area in (first, second))
    value = value.where(~mine, value + moved).where(~theirs, value * 0.55)
    region.write("statistics.csv", table.assign(value=[f"{v:.4f}" for v in value]))
    if told:
        change = {"until": UNTIL, "former": [first, second], "now": [first, second]}
        region.configure(districts={"path": "districts.geojson", "changes": [change]})


def estimates(region: Region) -> pd.DataFrame:
    """Of district and month, before the border moved."""
    table = read_release(open_store(str(region.store)), "badland").estimates
    early = table[(table["month"] <= UNTIL) & (table["area_id"] != "CITY")]
    return early.pivot(index="month", columns="area_id", values="estimate")


def off(region: Region, truth: pd.DataFrame) -> float:
    """Of the worst district its median distance from the truth, in logarithms."""
    return float(np.abs(np.log(estimates(region) / truth)).median().max())


@pytest.mark.slow
def test_old_figures_of_a_border_that_moved_do_not_bend_the_estimate(published_region: Region, tmp_path: Path) -> None:
    truth = estimates(published_region)  # the honest pack's figures are public, so they are its estimates
    told, untold = published_region.copy(tmp_path / "told"), published_region.copy(tmp_path / "untold")
    move_border(told, told=True)
    assert told.run("run", "--retrain").code == 0
    assert off(told, truth) < 0.1
    checks = {check.name: check for check in read_release(open_store(str(told.store)), "badland").checks}
    assert checks["ledger.former_extents"].passed
    move_border(untold, told=False)
    assert untold.run("run", "--retrain").code == 3 or off(untold, truth) > 0.2, "what the change of extent is for"
