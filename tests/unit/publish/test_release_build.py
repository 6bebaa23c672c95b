"""A release is named by its content, lists every object, and is refused rather than half right."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from gvio.errors import GateRefused
from gvio.publish.explanations import VALUES, explanations_frame
from gvio.scoreboard.board import Scoreboard
from gvio.types import CheckResult, Month


def test_the_same_results_give_the_same_release_whenever_they_are_made(make_release) -> None:
    first = make_release()
    later = make_release(created=dt.datetime(2027, 1, 1, tzinfo=dt.UTC))
    assert later.id == first.id
    assert later.manifest == first.manifest
    assert later.payloads == first.payloads
    assert later.catalogue == first.catalogue
    assert json.loads(first.latest) == {
        "schema_version": 1,
        "region": "testland",
        "release": first.id,
        "month": "2021-03",
        "published_at": "2026-01-02T03:04:05Z",
        "public_until": "2021-02-18",
        "as_of": "2021-04-20",
    }


def explanations(value: float) -> pd.DataFrame:
    months = [Month(2021, m) for m in (1, 2, 3)]
    return explanations_frame({name: np.full((2, 3), value) for name in VALUES}, ["east", "west"], months)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"code": "0.1.1"},
        {"model": {"version": "2"}},
        {"inputs": {"pack": "1" * 16}},
        {"skill": "proven"},
        {"model_card": "# Another\n"},
        {"trends": b"tiff"},
        {"explanations": explanations(0.1)},
        {"scoreboard": Scoreboard(schema_version=1)},
    ],
)
def test_any_other_content_gives_another_release(make_release, change) -> None:
    assert make_release(**change).id != make_release().id


def test_the_name_is_the_month_and_twelve_digits(make_release) -> None:
    month, _, digits = make_release().id.rpartition("-")
    assert month == "2021-03"
    assert len(digits) == 12
    assert set(digits) <= set("0123456789abcdef")


def test_the_manifest_lists_every_object_with_its_hash_and_size(make_release) -> None:
    release = make_release(trends=b"tiff")
    manifest = json.loads(release.manifest)
    assert {o["key"] for o in manifest["objects"]} == set(release.payloads)
    for listed in manifest["objects"]:
        data = release.payloads[listed["key"]]
        assert listed["sha256"] == hashlib.sha256(data).hexdigest()
        assert listed["size"] == len(data)
    assert {k: manifest[k] for k in ("schema_version", "release", "region", "month", "code", "skill")} == {
        "schema_version": 1,
        "release": release.id,
        "region": "testland",
        "month": "2021-03",
        "code": "0.1.0",
        "skill": "weak",
    }
    assert manifest["inputs"] == {"pack": "0" * 16}
    assert manifest["model"] == {"version": "1"}
    names = {key.removeprefix(f"releases/{release.id}/") for key in release.payloads if key.startswith("releases/")}
    assert names == {
        "estimates.parquet",
        "estimates.csv",
        "scoreboard.json",
        "checks.json",
        "model-card.md",
        "style.qml",
        "terms.md",
        "trends.tif",
    }


def test_explanations_are_an_object_as_any_other_and_may_be_absent(make_release) -> None:
    release = make_release(explanations=explanations(0.1))
    key = f"releases/{release.id}/explanations.parquet"
    listed = {o["key"]: o for o in json.loads(release.manifest)["objects"]}[key]
    assert listed["sha256"] == hashlib.sha256(release.payloads[key]).hexdigest()
    assert listed["media_type"] == "application/vnd.apache.parquet"
    assert not [key for key in make_release().payloads if key.endswith("explanations.parquet")]


def test_the_manifest_says_whether_the_data_are_invented(make_release, release_products) -> None:
    config = release_products()["config"]
    invented = make_release(config=config.model_copy(update={"invented": True}))
    assert json.loads(make_release().manifest)["invented"] is False
    assert json.loads(invented.manifest)["invented"] is True
    assert make_release().id != invented.id


def test_month_marks_the_grids_one_each_and_nothing_else(make_release) -> None:
    listed = json.loads(make_release().manifest)["objects"]
    marked = [(o["month"], o["key"]) for o in listed if o["month"]]
    assert [month for month, _ in marked] == ["2021-01", "2021-02", "2021-03"]
    assert all(key.startswith(f"grids/{month}/gvio_{month}_") for month, key in marked)


def test_an_unchanged_month_keeps_its_name_in_the_next_release(make_release) -> None:
    before, after = make_release("2021-02"), make_release("2021-03")
    kept = {key for key in before.payloads if key.startswith(("grids/", "items/"))}
    assert len(kept) == 4
    assert kept < set(after.payloads)


def test_figures_that_are_not_finite_become_null_in_json(make_release) -> None:
    release = make_release()
    scores = json.loads(release.payloads[f"releases/{release.id}/scoreboard.json"])
    assert scores["p_value"] is None


def test_a_failed_required_check_gives_no_release(make_release) -> None:
    failed = CheckResult("light.coverage", False, True, "2021-03", "expected half, found a tenth")
    with pytest.raises(GateRefused, match=r"1 required check failed: \[light.coverage\] expected half"):
        make_release(checks=[failed])


def test_a_reported_warning_is_published_with_the_release(make_release) -> None:
    warning = CheckResult("light.dark", False, False, "2021-03", "darker than usual", {"share": float("inf")})
    release = make_release(checks=[warning])
    document = json.loads(release.payloads[f"releases/{release.id}/checks.json"])
    assert document["schema_version"] == 1
    assert document["checks"] == [
        {
            "name": "light.dark",
            "passed": False,
            "required": False,
            "subject": "2021-03",
            "message": "darker than usual",
            "observed": {"share": None},
        }
    ]


def test_a_run_without_checks_gives_no_release(make_release) -> None:
    with pytest.raises(GateRefused, match="2021-03: no check was made"):
        make_release(checks=[])


def test_a_release_needs_the_grid_of_its_month(make_release, release_products) -> None:
    with pytest.raises(GateRefused, match="2021-03: the release has no grid of its own month"):
        make_release(grids=release_products("2021-02")["grids"])


def test_two_grids_of_one_month_are_refused(make_release, release_products) -> None:
    grids = release_products()["grids"]
    with pytest.raises(GateRefused, match="2021-02: two grids of one month"):
        make_release(grids=[*grids, grids[1]])
