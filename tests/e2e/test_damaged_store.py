"""A damaged store: the next run is not stopped by it, `gvio repair` clears the way, and `gvio run` heals it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from badland import AS_OF, BEFORE, FIRST, TARGET, Region, call

from gvio.types import month_range


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x55
    path.write_bytes(bytes(data))


def _folder(region: Region) -> Path:
    return region.store / "badland" / "releases" / region.manifest()["release"]


def test_repair_restores_from_the_workspace_what_map_left_there(region: Region) -> None:
    before, folder = region.published(), _folder(region)
    grid = next((region.store / "badland" / "grids" / str(TARGET)).glob("*.tif"))
    item = next((region.store / "badland" / "items").glob(f"gvio_{TARGET}_*.json"))
    names = (
        "estimates.parquet",
        "explanations.parquet",
        "scoreboard.json",
        "checks.json",
        "models.json",
        "model-card.md",
        "trends.tif",
        "estimates.csv",
        "districts.tif",
        "cube.zarr/zarr.json",
        "style.qml",
        "bulletin.html",
        "bulletin.pdf",
    )
    picture = next((region.store / "badland" / "thumbnails").glob(f"gvio_{TARGET}_*.png"))
    damaged = [grid, item, picture, *(folder / name for name in names if (folder / name).exists())]
    for path in damaged:
        _flip(path)
    (region.store / "badland" / "latest.json").write_text("{")
    (region.store / "badland" / "collection.json").unlink()
    assert call("verify", "--store", region.store).code == 3
    words = ("--store", region.store, "--region", "badland")
    outcome = call("repair", *words, "--workspace", region.workspace, "--json")
    assert outcome.code == 0, outcome.out
    assert len(outcome.document["restored"]) == len(damaged)
    assert call("verify", *words).out == "badland: sound\n"
    after = {key: data for key, data in region.published().items() if "/damaged/" not in key}
    assert after == before
    assert region.run("run", "--json").document["outcome"] == "unchanged"


def test_after_a_repair_without_workspace_a_run_publishes_again(region: Region) -> None:
    folder = _folder(region)
    _flip(folder / "estimates.parquet")
    _flip(next((region.store / "badland" / "grids" / str(TARGET)).glob("*.tif")))
    assert call("repair", "--store", region.store, "--region", "badland").code == 3
    report = region.run("run", "--json").document
    assert report["outcome"] == "published"
    assert call("verify", "--store", region.store).out == "badland: sound\n"
    assert json.loads((region.store / "badland" / "latest.json").read_text())["release"] == report["release"]
    months = {o["month"] for o in region.manifest()["objects"] if o["month"]}
    assert months == set(map(str, month_range(FIRST, TARGET)))


def test_a_damaged_table_of_the_last_release_does_not_stop_the_next_run(region: Region) -> None:
    _flip(_folder(region) / "scoreboard.json")
    assert region.run("run", "--json").document["outcome"] == "published"
    warned = [c for c in json.loads((_folder(region) / "checks.json").read_text())["checks"] if not c["passed"]]
    assert "store.last_release" in {c["name"] for c in warned}


@pytest.mark.parametrize("deleted", [True, False])
def test_a_manifest_is_restored_from_the_workspace_that_published_it(region: Region, deleted: bool) -> None:
    before = region.published()
    for folder in (region.store / "badland" / "releases").iterdir():
        (folder / "manifest.json").unlink() if deleted else _flip(folder / "manifest.json")
    outcome = region.obey(call("verify", "--store", region.store).out)
    assert (outcome.code, outcome.out.count("restored releases/")) == (0, 2), outcome.out
    after = {key: data for key, data in region.published().items() if "/damaged/" not in key}
    assert after == before
    assert call("verify", "--store", region.store).out == "badland: sound\n"


def test_where_nothing_holds_the_manifest_repair_says_which_month_to_make_again(region: Region) -> None:
    folder = _folder(region)
    (folder / "manifest.json").unlink()
    outcome = call("repair", "--store", region.store, "--region", "badland")
    assert outcome.code == 3
    assert f"withdrawn, because nothing holds its right bytes: release {folder.name}\n" in outcome.out
    assert f"latest.json went back to the release {BEFORE}-" in outcome.out
    assert f"{TARGET} must be made again: run `gvio run --store" in outcome.out
    assert call("verify", "--store", region.store).code == 0
    assert region.obey(outcome.out).code == 0
    assert region.manifest()["month"] == str(TARGET)
    assert call("verify", "--store", region.store).out == "badland: sound\n"


def test_a_table_of_an_older_release_is_made_again_by_the_command_that_is_named(region: Region) -> None:
    folder = next((region.store / "badland" / "releases").glob(f"{BEFORE}-*"))
    before = region.published()
    _flip(folder / "estimates.parquet")
    told = region.obey(call("verify", "--store", region.store).out)
    assert told.code == 3
    assert f"--month {BEFORE} --as-of 2020-12-20`" in told.out
    made = region.obey(told.out, "--json").document
    assert (made["outcome"], made["release"]) == ("archived", folder.name)
    moved = "badland/latest.json", "badland/history/000003.json"  # the repair says that it withdrew the release
    after = {key: data for key, data in region.published().items() if "/damaged/" not in key and key not in moved}
    assert after == {key: data for key, data in before.items() if key not in moved}


@pytest.mark.parametrize("deleted", [True, False])
@pytest.mark.parametrize("name", ["model-card.md", "checks.json", "estimates.parquet"])
def test_what_repair_says_once_makes_the_latest_release_whole_or_replaces_it(
    region: Region, name: str, deleted: bool
) -> None:
    path = _folder(region) / name
    path.unlink() if deleted else _flip(path)
    repaired = call("repair", "--store", region.store, "--region", "badland")
    assert repaired.code == 3
    assert region.manifest()["month"] == str(BEFORE), "readers never meet a release that is not whole"
    assert call("verify", "--store", region.store).out == "badland: sound\n"
    made = region.obey(repaired.out, "--json").document
    assert made["outcome"] == "published"
    assert region.manifest()["release"] == made["release"]
    months = {o["month"] for o in region.manifest()["objects"] if o["month"]}
    assert months == set(map(str, month_range(FIRST, TARGET)))
    assert call("verify", "--store", region.store).out == "badland: sound\n"


def test_repair_run_and_repair_once_more_end_a_lost_grid(region: Region) -> None:
    next((region.store / "badland" / "grids" / str(TARGET)).glob("*.tif")).unlink()
    repaired = call("repair", "--store", region.store, "--region", "badland")
    assert repaired.code == 3
    assert [region.obey(line).code for line in repaired.out.splitlines() if "`gvio " in line] == [0, 0]
    assert call("verify", "--store", region.store).out == "badland: sound\n"


def test_the_only_release_is_made_again_with_all_its_months(region: Region) -> None:
    shutil.rmtree(region.store)
    words = ("--region", region.pack, "--store", region.store, "--workspace", region.workspace, "--as-of", AS_OF)
    words += ("--params", region.params, "--from", str(BEFORE), "--to", str(TARGET), "--single-release")
    assert call("backfill", *words).code == 0
    (_folder(region) / "model-card.md").unlink()
    repaired = call("repair", "--store", region.store, "--region", "badland")
    assert repaired.code == 3
    assert not (region.store / "badland" / "latest.json").exists()
    assert "no whole release is left: nothing is published until what follows is done" in repaired.out
    assert region.obey(repaired.out).code == 0
    months = {o["month"] for o in region.manifest()["objects"] if o["month"]}
    assert months == set(map(str, month_range(FIRST, TARGET)))
    assert call("verify", "--store", region.store).out == "badland: sound\n"
