"""`gvio replay` on a small region: late light, a revised figure, a double look, a restart; what cannot be replayed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from badland import Outcome, Region, call

from gvio.files import held

CALENDAR = """
late: [{light: 2020-11, arrives: 2021-01-05}]
twice: [2021-01-20]
restarts: [{day: 2020-11-20, after: train}]
revised: [{area: AREA, start: 2020-08, day: 2021-01-10, factor: 1.4}]
"""


def replay(region: Region, *more: str | Path, store: Path | None = None) -> Outcome:
    words = ["replay", "--region", region.pack, "--store", store or region.root / "replayed"]
    words += ["--workspace", region.root / "life", "--params", region.params]
    return call(*words, "--from", "2020-10", "--to", "2020-12", *more)


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_months_are_lived_on_their_own_days_and_the_same_again_changes_nothing(region: Region) -> None:
    table = region.table("statistics.csv")
    monthly = table[(table["start"] == "2020-08") & (table["end"] == "2020-08") & (table["area_id"] != "CITY")]
    (region.root / "cal.yaml").write_text(CALENDAR.replace("AREA", monthly["area_id"].iloc[0]))
    words = ("--calendar", region.root / "cal.yaml")
    outcome = replay(region, *words)
    assert outcome.code == 0, outcome.err
    lines = outcome.out.splitlines()
    looks = [line.split() for line in lines[:4]]
    assert [(day, outcome, release[:7]) for _, day, _, outcome, release, *_ in looks] == [
        ("2020-11-20", "published", "2020-10"),
        ("2020-12-20", "published", "2020-10"),  # light of November is late; new figures make October again
        ("2021-01-20", "published", "2020-12"),
        ("2021-01-20", "unchanged", "2020-12"),
    ]
    told = json.loads((region.root / "life" / "replay.json").read_text())
    assert [(month["month"], month["outcome"]) for month in told["months"]] == [
        ("2020-10", "published"),
        ("2020-11", "late"),
        ("2020-12", "published"),
    ], told["months"]
    assert "cut off and begun again" in lines[0]
    latest = json.loads((region.root / "replayed" / "badland" / "latest.json").read_text())
    assert latest["published_at"] == "2021-01-20T06:00:00Z"
    look = json.loads((region.root / "replayed" / "badland" / "last-look.json").read_text())
    assert (look["replayed"], look["outcome"], look["looked_at"]) == (True, "unchanged", "2021-01-20T06:01:00Z")
    before = bytes_below(region.root / "replayed")
    again = replay(region, *words)
    assert (again.code, bytes_below(region.root / "replayed")) == (0, before)
    page = (region.root / "life" / "replay.html").read_text()
    assert "2020-11" in page
    other = call("replay", *_where(region), "--from", "2020-09", "--to", "2020-12")
    assert other.code == 2
    assert "another replay lies here, of another first" in other.message
    with held(region.root / "life" / ".replay.lock", lambda: AssertionError("held")):
        assert "another replay works here" in replay(region, *words).message


@pytest.mark.slow
def test_killed_in_mid_run_and_resumed_it_ends_with_the_bytes_of_an_undisturbed_one(region: Region) -> None:
    """SIGKILL at two moments that are drawn, and another folder: neither is to be seen in store or report."""
    (region.root / "cal.yaml").write_text("looks: [16, 20]\ntwice: [2020-12-20]\n")
    undisturbed = replay(region, "--calendar", region.root / "cal.yaml", "--from", "2020-11")
    assert undisturbed.code == 0, undisturbed.err
    killed = region.root / "killed"
    words = ["--region", region.pack, "--store", killed / "store", "--workspace", killed / "life"]
    words += ["--params", region.params, "--from", "2020-11", "--to", "2020-12", "--calendar", region.root / "cal.yaml"]
    command = [sys.executable, str(Path(__file__).with_name("replay_program.py")), *map(str, words)]
    moments = random.Random(5)
    for looks in (0, 2):  # after so many looks, and some moments into the next one
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            _wait_for_looks(process, killed / "life" / "log" / "looks.jsonl", looks)
            time.sleep(moments.uniform(0.5, 3.0))
            assert process.poll() is None, "it was to be killed in the middle"
            process.kill()
    resumed = call("replay", *words)
    assert resumed.code == 0, resumed.err
    assert "1/" not in resumed.out.split(), "what was lived is not lived again"
    assert _lasting(killed / "store") == _lasting(region.root / "replayed")
    reports = [json.loads((folder / "replay.json").read_text()) for folder in (killed / "life", region.root / "life")]
    assert reports[0] == reports[1]


def _wait_for_looks(process: subprocess.Popen[str], log: Path, looks: int) -> None:
    """Until so many looks are in the log, and the process works on the next one."""
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        began = log.with_name("began.json").exists()
        if began and (len(log.read_text().splitlines()) if log.exists() else 0) >= looks:
            return
        time.sleep(0.05)
    raise AssertionError(f"no {looks} looks: {process.communicate()[1]}")


def _lasting(store: Path) -> dict[str, bytes]:
    """All objects; locks of a folder are none."""
    return {name: data for name, data in bytes_below(store).items() if not name.endswith(".lock")}


def _where(region: Region) -> list[str | Path]:
    words = ["--region", region.pack, "--store", region.root / "replayed", "--workspace", region.root / "life"]
    return [*words, "--params", region.params, "--calendar", region.root / "cal.yaml"]


def test_a_range_outside_the_light_is_refused_and_the_right_one_still_begins(region: Region) -> None:
    for first in ("2015-06", "2030-01"):
        outcome = replay(region, "--from", first, "--to", first)
        assert outcome.code == 2
        assert f"and none of {first}. Begin with a month between these two" in outcome.message
    assert not (region.root / "life" / "log").exists()


def test_a_store_of_other_releases_is_refused(region: Region) -> None:
    before = region.published()
    outcome = replay(region, store=region.store)
    assert (outcome.code, region.published()) == (3, before)
    assert "holds releases that are not of this replay" in outcome.message
    assert replay(region, store=region.store).code == 3, "nothing of the refusal is left"


@pytest.mark.parametrize(
    ("calendar", "said"),
    [
        ("late: [{light: 2030-01, arrives: 2030-09-01}]", "the pack has no light of 2030-01"),
        ("revised: [{area: NOBODY, start: 2020-08, day: 2020-12-01, value: 1}]", "no figure of NOBODY for 2020-08"),
        ("republished: [{light: 2020-10, day: 2020-12-01, files: [gone.tif]}]", "gone.tif"),
        (None, "the calendar cannot be read"),
    ],
)
def test_a_calendar_that_does_not_fit_is_one_line(region: Region, calendar: str | None, said: str) -> None:
    path = region.root / "cal.yaml"
    if calendar is not None:
        path.write_text(calendar)
    outcome = replay(region, "--calendar", path)
    assert outcome.code == 2
    assert said in outcome.message
    assert not (region.root / "replayed" / "badland" / "latest.json").exists()


def test_light_of_an_archive_cannot_be_replayed(region: Region) -> None:
    region.configure(ntl={"product": "vnl-monthly", "source": "official"})
    assert "ntl.source is official: a replay needs the light in a folder" in replay(region).message


def test_a_hard_calendar_takes_two_years(tmp_path: Path) -> None:
    small = ["--set", "months=14", "--set", "n_districts=2", "--set", "n_factories=12"]
    outcome = call("simulate", tmp_path / "pack", "--seed", "1", "--preset", "clean", *small, "--hard-calendar")
    assert "a hard calendar takes 24 months" in outcome.err
