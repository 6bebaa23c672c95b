"""The monthly job under the command line: what it publishes, that it repeats nothing, and what --json prints."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from badland import AS_OF, BEFORE, FIRST, TARGET, Region, call, told
from filelock import FileLock

from gvio import open_release
from gvio.compare.table import COMPARATORS
from gvio.run.order import STAGES
from gvio.scoreboard.names import GONG2025, NO_LIGHT, OURS, PLAIN
from gvio.store.objects import open_store
from gvio.store.published import read_release
from gvio.types import month_range

ABSENT = "Correct --store, or publish there first."
MODELS = {OURS, PLAIN, GONG2025, NO_LIGHT, *COMPARATORS}
SINGLE = [stage for stage in STAGES if stage != "decide"]  # `map` decides where nobody has


def _report(region: Region, month: object) -> Any:
    return json.loads((region.root / f"run-{month}.json").read_text())


def test_the_first_run_trains_and_the_next_fine_tunes(published_region: Region) -> None:
    first, second = _report(published_region, BEFORE), _report(published_region, TARGET)
    for report in (first, second):
        assert [stage["stage"] for stage in report["stages"]] == list(STAGES)
        assert report["outcome"] == "published"
    assert first["stages"][3]["facts"]["reason"] == "retrain: no usable champion"
    assert second["stages"][3]["facts"]["reason"] == f"fine-tune: champion of {BEFORE} on the newest figures"
    assert published_region.manifest()["release"] == second["release"]


def test_a_release_holds_a_grid_of_every_month(published_region: Region) -> None:
    months = {o["month"] for o in published_region.manifest()["objects"] if o["key"].startswith("grids/")}
    assert months == set(map(str, month_range(FIRST, TARGET)))


def test_a_release_is_read_as_a_library_and_its_pixels_sum_to_its_rows(published_region: Region) -> None:
    release = open_release(published_region.store, "badland")
    rows = release.estimates.pivot(index="month", columns="area_id", values="estimate")
    for area, shape in zip(release.districts["area_id"], release.districts.geometry, strict=True):
        np.testing.assert_array_equal(release.within(shape)["estimate"], rows[area])
    sums = release.cube["estimate"].sum(("y", "x"), dtype=np.float64).to_numpy()
    np.testing.assert_allclose(sums, rows[release.city], rtol=1e-6)
    codes = release.districts.set_index("area_id")["code"]
    with rasterio.open(published_region.store / f"badland/releases/{release.id}/districts.tif") as source:
        owner = source.read(1)
    newest = release.grid(release.month).sel(band="estimate").to_numpy().astype(np.float64)
    for area, code in codes.items():
        assert newest[owner == code].sum() == pytest.approx(rows[area].iloc[-1], rel=1e-6)
    folder = published_region.store / f"badland/releases/{release.id}/cube.zarr"
    assert (folder / "zarr.json").is_file()
    assert len(list(folder.glob("estimate/c/0/*/*"))) >= 1


def test_a_release_has_a_bulletin_whose_citation_its_manifest_confirms(published_region: Region) -> None:
    listed = {o["key"].rpartition("/")[2]: o for o in published_region.manifest()["objects"]}
    assert {"bulletin.html", "bulletin.pdf", "bulletin.zh.html"} <= set(listed)
    page = (published_region.store / "badland" / listed["bulletin.html"]["key"]).read_text()
    assert f"SHA-256 {listed['estimates.parquet']['sha256'][:12]}" in page


def test_a_release_explains_every_estimate(published_region: Region) -> None:
    release = read_release(open_store(str(published_region.store)), "badland")
    why, estimates = release.explanations, release.estimates
    assert why is not None
    both = why.merge(estimates, on=["area_id", "month"], validate="one_to_one")
    assert len(both) == len(why) == len(estimates) * 3 // 4, "the districts, not the city"
    parts = both[["level", "season", "calendar", "common", "own"]].sum(axis=1)
    # Public figures are honoured exactly only after the posterior, which honours them within their noise.
    assert (np.log(both["estimate"]) - parts).abs().max() < 0.1
    assert both["believed"].between(0, 1).all()


def test_a_second_run_changes_nothing_and_says_so(region: Region) -> None:
    before, release = region.published(), region.manifest()["release"]
    outcome = region.run("run")
    assert outcome.code == 0
    assert outcome.out == f"nothing to do: {TARGET} is published from these inputs already, release {release}\n"
    assert region.run("run", "--json").document["outcome"] == "unchanged"
    assert region.published() == before


def test_a_month_made_again_elsewhere_gives_no_second_model(region: Region) -> None:
    """The registry is what a team shares: another workspace and an empty store make the month with the same model."""
    versions, model = region.registry("list", "--json").document, region.manifest()["model"]
    for folder in (region.store, region.workspace / "badland"):
        shutil.rmtree(folder)
    report = region.run("run", "--json").document
    assert (report["outcome"], region.manifest()["model"]) == ("published", model)
    assert region.registry("list", "--json").document == versions


def test_a_day_later_without_new_figures_there_is_nothing_to_do(region: Region) -> None:
    before = region.published()
    assert region.run("run", "--json", as_of="2021-01-21").document["outcome"] == "unchanged"
    assert region.published() == before


def test_single_stages_repeat_the_same_release(region: Region) -> None:
    before = region.published()
    for stage in SINGLE:
        outcome = region.run(stage) if stage == "evaluate" else region.run(stage, "--json")
        assert outcome.code == 0, outcome.err
    assert outcome.document["facts"]["result"] == "unchanged"
    assert region.published() == before


def test_a_run_as_of_a_day_does_not_depend_on_later_figures(published_region: Region, tmp_path: Path) -> None:
    region = Region(tmp_path)
    table = published_region.table("statistics.csv")
    later = table["published"] > "2020-12-20"
    assert later.any()
    altered = table.assign(value=table["value"].where(~later, "1.5"))
    published_region.copy(tmp_path / "other").pack.rename(region.pack)
    region.write("statistics.csv", altered)
    (region.root / "params.yaml").write_text((published_region.root / "params.yaml").read_text())
    report = region.run("run", "--json", month=BEFORE, as_of="2020-12-20").document
    assert report["release"] == _report(published_region, BEFORE)["release"]


def test_evaluate_writes_the_scoreboard(region: Region) -> None:
    file = region.root / "scoreboard.json"
    outcome = region.run("evaluate", "--json", str(file))
    assert outcome.code == 0
    scoreboard = json.loads(file.read_text())
    for protocol in ("rolling_origin_as_used", "rolling_origin_blind"):
        models = scoreboard["protocols"][protocol]["models"]
        assert set(models) == MODELS
        assert {scores["n"] for scores in models.values()} == {models["sa-cnn"]["n"]}
    assert {"coverage50", "coverage80", "coverage95"} <= set(models["sa-cnn"])
    assert scoreboard["protocols"]["maps"]["truth"]
    assert len(scoreboard["light_in_districts"]) == 3
    assert (region.workspace / "badland" / "evaluation" / "saliency.png").stat().st_size > 10_000
    assert region.run("evaluate", "--json").document == scoreboard


def test_evaluate_names_a_file_that_cannot_be_written(region: Region) -> None:
    outcome = region.run("evaluate", "--json", str(region.root / "nowhere" / "scoreboard.json"))
    assert outcome.code == 2
    assert re.search(r"nowhere.*: no such folder. Create it, or write the scoreboard elsewhere", outcome.message)


def test_run_ends_where_another_run_holds_the_region(region: Region) -> None:
    before = region.published()
    with FileLock(region.workspace / "badland" / ".lock"):
        outcome = region.run("run", "--json")
    assert outcome.code == 5
    assert re.search(
        r"badland: another run holds this region. Wait for it to end, or use another --workspace", outcome.err
    )
    assert outcome.document["exit_code"] == 5
    assert region.published() == before


def test_backfill_puts_a_range_into_one_release(region: Region) -> None:
    words = ["--region", region.pack, "--store", region.store, "--workspace", region.workspace, "--as-of", AS_OF]
    words += ["--params", region.root / "params.yaml", "--single-release", "--json"]
    report = call("backfill", "--from", "2020-09", "--to", str(TARGET), *words).document
    manifest = region.manifest()
    assert (report["refused"], report["absent"], report["releases"]) == ({}, {}, [manifest["release"]])
    months = {o["month"] for o in manifest["objects"] if o["key"].startswith("grids/")}
    assert months == set(map(str, month_range(FIRST, TARGET)))


def test_backfill_names_the_month_that_is_refused(region: Region) -> None:
    before = region.published()
    region.unsee(TARGET, where=True)
    words = ["--region", region.pack, "--store", region.store, "--workspace", region.workspace, "--as-of", AS_OF]
    outcome = call("backfill", "--from", str(TARGET), "--to", str(TARGET), *words)
    assert outcome.code == 3
    assert re.search(r"backfill: no month was published; 2020-12 was refused: .*light\.target_seen", outcome.message)
    assert region.published() == before


def test_status_says_what_is_published(published_region: Region, tmp_path: Path) -> None:
    (entry,) = call("status", "--store", published_region.store, "--json").document
    manifest = published_region.manifest()
    assert (entry["region"], entry["month"], entry["release"]) == ("badland", str(TARGET), manifest["release"])
    assert entry["skill"] == manifest["skill"]
    assert entry["checks"] > 40
    assert entry["invented"] is True
    line = call("status", "--store", published_region.store).out
    assert re.fullmatch(
        r"badland: 2020-12, release 2020-12-\w+, \d+ days old; \d+ checks, \d+ warnings?; .*, INVENTED DATA\n"
        r"  last look .*\n",
        line,
    )
    absent = call("status", "--store", tmp_path / "none")
    assert (absent.code, absent.message) == (1, f"gvio: {tmp_path / 'none'}: no such folder. {ABSENT}")
    assert call("dashboard", "--store", tmp_path / "none").message == absent.message
    (tmp_path / "none").mkdir()
    assert call("status", "--store", tmp_path / "none").out == f"nothing is published in {tmp_path / 'none'}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--month", "2020-13"], r"month '2020-13' is not valid; write it as YYYY-MM. See `gvio run --help`"),
        (["--month", "2018-01"], r"--month: month 2018-01 is before the region's first month 2018-10. Ask for a later"),
        (["--as-of", "yesterday"], r"as-of 'yesterday' is not valid; write it as YYYY-MM-DD. See `gvio run --help`"),
        (["--params", "nowhere.yaml"], r"nowhere\.yaml: no such file. Check --params"),
    ],
)
def test_wrong_usage_is_one_line(published_region: Region, words: list[str], message: str) -> None:
    outcome = call("run", "--region", published_region.pack, "--store", "unused", *words)
    assert outcome.code == 2
    assert re.search(message, outcome.message)


def test_a_day_before_any_month_was_complete_can_be_tried_later(region: Region) -> None:
    outcome = region.run("run", as_of="2018-10-15")
    assert outcome.code == 4
    assert re.search(r"badland: no month was complete on 2018-10-15. Choose a later --as-of", outcome.message)


def test_errors_are_json_too(region: Region) -> None:
    (region.pack / "factories.csv").unlink()
    outcome = region.run("run", "--json")
    assert outcome.code == 3
    assert outcome.document["error"] == "PackError"
    assert outcome.document["retryable"] is False
    assert outcome.err == f"gvio: {outcome.document['message']}\n"


def test_publish_refuses_a_product_of_other_statistics_and_the_cure_works(region: Region) -> None:
    """A product made from old statistics must not be published under the hashes of new ones."""
    before = region.published()
    table = region.table("statistics.csv")
    region.write("statistics.csv", table.assign(value=table["value"].where(table.index != 3, "77.7")))
    for stage in ("publish", "map", "evaluate --only", "train", "sample"):
        outcome = region.run(*stage.split())
        assert outcome.code == 3, stage
        assert re.search(
            r"what `gvio validate` left there is not of this run's inputs\. Run `gvio validate`", outcome.message
        )
    assert region.published() == before
    wanted, cured = ["publish"], list[str]()
    while wanted:  # each message names the stage that must run first: its command, then the one before it again
        outcome = region.run(wanted[-1], month=TARGET)
        if outcome.code == 0:
            cured.append(wanted.pop())
        else:
            wanted += told(outcome.message)
    assert cured == ["validate", "train", "evaluate", "decide", "map", "publish"]
    report = region.run("run", "--json").document
    assert report["outcome"] == "unchanged"
    manifest = region.manifest()
    assert manifest["release"] == report["release"]
    assert region.run("run", "--json").document["outcome"] == "unchanged"


def test_an_edit_of_the_model_is_something_to_do(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version number survives any edit; the digest of the source does not."""
    from gvio import source

    first = region.manifest()
    true = source.digest_source
    edited = ("as if somebody had edited the model",)
    monkeypatch.setattr(
        source, "digest_source", lambda root, packages, versions: true(root, packages, versions + edited)
    )
    source.source_digest.cache_clear()
    try:
        report = region.run("run", "--json").document
    finally:
        monkeypatch.undo()
        source.source_digest.cache_clear()
    assert report["outcome"] == "published"
    assert {line["outcome"] for line in report["stages"]} == {"done"}, "nothing that older code made is taken over"
    assert region.manifest()["inputs"]["source"] != first["inputs"]["source"]


def test_an_as_of_run_does_not_use_a_model_from_the_future(region: Region) -> None:
    """November as known in December, run after December was published: later light and figures change nothing."""
    told = {}
    for later in ("1.0", "1.6"):
        copy = region.copy(region.root.parent / f"later-{later}")
        table = copy.table("statistics.csv")
        new, values = table["published"] > "2020-12-20", table["value"].astype(float)
        copy.write("statistics.csv", table.assign(value=values.where(~new, values * float(later)).astype(str)))
        assert copy.run("run").code == 0, "December, with its altered figures"
        report = copy.run("run", "--json", month=BEFORE, as_of="2020-12-20").document
        assert report["outcome"] in {"archived", "unchanged"}
        folder = copy.store / "badland" / "releases" / report["release"]
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["model"]["trained"] <= str(BEFORE)
        told[later] = (folder / "estimates.parquet").read_bytes()
        assert json.loads((copy.store / "badland" / "latest.json").read_text())["month"] == str(TARGET)
    assert told["1.0"] == told["1.6"]
