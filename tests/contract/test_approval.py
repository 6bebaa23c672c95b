"""A candidate that waits for a person: approved, rejected, cut off in between, decided on by rule after all."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from training_records import killed_before_champion, known, make_record

from gvio.errors import ModelError
from gvio.registry.approval import approve, reject
from gvio.registry.production import production_history
from gvio.registry.record import Decision, ModelVersion
from gvio.registry.registration import decided_before, register
from gvio.registry.versions import list_versions


@pytest.fixture
def train(uri: str, tmp_path: Path):
    numbers = itertools.count(1)

    def one_more(kind="awaiting", reason: str = "awaits approval: promote: better", **more) -> ModelVersion:
        record = make_record(tmp_path, "r", f"weights {next(numbers)}".encode())
        return register(uri, record, Decision(kind, reason), **more)

    return one_more


def aliases(uri: str) -> dict[int, tuple[str, ...]]:
    return {v.version: v.aliases for v in list_versions(uri, "r") if v.aliases}


def test_until_a_person_approves_the_champion_stays(uri, train, tmp_path) -> None:
    train("promoted", "promote: first")
    assert train().decision == "awaiting"
    assert aliases(uri) == {1: ("champion",), 2: ("challenger",)}
    assert decided_before(uri, "r", make_record(tmp_path, "r", b"weights 2").package).decision == "awaiting"
    approved = approve(uri, "r", "looked at the map, Li")
    assert (approved.version, approved.aliases) == (2, ("challenger", "champion"))
    assert approved.evidence == "approved by hand: looked at the map, Li (awaits approval: promote: better)"
    assert approve(uri, "r", "again").tags == approved.tags
    assert [(one.version, one.decided_by) for one in production_history(uri, "r")] == [(1, "rule"), (2, "hand")]


def test_what_was_rejected_stays_so_unless_nothing_else_can_map(uri, train, tmp_path) -> None:
    train("promoted", "promote: first"), train()
    rejected = reject(uri, "r", "a month of fires")
    assert (rejected.decision, rejected.aliases) == ("rejected", ("challenger",))
    assert rejected.evidence.startswith("rejected by hand: a month of fires")
    assert reject(uri, "r", "again").tags == rejected.tags
    with pytest.raises(ModelError, match="it does not wait for approval; rejected by hand"):
        approve(uri, "r", "no, yes")
    record = make_record(tmp_path, "r", b"weights 2")
    assert register(uri, record, Decision("promoted", "promote")).decision == "rejected"
    assert aliases(uri) == {1: ("champion",), 2: ("challenger",)}
    needed = register(uri, record, Decision("promoted", "promote"), of_no_use="the champion cannot be read")
    assert needed.evidence == "promote; rejected before, but the champion cannot be read"
    assert aliases(uri)[2] == ("challenger", "champion")


def test_an_approval_cut_off_before_the_alias_is_completed(uri, train) -> None:
    train("promoted", "promote: first"), train()
    with killed_before_champion():
        approve(uri, "r", "first try")
    assert aliases(uri)[1] == ("champion", "previous")
    approved = approve(uri, "r", "second try", 2)
    assert approved.aliases == ("challenger", "champion")
    assert approved.evidence.startswith("approved by hand: first try")


def test_where_nothing_waits_it_says_so(uri, train) -> None:
    with pytest.raises(ModelError, match="no candidate waits for approval"):
        approve(uri, "r", "why")
    train("promoted", "promote: first")
    with pytest.raises(ModelError, match=r"version 1: it does not wait for approval; promote: first\. `gvio registry"):
        reject(uri, "r", "why")


def test_a_candidate_that_knows_less_is_archived_and_asks_nobody(uri, train, tmp_path) -> None:
    train("promoted", "promote: first")
    early = make_record(tmp_path, "r", b"early", known=known("2020-01", None, "2020-03-01"))
    assert register(uri, early, Decision("awaiting", "awaits approval")).decision == "archived"
