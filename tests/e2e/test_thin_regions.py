"""Regions with as little as can be: no district, one, one without figures, three months. A result or one line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from badland import BEFORE, FIRST, PARAMS, TARGET, Outcome, Region

from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec
from gvio.store.objects import open_store
from gvio.store.published import read_release


def region_of(root: Path, n_districts: int) -> Region:
    """27 months, never published."""
    region = Region(root)
    spec = WorldSpec(
        name="badland",
        bounds=(121.0, 31.0, 121.15, 31.12),
        first_month=str(FIRST),
        months=TARGET - FIRST + 1,
        n_districts=n_districts,
        n_factories=24,
        least_factories=4,
        city_output=300,
    )
    simulate_pack(region.pack, spec, 7)
    (region.root / "params.yaml").write_text(PARAMS)
    return region


@pytest.fixture
def thin(quiet_process: None, tmp_path: Path) -> Region:
    return region_of(tmp_path / "thin", 3)


def one_line(outcome: Outcome) -> str:
    assert outcome.code in (2, 3)
    lines = [line for line in outcome.err.splitlines() if line.startswith("gvio: ")]
    assert len(lines) == 1
    return lines[0]


def estimates(region: Region):
    return read_release(open_store(str(region.store)), "badland").estimates


def test_no_district_is_one_line(thin: Region) -> None:
    (thin.pack / "districts.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    assert "districts.geojson" in one_line(thin.run("run", month=BEFORE))
    assert not (thin.store / "badland" / "latest.json").exists()


@pytest.mark.slow
def test_one_district_is_mapped(quiet_process: None, tmp_path: Path) -> None:
    alone = region_of(tmp_path / "alone", 1)
    outcome = alone.run("run", month=TARGET)
    assert outcome.code == 0, outcome.err
    assert np.isfinite(estimates(alone)["estimate"]).all()


@pytest.mark.slow
def test_a_district_without_any_figure_is_estimated(thin: Region) -> None:
    table = thin.table("statistics.csv")
    silent = sorted(set(table["area_id"]) - {"CITY"})[0]
    thin.write("statistics.csv", table[table["area_id"] != silent])
    outcome = thin.run("run", month=TARGET)
    assert outcome.code == 0, outcome.err
    own = estimates(thin).query("area_id == @silent")
    assert len(own) == 27
    assert (own["estimate"] > 0).all()
    assert (own["upper80"] > own["lower80"]).all()
    assert (own["kind"] == "nowcast").all()


@pytest.mark.slow
def test_three_months_of_history_end_in_a_result_or_in_one_line(thin: Region) -> None:
    thin.configure(first_month=str(TARGET + -2))
    outcome = thin.run("run", month=TARGET)
    if outcome.code:
        one_line(outcome)
        assert not (thin.store / "badland" / "latest.json").exists()
    else:
        assert np.isfinite(estimates(thin)["estimate"]).all()
