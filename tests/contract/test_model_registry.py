"""The model registry's promises, kept on SQLite with a folder. A server's are in test_model_registry_server.py."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.orm import Session
from training_records import aliases, make_record

from gvio.errors import ModelError
from gvio.registry.aliases import set_alias
from gvio.registry.connection import connect, default_uri
from gvio.registry.lifecycle import keep_champion, promote, rollback
from gvio.registry.package import load_champion
from gvio.registry.record import CHALLENGER, ModelVersion, model_name
from gvio.registry.training import log_training
from gvio.registry.versions import list_versions


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One embedded registry for the module: creating its schema takes seconds. Tests use regions of their own."""
    return default_uri(tmp_path_factory.mktemp("a workspace") / "not yet there")


@pytest.fixture
def train(sqlite: str, tmp_path: Path):
    def log(region: str, weights: bytes = b"weights") -> ModelVersion:
        return log_training(sqlite, make_record(tmp_path, region, weights))

    return log


def test_a_training_becomes_a_version_with_its_evidence(sqlite, tmp_path):
    logged = log_training(sqlite, make_record(tmp_path, "evidence"))

    assert (logged.version, logged.aliases, logged.reason) == (1, ("challenger",), "retrain: no champion")
    assert logged.metrics["rolling_origin_blind/sa-cnn/within_r2"] == 0.5
    assert logged.metrics["mase"] != logged.metrics["mase"], "a metric that could not be computed stays NaN"
    assert set(logged.metrics) == {"rolling_origin_blind/sa-cnn/within_r2", "mase"}, "curves are not final figures"
    assert logged.tags["pack"] == "abc"
    assert str(list_versions(sqlite, "evidence")) == str([logged])  # NaN is not equal to itself; its text is


def test_run_keeps_curves_parameters_and_artifacts(sqlite, tmp_path):
    logged = log_training(sqlite, make_record(tmp_path, "artifacts"))

    with connect(sqlite) as client:
        run = client.get_run(logged.run_id)
        curve = [(m.step, m.value) for m in client.get_metric_history(logged.run_id, "epoch/loss")]
        files = {
            f.path for part in ("model", "figures", "documents") for f in client.list_artifacts(logged.run_id, part)
        }
    assert curve == [(0, 0.9), (1, 0.5), (2, 0.25)]
    assert run.data.params == {"epochs": "60", "learning_rate": "0.02", "radii_m": "500, 1000"}
    assert run.info.status == "FINISHED"
    assert files == {
        "model/model.safetensors",
        "model/model.json",
        "figures/fit.png",
        "documents/scoreboard.json",
    }


def test_more_metrics_and_parameters_than_one_request_takes(sqlite, tmp_path):
    record = make_record(
        tmp_path,
        "many",
        parameters={f"p{i}": i for i in range(205)},
        epochs={"loss": [float(i) for i in range(1201)]},
        metrics={f"m{i}": float(i) for i in range(205)},
    )
    logged = log_training(sqlite, record)

    with connect(sqlite) as client:
        assert len(client.get_run(logged.run_id).data.params) == 205
        assert len(client.get_metric_history(logged.run_id, "epoch/loss")) == 1201
    assert logged.metrics["m204"] == 204.0


def test_champion_moves_and_is_remembered(sqlite, train):
    for _ in range(3):
        train("moves")
    promote(sqlite, "moves", 1, "first finite model")
    assert aliases(sqlite, "moves") == {"champion": 1, "challenger": 3}
    promote(sqlite, "moves", 3, "better by 0.1 (p = 0.01)")
    assert aliases(sqlite, "moves") == {"champion": 3, "previous": 1}

    newest = list_versions(sqlite, "moves")[0]
    assert (newest.version, newest.decision, newest.evidence) == (3, "promoted", "better by 0.1 (p = 0.01)")
    assert newest.replaced == 1


def test_promoting_twice_changes_nothing_more(sqlite, train):
    train("twice"), train("twice")
    for version in (1, 2, 2):
        promote(sqlite, "twice", version, "again")
    assert aliases(sqlite, "twice") == {"champion": 2, "previous": 1}


def test_keeping_the_champion_records_why_and_moves_nothing(sqlite, train):
    train("kept"), train("kept")
    promote(sqlite, "kept", 1, "first")
    keep_champion(sqlite, "kept", 2, "worse by 0.2")

    assert aliases(sqlite, "kept") == {"champion": 1, "challenger": 2}
    challenger = list_versions(sqlite, "kept")[0]
    assert (challenger.decision, challenger.evidence) == ("kept-champion", "worse by 0.2")


def test_the_champion_cannot_lose_against_itself(sqlite, train):
    train("itself")
    promote(sqlite, "itself", 1, "first")
    with pytest.raises(ModelError, match="version 1 is the champion itself"):
        keep_champion(sqlite, "itself", 1, "nonsense")


def test_rollback_walks_back_through_the_champions(sqlite, train):
    for version in (1, 2, 3):
        train("back")
        promote(sqlite, "back", version, "better")

    assert rollback(sqlite, "back").version == 2
    assert aliases(sqlite, "back") == {"champion": 2, "previous": 1}
    assert list_versions(sqlite, "back")[0].evidence == "rolled back to version 2"
    assert rollback(sqlite, "back").aliases == ("champion",)
    with pytest.raises(ModelError, match=r"no previous version to go back to.*by its number"):
        rollback(sqlite, "back")


def test_rollback_interrupted_half_way_leaves_a_champion(sqlite, train):
    train("half"), train("half")
    promote(sqlite, "half", 1, "first"), promote(sqlite, "half", 2, "better")
    with connect(sqlite) as client:  # what a kill between the two alias moves leaves behind
        client.set_registered_model_alias("gvio-half", "champion", "1")
    with pytest.raises(ModelError, match="no previous version"):
        rollback(sqlite, "half")
    assert aliases(sqlite, "half")["champion"] == 1


@pytest.mark.parametrize("act", [promote, keep_champion])
def test_unknown_version_is_named(sqlite, train, act):
    train("unknown")
    with pytest.raises(ModelError, match=r"model gvio-unknown: there is no version 7\. .*registry list"):
        act(sqlite, "unknown", 7, "reason")


def test_champion_comes_back_byte_for_byte(sqlite, train, tmp_path):
    train("bytes", b"\x00first"), train("bytes", b"\x00second")
    promote(sqlite, "bytes", 2, "better")
    into = tmp_path / "deep" / "champion"
    loaded = load_champion(sqlite, "bytes", into)

    assert loaded is not None
    assert (loaded.path, loaded.version.version) == (into, 2)
    assert (into / "model.safetensors").read_bytes() == b"\x00second"
    assert json.loads((into / "model.json").read_text()) == {"channels": 8}
    assert sorted(p.name for p in into.parent.iterdir()) == ["champion"], "no temporary folder stays behind"


def test_no_champion_is_none(sqlite, train, tmp_path):
    assert load_champion(sqlite, "never-trained", tmp_path / "x") is None
    assert list_versions(sqlite, "never-trained") == []
    train("only-challenger")
    assert load_champion(sqlite, "only-challenger", tmp_path / "x") is None


def stored(uri: str, version: ModelVersion) -> Path:
    return Path(uri.removeprefix("sqlite:///")).parent / "mlartifacts" / version.run_id / "artifacts" / "model"


@pytest.mark.parametrize("name", ["model.safetensors", "model.json"])
def test_tampered_package_is_refused_and_not_delivered(sqlite, train, tmp_path, name):
    region = "tampered-" + name.split(".")[1]
    version = train(region)
    promote(sqlite, region, 1, "first")
    (stored(sqlite, version) / name).write_bytes(b"other bytes")
    into = tmp_path / "into"
    with pytest.raises(ModelError, match=rf"version 1: {name} has SHA-256 \w+…, registered was \w+….*[Rr]oll back"):
        load_champion(sqlite, region, into)
    assert list(into.iterdir()) == []


def test_lost_package_is_refused(sqlite, train, tmp_path):
    version = train("lost")
    promote(sqlite, "lost", 1, "first")
    for path in stored(sqlite, version).iterdir():
        path.unlink()
    stored(sqlite, version).rmdir()
    with pytest.raises(ModelError, match=r"version 1: the stored package cannot be read\. Roll back"):
        load_champion(sqlite, "lost", tmp_path / "into")


def test_incomplete_package_is_refused(sqlite, tmp_path):
    record = make_record(tmp_path, "incomplete")
    (record.package / "model.json").unlink()
    with pytest.raises(ModelError, match=r"package has no model\.json"):
        log_training(sqlite, record)
    assert list_versions(sqlite, "incomplete") == []


def test_package_that_is_not_the_tagged_one_is_refused(sqlite, tmp_path):
    record = make_record(tmp_path, "other", tags={"weights_sha256": "0" * 64})
    with pytest.raises(ModelError, match=r"SHA-256 \w{12}…, its tags say 000000000000…"):
        log_training(sqlite, record)


def test_failed_logging_marks_the_run_and_leaves_no_version(sqlite, tmp_path):
    with pytest.raises(ModelError, match=f"{Path(sqlite).name}: the model registry failed:"):
        log_training(sqlite, make_record(tmp_path, "failed", parameters={"no?name": 1}))
    assert list_versions(sqlite, "failed") == []
    with connect(sqlite) as client:
        experiment = client.get_experiment_by_name("gvio-failed")
        assert [run.info.status for run in client.search_runs([experiment.experiment_id])] == ["FAILED"]


def test_two_trainings_at_once_get_two_versions(sqlite, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        records = [make_record(tmp_path / str(i), "race", bytes([i])) for i in range(4)]
        versions = [v.version for v in pool.map(lambda record: log_training(sqlite, record), records)]
    assert sorted(versions) == [1, 2, 3, 4]


@pytest.fixture
def blind_insert(monkeypatch):
    """The first alias is inserted without a look: what MLflow does where another's insert came after its look."""
    merge, blind = Session.merge, []

    def insert(session, row, *args, **kwargs):
        if blind:
            return merge(session, row, *args, **kwargs)
        blind.append(row)
        session.add(row)
        return row

    monkeypatch.setattr(Session, "merge", insert)
    return blind


def test_an_alias_that_another_training_inserted_in_between_is_moved(sqlite, train, blind_insert):
    first = train("between", b"1")
    blind_insert.clear()
    second = train("between", b"2")
    assert len(blind_insert) == 1
    assert aliases(sqlite, "between") == {"challenger": second.version}
    assert second.version != first.version


def test_an_alias_of_no_version_is_refused_at_once(sqlite, train):
    train("nowhere")
    with pytest.raises(ModelError, match=r"the model registry failed: .*version=7"), connect(sqlite) as client:
        set_alias(client, model_name("nowhere"), CHALLENGER, 7)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "mlflow.db").write_text("not a database, but long enough to look like one" * 50)
    with pytest.raises(ModelError, match=r"mlflow\.db: the model registry failed: .*not a database"):
        list_versions(default_uri(tmp_path), "any")


def test_registry_is_quiet_on_stdout_and_restores_log_levels(tmp_path, capfd):
    before = logging.getLogger("mlflow").level
    with connect(default_uri(tmp_path)) as client:
        print("chatter")
        client.search_experiments()
    out, err = capfd.readouterr()
    assert (out, "INFO" in err) == ("", False)
    assert logging.getLogger("mlflow").level == before
