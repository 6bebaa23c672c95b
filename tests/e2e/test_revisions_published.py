"""What a release says of its own change: news that add up, vintages that go on, and reruns that change nothing."""

from __future__ import annotations

import datetime as dt
import json
import shutil

import numpy as np
import pandas as pd
from badland import BEFORE, TARGET, Region, call

from gvio.drift.checks import NAMES
from gvio.publish.knowledge import Knowledge
from gvio.revisions.exchange import posterior_mean
from gvio.revisions.news import PARTS
from gvio.store.drift import read_drift_of
from gvio.store.objects import open_store
from gvio.store.predecessor import MadeFrom, continued
from gvio.store.published import list_releases, read_release
from gvio.store.revisions import Revisions, read_evidence_of, read_revisions


def told(region: Region, release: str | None = None) -> tuple[pd.DataFrame, Revisions]:
    store = open_store(str(region.store))
    found = read_release(store, "badland", release)
    return found.estimates, read_revisions(store, found.manifest)


def test_the_second_release_says_why_every_estimate_changed(published_region: Region) -> None:
    store = open_store(str(published_region.store))
    first, second = list_releases(store, "badland")
    before, none = told(published_region, first)
    after, found = told(published_region, second)
    assert (none.predecessor, none.news) == (None, None)
    assert found.predecessor == first
    assert found.news is not None
    rows = found.news.rows
    both = before.merge(after, on=["area_id", "month"], suffixes=("_0", "_1")).merge(rows, on=["area_id", "month"])
    assert len(rows) == len(both) == len(before) * 3 // 4, "the districts of the months that both have"
    change = np.log(both["estimate_1"] / both["estimate_0"])
    assert (both["change"] - change).abs().max() < 1e-9
    assert (both[list(PARTS)].sum(axis=1) - change).abs().max() < 1e-9
    moved = {name for name in PARTS if rows[name].abs().max() > 1e-9}
    weights = {read_release(store, "badland", name).manifest.model["weights_sha256"] for name in (first, second)}
    assert {"new_light", "new_figures"} <= moved
    assert ("model" in moved) == (len(weights) == 2), "the gate may keep the champion"
    assert not moved & {"pack", "reprocessed_light"}
    assert found.news.together == ()


def test_the_evidence_of_a_release_makes_its_estimate_again(published_region: Region) -> None:
    """From the store alone, and without the pack, the registry or the workspace."""
    store = open_store(str(published_region.store))
    evidence = read_evidence_of(store, read_release(store, "badland").manifest)
    assert evidence is not None
    np.testing.assert_allclose(posterior_mean(evidence), evidence.log_mean, atol=1e-9)


def test_vintages_begin_with_the_first_release_and_go_on(published_region: Region) -> None:
    first, second = list_releases(open_store(str(published_region.store)), "badland")
    before, after = told(published_region, first)[0], told(published_region, second)[0]
    vintages = told(published_region, second)[1].vintages
    assert vintages is not None
    ours = vintages[vintages["kind"] == "estimate"]
    assert set(ours["release"]) == {first, second}
    assert set(ours["day"]) == {dt.date(2020, 12, 20), dt.date(2021, 1, 20)}
    opening = ours[ours["vintage"] == 1].set_index(["area_id", "month"])["value"]
    newest = ours.groupby(["area_id", "month"])["value"].last()
    started = before.set_index(["area_id", "month"])["estimate"]
    pd.testing.assert_series_equal(opening.loc[started.index], started, check_names=False)
    pd.testing.assert_series_equal(newest, after.set_index(["area_id", "month"])["estimate"], check_names=False)
    official = vintages[vintages["kind"] == "official"].drop_duplicates(["area_id", "month"], keep="last")
    said = after.dropna(subset=["official"]).merge(official, on=["area_id", "month"], how="outer")
    assert (said["official"] == said["value"]).all()
    assert (said["official_published"] == said["day"]).all()
    band = ours[ours["release"] == second]["revision80"]
    assert (band > 0).any()
    assert band.notna().all()


def test_a_rerun_in_a_lost_workspace_finds_the_release(region: Region) -> None:
    before = region.published()
    shutil.rmtree(region.workspace / "badland")
    assert region.run("run", "--json").document["outcome"] == "unchanged"
    assert region.published() == before


def test_a_release_made_again_continues_what_it_continued_before(region: Region) -> None:
    """The pointer names the release itself by then: it must not become its own predecessor."""
    manifest, before = region.manifest(), region.published()
    store = open_store(str(region.store))
    model = manifest["model"]
    made = MadeFrom(manifest["inputs"]["input_key"], model["weights_sha256"], model["config_sha256"])
    knows = Knowledge(TARGET, manifest["public_until"], "2021-01-20")
    found = continued(store, "badland", knows, made)
    assert found.release == manifest["inputs"]["predecessor"]
    assert found.again is not None
    assert found.again.release == manifest["release"]
    (region.workspace / "badland" / "map.json").unlink()
    for stage in ("map", "publish"):
        outcome = region.run(stage, "--json")
        assert outcome.code == 0, outcome.err
    assert outcome.document["facts"]["result"] == "unchanged"
    assert region.published() == before


def test_an_older_month_run_again_continues_the_one_before_it(region: Region) -> None:
    """The pointer stays at December; November made from another figure does not count December as its past."""
    first = list_releases(open_store(str(region.store)), "badland")[0]
    table = region.table("statistics.csv")
    region.write("statistics.csv", table.assign(value=table["value"].where(table.index != 3, "77.7")))
    report = region.run("run", "--json", month=BEFORE, as_of="2020-12-20").document
    assert report["outcome"] == "archived"
    _, found = told(region, report["release"])
    assert found.predecessor is None or found.predecessor == first
    assert found.vintages is not None
    assert set(found.vintages["release"].dropna()) <= {first, report["release"]}


def test_a_run_says_what_has_drifted(published_region: Region) -> None:
    """In the release, in its checks, in the run's report, and in `gvio status`; figures are held against what was said
    without them."""
    store = open_store(str(published_region.store))
    _, second = list_releases(store, "badland")
    release = read_release(store, "badland", second)
    drift = read_drift_of(store, release.manifest)
    assert drift is not None
    figures = release.estimates[release.estimates["month"] == str(TARGET)].set_index("area_id")["official"]
    assert {(one.area_id, one.month, one.published) for one in drift.errors} == {
        (area, str(TARGET), False) for area in figures.index
    }
    assert all(0 < one.half80 < 1 for one in drift.errors), "the figure itself would leave no error and no width"
    assert max(abs(one.error) for one in drift.errors) > 1e-4
    assert drift.coverage.n == len(figures)
    assert sum(drift.factories.values()) == len(published_region.table("factories.csv"))
    checks = {check.name: check for check in release.checks if check.name.startswith("drift.")}
    assert set(checks) == set(NAMES.values())
    assert "learns 36 months first" in checks["drift.light_city"].message
    report = json.loads((published_region.root / f"run-{TARGET}.json").read_text())
    (line,) = [line for line in report["stages"] if line["stage"] == "map"]
    failed = [name.removeprefix("drift.") for name, check in checks.items() if not check.passed]
    assert line["facts"]["drift"] == (", ".join(failed) or "none")
    (entry,) = call("status", "--store", published_region.store, "--json").document
    assert len(entry["drift"]) == len(drift.alarms)
