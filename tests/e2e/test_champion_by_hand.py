"""The registry by hand: what is promoted or rolled back to makes the next map."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from badland import PARAMS, TARGET, Region, call
from mlflow.tracking import MlflowClient

import gvio.stages.decide
from gvio.registry.record import Decision


def _champion(region: Region) -> int:
    (version,) = [v["version"] for v in region.registry("list", "--json").document if "champion" in v["aliases"]]
    return int(version)


def test_list_shows_versions_with_their_evidence(published_region: Region) -> None:
    versions = published_region.registry("list", "--json").document
    assert [version["version"] for version in versions] == [2, 1]
    assert all(version["reason"] for version in versions)
    assert all(version["tags"]["invented"] == "true" for version in versions), "the pack is a simulated one"
    assert re.search(
        r"version   1 .*promote: no usable champion to compare with", published_region.registry("list").out
    )


def test_the_map_is_made_by_the_champion_of_the_registry(region: Region) -> None:
    champion, before = _champion(region), region.published()
    other = 3 - champion
    assert region.registry("promote", "--version", str(other), "--reason", "trial").code == 0
    assert _champion(region) == other
    report = region.run("run", "--json").document
    assert report["outcome"] == "published"
    by_hand = region.manifest()
    assert int(by_hand["model"]["version"]) == other
    assert by_hand["model"]["decision"] == "by hand: trial", "what made it champion, not what once was decided of it"
    assert region.registry("rollback").code == 0
    assert _champion(region) == champion
    assert region.run("run", "--json").document["outcome"] == "published"
    again = region.manifest()
    assert (again["month"], int(again["model"]["version"])) == (str(TARGET), champion)
    assert again["model"]["weights_sha256"] != by_hand["model"]["weights_sha256"]
    assert {
        key: region.published()[key] for key in before if "latest" not in key and "collection" not in key
    }.items() <= (before.items())


def test_a_candidate_waits_for_a_person_and_the_commands_that_are_named_answer_it(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = _champion(region)
    monkeypatch.setattr(gvio.stages.decide, "judge", lambda *_: Decision("promoted", "promote: better"))
    region.params.write_text(PARAMS.replace("epochs: 2", "epochs: 3"))
    outcome = region.run("run", "--retrain", "--approval", "hand")
    assert outcome.code == 0, outcome.err
    assert "version 3 awaits approval" in outcome.out
    assert (_champion(region), int(region.manifest()["model"]["version"])) == (champion, champion)
    (line,) = [line for line in outcome.out.splitlines() if "gvio registry approve" in line]
    answer = shlex.split(line.partition("gvio ")[2].replace("WHY", "'looked at it'"))
    assert call(*answer).code == 0
    assert _champion(region) == 3
    assert region.run("run", "--approval", "hand", "--json").document["outcome"] == "published"
    assert region.manifest()["model"]["decision"].startswith("approved by hand: looked at it (awaits approval")


def test_promoting_an_unknown_version_is_one_line(region: Region) -> None:
    outcome = region.registry("promote", "--version", "9", "--reason", "trial", "--json")
    assert outcome.code == 1
    assert re.search(r"version 9", outcome.err)
    assert outcome.document["error"] == "ModelError"
    assert json.loads((region.store / "badland" / "latest.json").read_text())["month"] == str(TARGET)


def test_a_region_without_models_has_none_to_list(region: Region) -> None:
    region.configure(name="elsewhere")
    told = f"no model of elsewhere was registered yet in the workspace {region.workspace}\n"
    assert region.registry("list").out == told


def test_a_champion_of_other_pixels_is_replaced_not_applied(region: Region) -> None:
    region.configure(bounds=[120.98, 31.0, 121.15, 31.12])
    report = region.run("run", "--json")
    assert report.code == 0, report.err
    assert "promote: the champion is of other pixels" in report.document["decision"]
    new = _champion(region)
    assert region.registry("rollback").code == 0
    again = region.run("run", "--json")
    assert again.code == 0, "the same bytes, rolled back by hand, and nothing else can make this map: " + again.err
    assert "; rolled back before, but the champion is of other pixels" in again.document["decision"]
    assert _champion(region) == new


def test_a_champion_of_an_older_method_is_replaced_not_applied(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gvio.train.package.SCHEMA_VERSION", 99)  # as if the program had moved on
    (region.workspace / "badland" / "train.json").unlink()  # and its source with it
    assert region.run("train", "--json").document["facts"]["reason"] == "retrain: no usable champion"
    refused = region.run("map", "--json")
    assert refused.code == 3
    assert "what `gvio evaluate` left there is not of this run's inputs. Run `gvio evaluate`" in refused.err


def test_a_champion_that_cannot_be_read_is_replaced_by_training_anew(
    region: Region, caplog: pytest.LogCaptureFixture
) -> None:
    champion, new = _champion(region), len(region.registry("list", "--json").document) + 1
    for path in (region.workspace / "mlartifacts").rglob("model.safetensors"):
        path.write_bytes(b"damaged")
    (region.store / "badland" / "latest.json").unlink()
    refused = region.run("run")
    assert refused.code == 1
    assert re.search(rf"version {champion}: model\.safetensors has SHA-256 .*gvio run --retrain", refused.message)
    assert region.run("run", "--retrain").code == 0
    assert "it counts as none, because --retrain was asked for" in caplog.text
    newest = region.registry("list", "--json").document[0]
    assert (newest["version"], newest["aliases"]) == (new, ["challenger", "champion"])
    assert (
        f"the champion counts as none (model gvio-badland version {champion}: model.safetensors" in newest["evidence"]
    )
    for path in (region.workspace / "mlartifacts").rglob("model.json"):
        path.unlink()
    assert region.run("run", "--retrain").code == 0, "trained to the same bytes, which are stored again"
    assert "stored again from the same training" in caplog.text
    assert _champion(region) == new


def test_what_was_rolled_back_maps_again_where_the_champion_cannot_be_read(region: Region) -> None:
    """Training anew gives the very bytes that a person said no to: they outrank a champion that is damaged."""
    champion, new = _champion(region), len(region.registry("list", "--json").document) + 1
    assert region.run("run", "--retrain").code == 0
    assert region.registry("promote", "--version", str(new), "--reason", "trial").code == 0
    while _champion(region) != champion:
        assert region.registry("rollback").code == 0
    (version,) = [v for v in region.registry("list", "--json").document if v["version"] == champion]
    (weights,) = (region.workspace / "mlartifacts" / version["run_id"]).rglob("model.safetensors")
    weights.write_bytes(b"damaged")
    report = region.run("run", "--retrain", "--json")
    assert report.code == 0, report.err
    assert _champion(region) == new
    assert "; rolled back before, but the champion cannot be read" in report.document["decision"]
    refused = region.registry("rollback")
    assert refused.code == 1
    assert re.search(rf"version {champion}: model\.safetensors has SHA-256 .*gvio run --retrain`", refused.message)
    assert _champion(region) == new


class Killed(BaseException):
    """What no handler of ours catches."""


def test_a_run_killed_while_it_registers_is_completed_as_if_undisturbed(
    region: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = "set_registered_model_alias"
    for folder in (region.store, region.workspace / "mlartifacts"):  # trained, and never registered nor published
        shutil.rmtree(folder)
    (region.workspace / "mlflow.db").unlink()
    twin = region.copy(tmp_path / "twin")
    assert twin.run("run").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, call, _kill_after(getattr(MlflowClient, call)))
        with pytest.raises(Killed):
            region.run("run")
    assert region.run("run").code == 0
    assert _told(region) == _told(twin)
    assert len(_told(twin)) == 1
    assert region.manifest()["release"] == twin.manifest()["release"]


def _kill_after(method: Any) -> Any:
    def last(*args: Any, **kwargs: Any) -> None:
        method(*args, **kwargs)
        raise Killed

    return last


def _told(region: Region) -> list[tuple[Any, ...]]:
    """What a person sees of the versions, but for times."""
    said = ("version", "aliases", "reason", "decision", "evidence", "replaced")
    return [tuple(v[name] for name in said) for v in region.registry("list", "--json").document]
