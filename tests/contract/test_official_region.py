"""`source: official` from end to end: an archive on loopback that fails as archives do, and gvio as a process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eog_double import CLIENT, CLIENT_SECRET, PASSWORD, USER, EogDouble, eog
from gvio.pipeline.job import make_job
from gvio.pipeline.light_file import load_light
from loopback_faults import drop_after, refuse
from official_region import FIRST, LAST, OfficialRegion, Outcome, as_archives, make_region

from gvio.sources.folder import open_stack

pytestmark = pytest.mark.enable_socket

SECRETS = {"EOG_USERNAME": USER, "EOG_PASSWORD": PASSWORD, "EOG_CLIENT_ID": CLIENT, "EOG_CLIENT_SECRET": CLIENT_SECRET}
FLOW = """
import sys
from flows.embedded import temporary_server
from flows.monthly import monthly
with temporary_server(sys.argv[3]):
    for report in monthly(*sys.argv[1:4], month=sys.argv[4], as_of="2021-01-20", params_file=sys.argv[5]):
        print(report)
"""


@pytest.fixture(scope="module")
def double_and_region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EogDouble, OfficialRegion]]:
    root = tmp_path_factory.mktemp("official")
    region = make_region(root, {}, {"product": "vnl-monthly", "source": "official"})
    tiles = tmp_path_factory.mktemp("tiles")
    (root / "light").rename(tiles / "light")
    with eog(as_archives(tiles / "light")) as double:
        places = {"GVIO_EOG_URL": double.endpoints.eog, "GVIO_EOG_TOKEN_URL": double.endpoints.eog_token}
        yield double, OfficialRegion(root, region.world, {**double.environment, **places, **SECRETS})


@pytest.fixture(scope="module")
def fetched(double_and_region: tuple[EogDouble, OfficialRegion]) -> dict[str, Any]:
    """What `gvio fetch` of a range says, while the archive breaks off, is busy, and forgets its tokens."""
    double, region = double_and_region
    names = sorted(double.tiles)
    double.server.faults[names[3]] = [drop_after(400), drop_after(900)]
    double.server.faults[names[5]] = [refuse(503, {"Retry-After": "0"}), refuse(429, {"Retry-After": "0"})]
    double.server.faults[names[9]] = [refuse(401)]
    outcome = region.gvio("fetch", "--from", str(FIRST), "--to", "2020-11", "--json")
    assert outcome.code == 0, outcome.err
    assert double.server.faults == {names[3]: [], names[5]: [], names[9]: []}, "each fault was met"
    return dict(outcome.document)


@pytest.fixture(scope="module")
def published(double_and_region: tuple[EogDouble, OfficialRegion], fetched: dict[str, Any]) -> list[str]:
    """Everything that a monthly run prints, as a flow on Prefect's server: it fetches the month that is new."""
    _, region = double_and_region
    places = [str(region.pack), str(region.root / "store"), str(region.workspace)]
    flow = region.python(FLOW, *places, str(LAST), str(region.root / "params.yaml"))
    assert flow.code == 0, flow.err
    assert "stage='publish', month='2020-12', outcome='done'" in flow.out
    return [flow.out, flow.err]


@pytest.fixture(scope="module")
def looked(double_and_region: tuple[EogDouble, OfficialRegion], published: list[str]) -> Outcome:
    """What `gvio run` says when nothing has come since."""
    _, region = double_and_region
    return region.gvio("run", "--json")


def test_a_range_is_fetched_whatever_the_archive_does(
    double_and_region: tuple[EogDouble, OfficialRegion], fetched: dict[str, Any]
) -> None:
    _, region = double_and_region
    assert fetched["figures"] == {"months": 26, "files": 26, "absent": [], "lost": {}}
    raw = region.workspace / "officialland" / "raw" / "vnl-monthly"
    assert fetched["outputs"] == {"raw": str(raw)}
    assert len(list(raw.glob("SVDNB_npp_*.tif"))) == 2 * 26
    assert not list(raw.rglob("*.tgz")), "of an archive only the windows are kept"


def test_what_is_there_is_not_fetched_again(
    double_and_region: tuple[EogDouble, OfficialRegion], fetched: dict[str, Any]
) -> None:
    double, region = double_and_region
    double.server.seen.clear()
    outcome = region.gvio("fetch", "--from", str(FIRST), "--to", "2020-11", "--json")
    assert outcome.document["figures"] == fetched["figures"]
    assert [seen.path for seen in double.server.seen if seen.path.endswith(".tgz")] == []


@pytest.mark.usefixtures("published")
def test_the_light_is_that_of_the_same_files_in_a_folder(
    double_and_region: tuple[EogDouble, OfficialRegion], tmp_path: Path
) -> None:
    double, region = double_and_region
    folder = next(iter(double.tiles.values())).parent
    job = make_job(str(region.pack), "s", str(region.workspace))
    ours = load_light(job.path("light.npz"))
    theirs, _ = open_stack(folder, "vnl-monthly", job.config.bounds, FIRST, LAST)
    assert (ours.months, ours.missing) == (theirs.months, ())
    np.testing.assert_array_equal(ours.radiance, theirs.radiance)
    np.testing.assert_array_equal(ours.observations, theirs.observations)


def test_the_next_look_finds_nothing_new(looked: Outcome) -> None:
    assert looked.code == 0, looked.err
    assert (looked.document["outcome"], looked.document["month"]) == ("unchanged", "2020-12")


def test_a_secret_is_nowhere(
    double_and_region: tuple[EogDouble, OfficialRegion], fetched: dict[str, Any], published: list[str], looked: Outcome
) -> None:
    """Neither in what fetch, flow and run print, nor in any file of workspace and store."""
    double, region = double_and_region
    secrets = [PASSWORD, CLIENT_SECRET, USER, CLIENT, *double.tokens, *double.refresh_tokens]
    spellings = {
        form for secret in secrets for form in (secret, secret.replace(" ", "%20"), secret.replace("@", "%40"))
    }
    texts = {"printed": "\n".join([json.dumps(fetched), *published, looked.out, looked.err]).encode()}
    files = [path for path in region.root.rglob("*") if path.is_file()]
    texts |= {str(path.relative_to(region.root)): path.read_bytes() for path in files}
    for name in ("mlflow.db", "prefect/prefect.db", "officialland/raw/vnl-monthly/manifest.json"):
        assert f"workspace/{name}" in texts
    assert len(texts) > 100
    found = [(name, form) for name, data in texts.items() for form in spellings if form.encode() in data]
    assert found == []


@pytest.mark.usefixtures("published")
def test_the_search_for_secrets_would_find_one(double_and_region: tuple[EogDouble, OfficialRegion]) -> None:
    """Parameters of a flow are what Prefect keeps: they can be found in the file that was searched."""
    _, region = double_and_region
    file = region.workspace / "prefect" / "prefect.db"
    with sqlite3.connect(file) as database:
        (count,) = database.execute("select count(*) from flow_run").fetchone()
    database.close()
    assert count == 1
    assert any(str(region.root / "params.yaml").encode() in path.read_bytes() for path in file.parent.glob("*.db*"))


@pytest.mark.usefixtures("published")
def test_files_are_verified_and_damage_is_named_and_mended(double_and_region: tuple[EogDouble, OfficialRegion]) -> None:
    _, region = double_and_region
    assert region.gvio("fetch", "--verify", "--json").document["figures"] == {"files": 54, "warnings": []}
    raw = region.workspace / "officialland" / "raw" / "vnl-monthly"
    path = sorted(raw.glob("*.cf_cvg.tif"))[4]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    outcome = region.gvio("fetch", "--verify")
    assert outcome.code == 3
    assert "officialland: 1 of 54 file(s) are not what was fetched: " in outcome.err
    assert path.name in outcome.err
    path.unlink()
    assert region.gvio("fetch", "--from", str(FIRST), "--to", str(LAST)).code == 0
    assert path.read_bytes() == whole
    assert region.gvio("fetch", "--verify").code == 0


@pytest.mark.usefixtures("published")
def test_a_month_that_is_not_there_yet_can_be_tried_later(double_and_region: tuple[EogDouble, OfficialRegion]) -> None:
    _, region = double_and_region
    outcome = region.gvio("fetch", "--from", "2020-11", "--to", "2021-01", as_of="2021-02-03")
    assert outcome.code == 4
    assert outcome.err == (
        "gvio: official: no vnl-monthly for 2021-01 yet; 2 of 3 months are there. Try again later, or end the range "
        "earlier.\n"
    )
    outcome = region.gvio("fetch", "--month", "2021-01", as_of="2021-02-03")
    assert outcome.code == 4
    assert "no product for 2021-01; 2018-10..2020-12 are there. Wait for the provider" in outcome.err


@pytest.mark.usefixtures("published")
def test_absent_months_do_not_fail_a_range(double_and_region: tuple[EogDouble, OfficialRegion]) -> None:
    double, region = double_and_region
    absent = sorted(double.tiles)[7]
    path = double.tiles.pop(absent)
    try:
        outcome = region.gvio("fetch", "--from", str(FIRST), "--to", str(LAST))
    finally:
        double.tiles[absent] = path
    assert outcome.code == 0, outcome.err
    assert outcome.out.endswith("absent 2019-05\n")


def test_a_file_that_is_listed_and_gone_does_not_fail_a_range(
    double_and_region: tuple[EogDouble, OfficialRegion], tmp_path: Path
) -> None:
    double, region = double_and_region
    gone = sorted(double.tiles)[1]
    double.server.faults[gone] = [refuse(410)] * 9
    words = ["--workspace", str(tmp_path), "--from", str(FIRST), "--to", "2018-12"]
    try:
        outcome = region.gvio("fetch", *words)
        assert outcome.code == 0, outcome.err
        lost = outcome.out.splitlines()[-1]
        assert lost.startswith(f"lost {Path(gone).name}: ")
        assert len(list(tmp_path.rglob("*.avg_rade9h.tif"))) == 2
        run = region.gvio("fetch", "--workspace", str(tmp_path), "--month", "2018-12")
        assert run.code == 0, run.err
    finally:
        double.server.faults.pop(gone)
    notes = json.loads((tmp_path / "officialland" / "fetch.json").read_text())["notes"]
    (note,) = [note["message"] for note in notes if note["name"] == "light.files_whole"]
    assert note.startswith(f"{Path(gone).name} of 2018-11 could not be had from EOG and is missing: ")


@pytest.mark.usefixtures("published")
def test_a_silent_archive_does_not_stop_what_is_here(double_and_region: tuple[EogDouble, OfficialRegion]) -> None:
    _, region = double_and_region
    nowhere = {"GVIO_EOG_URL": "https://127.0.0.1:9/x", "GVIO_EOG_TOKEN_URL": "https://127.0.0.1:9/token"}
    outcome = region.gvio("fetch", "--month", "2020-12", **nowhere)
    assert outcome.code == 0, outcome.err
    (note,) = [note for note in region.read("fetch.json")["notes"] if note["name"] == "light.archive_answers"]
    assert note["message"].startswith("EOG did not answer; used the files of 2020-12 and before that were fetched")


def test_no_credentials_are_told_before_anything(double_and_region: tuple[EogDouble, OfficialRegion]) -> None:
    _, region = double_and_region
    outcome = region.gvio("fetch", "--from", "2020-11", "--to", "2020-12", EOG_PASSWORD="")
    assert outcome.code == 2
    assert "EOG_PASSWORD" in outcome.err
    assert outcome.err.count("\n") == 1
