"""Who was in production when: every move of the champion is told, whatever was killed, moved or written before."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import pytest
from training_records import killed_before_champion, make_record

from gvio.publish.moves import ROLLED_BACK
from gvio.registry.aliases import set_alias
from gvio.registry.champion import read_champion
from gvio.registry.connection import connect, default_uri
from gvio.registry.lifecycle import promote, rollback
from gvio.registry.production import production_history
from gvio.registry.record import CHAMPION, Decision
from gvio.registry.registration import register


@pytest.fixture
def train(uri: str, tmp_path: Path):
    numbers = itertools.count()

    def one_more(kind="promoted", reason: str = "promote: better"):
        metrics = {"rolling_origin_as_used/sa-cnn/within_r2": 0.5}
        record = make_record(tmp_path, "r", f"weights {next(numbers)}".encode(), metrics=metrics)
        return register(uri, record, Decision(kind, reason))

    return one_more


def told(uri: str) -> list[tuple[int, str, str, str]]:
    found = production_history(uri, "r")
    for one, after in itertools.pairwise(found):
        assert one.until == after.since or after.since is None
    assert all(one.until is None for one in found[-1:])
    return [(one.version, one.kind, one.decided_by, one.reason) for one in found]


def test_every_move_is_told_with_its_reason_also_where_a_later_one_overwrote_it(uri, train) -> None:
    assert production_history(uri, "r") == []
    train(reason="promote: first"), train(), train("kept-champion", "keep: worse")
    rollback(uri, "r", "the map of March looks wrong")
    assert read_champion(uri, "r").decided.startswith(ROLLED_BACK), "the record of a release's move knows it by this"
    promote(uri, "r", 2, "it was the figures")
    rollback(uri, "r")
    train(reason="promote: fourth")
    assert told(uri) == [
        (1, "promoted", "rule", "promote: first"),
        (2, "promoted", "rule", "promote: better"),
        (1, "rolled-back", "hand", "rolled back from version 2 (the map of March looks wrong)"),
        (2, "by-hand", "hand", "by hand: it was the figures"),
        (1, "rolled-back", "hand", "rolled back from version 2"),
        (4, "promoted", "rule", "promote: fourth"),
    ]
    first = production_history(uri, "r")[0]
    assert (first.scores, len(first.weights_sha256)) == ({"within_r2": 0.5}, 64)


def test_it_moves_with_the_workspace(uri, train, tmp_path) -> None:
    train(), train()
    rollback(uri, "r", "why")
    before = told(uri)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(tmp_path / "mlflow.db", elsewhere / "mlflow.db")
    assert told(default_uri(elsewhere)) == before


@pytest.mark.parametrize("again", ["same", "another"])
def test_a_move_that_was_cut_off_before_the_alias_is_none(uri, train, again) -> None:
    train(reason="promote: first")
    with killed_before_champion():
        train(reason="promote: killed")
    assert [version for version, *_ in told(uri)] == [1]
    if again == "same":
        promote(uri, "r", 2, "again")
    else:
        train(reason="promote: third")
    assert [version for version, *_ in told(uri)] == [1, 2 if again == "same" else 3]


def test_an_alias_moved_by_other_means_is_told_as_such(uri, train) -> None:
    train(), train(), train("kept-champion", "keep")
    with connect(uri) as client:
        set_alias(client, "r", CHAMPION, 3)
    assert [(version, kind) for version, kind, *_ in told(uri)][-1] == (3, "outside")
    train()
    assert [(version, kind) for version, kind, *_ in told(uri)][-2:] == [(3, "outside"), (4, "promoted")]


def test_a_registry_of_before_is_told_by_its_decisions_and_keeps_them(uri, train) -> None:
    train(reason="promote: first"), train()
    rollback(uri, "r")
    before = told(uri)
    with connect(uri) as client:  # as versions of before left it
        for version in ("1", "2"):
            tags = client.get_model_version("gvio-r", version).tags
            for key in [key for key in tags if key.startswith("production.")]:
                client.delete_model_version_tag("gvio-r", version, key)
    assert told(uri) == before
    promote(uri, "r", 2, "now by hand")
    assert told(uri) == [*before, (2, "by-hand", "hand", "by hand: now by hand")]


def test_the_command_tells_it(uri, train, tmp_path, monkeypatch, capsys) -> None:
    from gvio.cli.main import main

    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    train(reason="promote: first"), train()
    for words in (["rollback", "--reason", "wrong map"], ["history"], ["history", "--json"]):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main(["registry", *words, "--region", "r", "--workspace", str(tmp_path)])
        assert not left.value.code
        if words == ["history"]:
            lines = capsys.readouterr().out.splitlines()
            assert [line.split()[1] for line in lines] == ["1", "2", "1"]
            assert "by hand" in lines[2]
            assert "rolled back from version 2 (wrong map)" in lines[2]
    document = json.loads(capsys.readouterr().out)
    assert [one["version"] for one in document] == [1, 2, 1]
