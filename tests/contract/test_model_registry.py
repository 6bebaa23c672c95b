"""The model registry's promises, kept on SQLite with a folder. A server's are in test_model_registry_server.py."""

import datetime as dt
import itertools
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import pytest
from sqlalchemy.orm import Session
from training_records import aliases, known, log, make_record

from gvio.config import INVENTED
from gvio.errors import DamagedModel, ModelError
from gvio.registry import registration
from gvio.registry.aliases import set_alias
from gvio.registry.champion import champion_as_of, read_champion
from gvio.registry.connection import connect, default_uri
from gvio.registry.lifecycle import promote, rollback
from gvio.registry.record import CHALLENGER, Decision, Knowledge, ModelVersion
from gvio.registry.registration import register
from gvio.registry.versions import list_versions
from gvio.types import Month


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One embedded registry for the module: creating its schema takes seconds. Tests use regions of their own."""
    return default_uri(tmp_path_factory.mktemp("a workspace") / "not yet there")


@pytest.fixture
def train(sqlite: str, tmp_path: Path):
    """Registers one more package of a region, each with weights of its own."""
    numbers = itertools.count()

    def one_more(region: str, kind="kept-champion", reason: str = "no better", **changes) -> ModelVersion:
        weights = changes.pop("weights", f"weights {next(numbers)}".encode())
        return register(sqlite, make_record(tmp_path, region, weights, **changes), Decision(kind, reason))

    return one_more


def test_a_training_becomes_a_version_with_its_evidence(sqlite, tmp_path):
    logged = log(sqlite, tmp_path, "evidence", b"w")

    assert (logged.version, logged.aliases, logged.reason) == (1, ("challenger",), "retrain: no champion")
    assert (logged.decision, logged.evidence, logged.decided) == ("kept-champion", "no better", "no better")
    assert logged.decided_at is not None
    assert abs(logged.decided_at - logged.created) < dt.timedelta(minutes=1)
    assert logged.metrics["rolling_origin_blind/sa-cnn/within_r2"] == 0.5
    assert logged.metrics["mase"] != logged.metrics["mase"], "a metric that could not be computed stays NaN"
    assert set(logged.metrics) == {"rolling_origin_blind/sa-cnn/within_r2", "mase"}, "curves are not final metrics"
    assert logged.tags["pack"] == "abc"
    assert logged.known == known()
    facts = {key: logged.tags[key] for key in ("trained", "public_until", "as_of")}
    assert facts == {"trained": "2021-12", "public_until": "2022-01-17", "as_of": "2022-01-20"}
    assert str(list_versions(sqlite, "evidence")) == str([logged])  # NaN is not equal to itself; its text is


def test_run_keeps_curves_parameters_and_artifacts(sqlite, tmp_path):
    logged = log(sqlite, tmp_path, "artifacts", b"w")

    with connect(sqlite) as client:
        run = client.get_run(logged.run_id)
        curve = [(m.step, m.value) for m in client.get_metric_history(logged.run_id, "epoch/loss")]
        files = {
            f.path for part in ("model", "pictures", "documents") for f in client.list_artifacts(logged.run_id, part)
        }
    assert curve == [(0, 0.9), (1, 0.5), (2, 0.25)]
    assert run.data.params == {"epochs": "60", "learning_rate": "0.02", "radii_m": "500, 1000"}
    assert run.info.status == "FINISHED"
    assert files == {
        "model/model.safetensors",
        "model/model.json",
        "pictures/fit.png",
        "documents/scoreboard.json",
    }


@pytest.mark.parametrize("invented", [True, False])
def test_mlflows_pages_say_that_data_are_invented(sqlite, train, invented):
    region = f"invented-{invented}"
    logged = train(region, invented=invented)
    with connect(sqlite) as client:
        model, run = client.get_registered_model(f"gvio-{region}"), client.get_run(logged.run_id)
        version = client.get_model_version(f"gvio-{region}", "1")
        experiment = client.get_experiment_by_name(f"gvio-{region}")
    said = [model.description, version.description, experiment.tags.get("mlflow.note.content")]
    assert [text == INVENTED for text in said] == [invented] * 3
    note, name = (run.data.tags[f"mlflow.{tag}"] for tag in ("note.content", "runName"))
    assert (INVENTED in note) is invented
    assert note.startswith(("retrain: ", "fine-tune: "))
    assert name.startswith(f"{region} 20")
    assert name.endswith(note.partition(":")[0])
    tags = [model.tags.get("invented"), version.tags.get("invented"), run.data.tags.get("invented")]
    assert tags == (["true"] * 3 if invented else [None] * 3)


def test_more_metrics_and_parameters_than_one_request_takes(train, sqlite):
    logged = train(
        "many",
        parameters={f"p{i}": i for i in range(205)},
        epochs={"loss": [float(i) for i in range(1201)]},
        metrics={f"m{i}": float(i) for i in range(205)},
    )

    with connect(sqlite) as client:
        assert len(client.get_run(logged.run_id).data.params) == 205
        assert len(client.get_metric_history(logged.run_id, "epoch/loss")) == 1201
    assert logged.metrics["m204"] == 204.0


def test_champion_moves_and_is_remembered(sqlite, train):
    first = train("moves", "promoted", "first finite model")
    assert (first.decision, first.replaced, first.aliases) == ("promoted", None, ("challenger", "champion"))
    train("moves")
    assert aliases(sqlite, "moves") == {"champion": 1, "challenger": 2}
    newest = train("moves", "promoted", "better by 0.1 (p = 0.01)")
    assert aliases(sqlite, "moves") == {"champion": 3, "challenger": 3, "previous": 1}
    assert (newest.version, newest.decision, newest.evidence) == (3, "promoted", "better by 0.1 (p = 0.01)")
    assert newest.replaced == 1


def test_a_promotion_by_hand_is_what_the_champion_carries(sqlite, train):
    train("hand", "promoted", "promote: first model"), train("hand", "promoted", "promote: better")
    by_hand = promote(sqlite, "hand", 1, "the newest map looks wrong")
    assert (by_hand.decision, by_hand.evidence) == ("by-hand", "by hand: the newest map looks wrong")
    champion = read_champion(sqlite, "hand")
    assert champion is not None
    assert (champion.version.version, champion.decided) == (1, "by hand: the newest map looks wrong")
    assert list_versions(sqlite, "hand")[0].evidence == "promote: better", "the other keeps its own"
    assert rollback(sqlite, "hand").decided == "rolled back from version 1; promote: better"


def test_promoting_twice_changes_nothing_more(sqlite, train):
    train("twice"), train("twice")
    for version in (1, 2, 2):
        promote(sqlite, "twice", version, "again")
    assert aliases(sqlite, "twice") == {"champion": 2, "previous": 1, "challenger": 2}
    assert list_versions(sqlite, "twice")[0].replaced == 1


def test_keeping_the_champion_records_why_and_moves_nothing(sqlite, train):
    train("kept", "promoted", "first")
    challenger = train("kept", "kept-champion", "worse by 0.2")

    assert aliases(sqlite, "kept") == {"champion": 1, "challenger": 2}
    assert (challenger.decision, challenger.evidence) == ("kept-champion", "worse by 0.2")


def test_the_champion_registered_again_keeps_what_made_it_champion(train):
    first = train("itself", "promoted", "first", weights=b"same")
    again = train("itself", "kept-champion", "nonsense", weights=b"same")
    assert str(again) == str(first)


def test_rollback_walks_back_through_the_champions(sqlite, train):
    for _ in range(3):
        train("back", "promoted", "better")

    second = rollback(sqlite, "back")
    assert (second.version, second.aliases) == (2, ("champion",))
    assert second.decided == "rolled back from version 3; better"
    assert str(second) == str(list_versions(sqlite, "back")[1])
    assert aliases(sqlite, "back") == {"champion": 2, "previous": 3, "challenger": 3}
    left = list_versions(sqlite, "back")[0]
    assert (left.decision, left.evidence) == ("rolled-back", "rolled back to version 2")
    assert left.tags["decision_reason"] == "better", "what the gate said is kept"
    assert rollback(sqlite, "back").version == 1
    assert aliases(sqlite, "back") == {"champion": 1, "previous": 2, "challenger": 3}
    with pytest.raises(ModelError, match=r"there is no previous version to go back to.*by its number"):
        rollback(sqlite, "back")
    again = promote(sqlite, "back", 3, "it was the light")
    assert (again.decision, again.decided, again.replaced) == ("by-hand", "by hand: it was the light", 1)
    assert rollback(sqlite, "back").version == 1


def test_rollback_does_not_go_back_to_a_version_that_was_rolled_back(sqlite, train):
    train("circle", "promoted", "first"), train("circle", "promoted", "better")
    promote(sqlite, "circle", 1, "trial")
    assert rollback(sqlite, "circle").version == 2
    with pytest.raises(ModelError, match=r"version 1, which the champion replaced, was rolled back itself\. Promote"):
        rollback(sqlite, "circle")


def test_what_a_person_rolled_back_is_not_promoted_again_by_the_gate(sqlite, train):
    train("stands", "promoted", "first"), train("stands", "promoted", "better", weights=b"bad")
    rollback(sqlite, "stands")
    again = train("stands", "promoted", "better", weights=b"bad")
    assert (again.version, again.decision) == (2, "rolled-back")
    assert aliases(sqlite, "stands")["champion"] == 1


def test_what_was_rolled_back_is_promoted_again_where_the_champion_is_of_no_use(sqlite, train, tmp_path, monkeypatch):
    train("needed", "promoted", "first"), train("needed", "promoted", "better", weights=b"bad")
    rollback(sqlite, "needed")
    record, of_no_use = make_record(tmp_path, "needed", b"bad"), "the champion cannot be read"
    refused = register(sqlite, record, Decision("kept-champion", "not finite"), of_no_use=of_no_use)
    assert refused.decision == "rolled-back"
    with monkeypatch.context() as patch:
        patch.setattr(registration, "replace_champion", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            register(sqlite, record, Decision("promoted", "passed"), of_no_use=of_no_use)
    again = register(sqlite, record, Decision("promoted", "passed"), of_no_use=of_no_use)
    assert (again.version, again.decision, again.replaced) == (2, "promoted", 1)
    assert again.evidence == "passed; rolled back before, but the champion cannot be read"
    assert aliases(sqlite, "needed") == {"champion": 2, "previous": 1, "challenger": 2}
    assert str(register(sqlite, record, Decision("promoted", "passed"), of_no_use=of_no_use)) == str(again)


def test_rollback_does_not_go_back_to_a_package_that_cannot_be_read(sqlite, train):
    first = train("unread", "promoted", "first")
    train("unread", "promoted", "better"), train("unread", "kept-champion", "worse")
    (stored(sqlite, first) / "model.safetensors").write_bytes(b"other bytes")
    before = str(list_versions(sqlite, "unread"))
    cure = r"gvio registry promote --version N --reason WHY`.*gvio run --retrain`"
    with pytest.raises(ModelError, match=rf"version 1: model\.safetensors has SHA-256 .*{cure}"):
        rollback(sqlite, "unread")
    assert str(list_versions(sqlite, "unread")) == before
    assert promote(sqlite, "unread", 3, "the cure").aliases == ("challenger", "champion")


def test_nobody_goes_back_to_a_package_of_an_older_method(sqlite, tmp_path):
    """The next run would pass over it and train anew: what a person chose would be undone in silence."""
    for schema in (4, 5):
        record = make_record(tmp_path, "method", f"weights {schema}".encode())
        (record.package / "model.json").write_text(json.dumps({"schema_version": schema}))
        register(sqlite, record, Decision("promoted", "passed"))
    before = str(list_versions(sqlite, "method"))
    what = r"version 1: its package has schema 4, that of the champion 5: this program cannot map with it"
    with pytest.raises(ModelError, match=rf"{what}.*gvio run --retrain`"):
        rollback(sqlite, "method")
    with pytest.raises(ModelError, match=rf"{what}.*gvio run --retrain`"):
        promote(sqlite, "method", 1, "it was better")
    assert str(list_versions(sqlite, "method")) == before


def test_unknown_version_is_named(sqlite, train):
    train("unknown")
    with pytest.raises(ModelError, match=r"model gvio-unknown: there is no version 7\. .*registry list"):
        promote(sqlite, "unknown", 7, "reason")


def test_champion_comes_back_byte_for_byte(sqlite, train):
    train("bytes", "promoted", "first", weights=b"\x00first"), train("bytes", "promoted", "b", weights=b"\x00second")
    champion = read_champion(sqlite, "bytes")

    assert champion is not None
    assert champion.version.version == 2
    assert champion.weights == b"\x00second"
    assert json.loads(champion.config) == {"channels": 8}
    assert champion.decided == "b"


def test_no_champion_is_none(sqlite, train, tmp_path):
    assert read_champion(sqlite, "never-trained") is None
    assert list_versions(sqlite, "never-trained") == []
    train("only-challenger")
    assert read_champion(sqlite, "only-challenger") is None
    nowhere = default_uri(tmp_path / "absent")
    assert (read_champion(nowhere, "x"), list_versions(nowhere, "x")) == (None, [])
    assert not (tmp_path / "absent").exists(), "a look creates nothing"


def stored(uri: str, version: ModelVersion) -> Path:
    return Path(uri.removeprefix("sqlite:///")).parent / "mlartifacts" / version.run_id / "artifacts" / "model"


@pytest.mark.parametrize("name", ["model.safetensors", "model.json"])
def test_tampered_package_is_refused(sqlite, train, name):
    region = "tampered-" + name.split(".")[1]
    version = train(region, "promoted", "first")
    (stored(sqlite, version) / name).write_bytes(b"other bytes")
    with pytest.raises(DamagedModel, match=rf"version 1: {name} has SHA-256 \w+…, registered was \w+….*rollback"):
        read_champion(sqlite, region)


def test_lost_package_is_refused_until_it_is_registered_again(sqlite, tmp_path):
    version = log(sqlite, tmp_path, "lost", b"w", "promoted", "first")
    for path in stored(sqlite, version).iterdir():
        path.unlink()
    stored(sqlite, version).rmdir()
    with pytest.raises(
        DamagedModel, match=r"version 1: the stored package cannot be read\. Train again with `gvio run -"
    ):
        read_champion(sqlite, "lost")
    log(sqlite, tmp_path, "lost", b"w", "kept-champion", "whatever")
    champion = read_champion(sqlite, "lost")
    assert champion is not None, "the same bytes, registered again, are stored again"
    assert (champion.weights, champion.decided) == (b"w", "first")


def test_incomplete_package_is_refused(sqlite, tmp_path):
    record = make_record(tmp_path, "incomplete")
    (record.package / "model.json").unlink()
    with pytest.raises(ModelError, match=r"package has no model\.json"):
        register(sqlite, record, Decision("promoted", "first"))
    assert list_versions(sqlite, "incomplete") == []


def test_package_that_is_not_the_tagged_one_is_refused(train):
    with pytest.raises(ModelError, match=r"SHA-256 \w{12}…, its tags say 000000000000…"):
        train("other", tags={"weights_sha256": "0" * 64})


def test_failed_logging_marks_the_run_and_leaves_no_version(sqlite, train):
    with pytest.raises(ModelError, match=f"{Path(sqlite).name}: the model registry failed:"):
        train("failed", parameters={"no?name": 1})
    assert list_versions(sqlite, "failed") == []
    with connect(sqlite) as client:
        experiment = client.get_experiment_by_name("gvio-failed")
        assert [run.info.status for run in client.search_runs([experiment.experiment_id])] == ["FAILED"]


def test_two_trainings_at_once_get_two_versions(sqlite, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        versions = list(pool.map(lambda i: log(sqlite, tmp_path / str(i), "race", bytes([i]), "promoted"), range(4)))
    assert sorted(v.version for v in versions) == [1, 2, 3, 4]
    assert all(v.decision == "promoted" for v in versions)


def test_the_same_package_is_one_version_with_the_last_higher_decision(sqlite, train):
    first = train("same", "kept-champion", "worse", weights=b"same")
    assert str(train("same", "kept-champion", "worse", weights=b"same")) == str(first)
    assert train("same", "archived", "as of an earlier day", weights=b"same").decision == "archived"
    promoted = train("same", "promoted", "better now", weights=b"same")
    assert (promoted.version, promoted.decision, promoted.evidence) == (1, "promoted", "better now")
    train("same", "promoted", "even better")
    assert train("same", "kept-champion", "worse again", weights=b"same").decision == "promoted", "once champion"
    assert len(list_versions(sqlite, "same")) == 2
    with connect(sqlite) as client:
        experiment = client.get_experiment_by_name("gvio-same")
        assert len(client.search_runs([experiment.experiment_id])) == 2, "nothing is logged twice"


def test_other_configuration_is_another_version(sqlite, tmp_path):
    log(sqlite, tmp_path, "config", b"w")
    record = make_record(tmp_path, "config", b"w")
    (record.package / "model.json").write_text('{"channels": 16}')
    assert register(sqlite, record, Decision("kept-champion", "no better")).version == 2


def test_two_processes_that_register_one_package_at_once_agree_on_the_lower_version(sqlite, train, monkeypatch):
    look, looks = registration._of_these_bytes, []

    def blind_at_first(client, region, digests):
        looks.append(region)
        return None if len(looks) == 1 else look(client, region, digests)

    train("both", "promoted", "first", weights=b"same")
    monkeypatch.setattr(registration, "_of_these_bytes", blind_at_first)
    assert train("both", "promoted", "first", weights=b"same").version == 1
    second = list_versions(sqlite, "both")[0]
    assert (second.decision, second.evidence) == ("duplicate", "the same package as version 1")
    assert aliases(sqlite, "both")["champion"] == 1


def test_a_champion_that_knows_later_data_is_not_replaced(sqlite, train):
    train("later", "promoted", "first", known=known("2021-12"))
    earlier = train("later", "promoted", "passed", known=known("2021-11", "2021-12-17", "2021-12-20"))
    assert (earlier.decision, earlier.aliases) == ("archived", ())
    assert earlier.evidence == "passed; version 1 knows later data and stays champion"
    assert aliases(sqlite, "later") == {"champion": 1, "challenger": 1}
    assert train("later", "promoted", "better", known=known("2022-01", "2022-02-17", "2022-02-20")).version == 3
    assert aliases(sqlite, "later")["champion"] == 3


def test_the_champion_of_a_day_knows_nothing_later(sqlite, train):
    november, december = known("2021-11", "2021-12-17", "2021-12-20"), known("2021-12", "2022-01-17", "2022-01-20")

    def on(day: Knowledge) -> bytes | None:
        found = champion_as_of(sqlite, "days", day.trained, day.public_until, day.as_of)
        return None if found is None else found.weights

    assert on(december) is None
    train("days", "promoted", "first", weights=b"november", known=november)
    train("days", "promoted", "better", weights=b"december", known=december)
    assert (on(december), on(november)) == (b"december", b"november")
    assert on(known("2021-12", "2022-01-17", "2022-01-19")) == b"november", "December's run came a day later"
    assert on(known("2021-10", "2021-11-17", "2021-11-20")) is None
    train("days", "archived", "as of then", weights=b"october", known=known("2021-10", "2021-11-17", "2021-11-20"))
    train("days", "kept-champion", "worse", weights=b"refused", known=known("2021-10", "2021-11-17", "2021-11-20"))
    assert on(known("2021-10", "2021-11-17", "2021-11-20")) == b"october"
    assert on(november) == b"november"
    promote(sqlite, "days", 1, "trial")
    assert on(december) == b"november", "the present champion counts first"
    rollback(sqlite, "days")
    assert (on(december), on(november)) == (b"december", b"october"), "what was rolled back does not count"


def test_versions_registered_without_their_knowledge_count_from_their_registration(sqlite, train):
    version = train("older", "promoted", "first")
    with connect(sqlite) as client:
        for key in ("as_of", "public_until"):
            client.delete_model_version_tag("gvio-older", "1", key)
    today, month, until = version.created.date(), Month(2021, 12), dt.date(2022, 1, 17)
    assert champion_as_of(sqlite, "older", month, until, today) is not None
    assert champion_as_of(sqlite, "older", month, until, today - dt.timedelta(days=1)) is None
    with connect(sqlite) as client:
        client.delete_model_version_tag("gvio-older", "1", "trained")
    assert champion_as_of(sqlite, "older", month, until, today) is None
    assert train("older", "promoted", "better").decision == "promoted"


EARLIER = known("2021-11", "2021-12-17", "2021-12-20")


@pytest.mark.parametrize("kind", ["promoted", "kept-champion"])
@pytest.mark.parametrize("newest", ["promoted", "kept-champion"])
def test_a_candidate_that_knows_less_is_not_the_newest(sqlite, train, kind, newest):
    region = f"order-{kind}-{newest}"
    train(region, newest, "of December")
    assert train(region, kind, "as of November", known=EARLIER).version == 2
    assert aliases(sqlite, region)["challenger"] == 1
    assert train(region, "kept-champion", "of December too").version == 3
    assert aliases(sqlite, region)["challenger"] == 3


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
    first = train("between")
    blind_insert.clear()
    second = train("between")
    assert len(blind_insert) == 1
    assert aliases(sqlite, "between") == {"challenger": second.version}
    assert second.version != first.version


def test_an_alias_of_no_version_is_refused_at_once(sqlite, train):
    train("nowhere")
    with pytest.raises(ModelError, match=r"the model registry failed: .*version=7"), connect(sqlite) as client:
        set_alias(client, "nowhere", CHALLENGER, 7)


def test_registry_is_quiet_on_stdout_and_restores_log_levels(tmp_path, capfd):
    before = logging.getLogger("mlflow").level
    with connect(default_uri(tmp_path)) as client:
        print("chatter")
        client.search_experiments()
    out, err = capfd.readouterr()
    assert (out, "INFO" in err) == ("", False)
    assert logging.getLogger("mlflow").level == before


def test_a_folder_without_rights_is_not_a_servers_administrators_matter(sqlite):
    hint = r"Permission denied.* Check the address, the disk and the rights"
    with pytest.raises(ModelError, match=hint), connect(sqlite):
        raise PermissionError(13, "Permission denied", "mlartifacts")


def test_a_champion_that_knew_wrongly_is_replaced_by_hand(sqlite, train, tmp_path):
    """Of the same month only: no reason brings back the model of an earlier one."""
    train("wrong", "promoted", "first", known=known(public_until="2022-01-19"))
    right = train("wrong", "promoted", "passed", weights=b"right")
    assert right.decision == "archived"
    record = make_record(tmp_path, "wrong", b"right")
    mended = register(sqlite, record, Decision("promoted", "passed"), supersede="published on the 17th")
    assert (mended.version, "champion" in mended.aliases) == (right.version, True)
    assert mended.evidence == "passed; supersedes version 1 by hand: published on the 17th"
    earlier = make_record(tmp_path, "wrong", b"old", known=known("2021-11"))
    assert register(sqlite, earlier, Decision("promoted", "passed"), supersede="why").decision == "archived"


def test_the_same_bytes_of_an_earlier_day_have_seen_no_more(sqlite, train):
    late = train("proven", "promoted", "first", weights=b"same")
    assert champion_as_of(sqlite, "proven", Month(2021, 12), dt.date(2022, 1, 17), dt.date(2022, 1, 18)) is None
    train("proven", "promoted", "first", weights=b"same", known=known(as_of="2022-01-18"))
    found = champion_as_of(sqlite, "proven", Month(2021, 12), dt.date(2022, 1, 17), dt.date(2022, 1, 18))
    assert found is not None
    assert found.version.version == late.version
