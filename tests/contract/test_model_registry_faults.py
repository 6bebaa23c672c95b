"""Every call of every registry operation fails in turn; done again, it ends where an undisturbed one ends."""

import contextlib
import dataclasses
import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from failing_registry import Trouble, trouble  # noqa: F401 - a fixture
from training_records import known, log, make_record

from gvio.errors import ModelError
from gvio.registry.connection import connect, default_uri
from gvio.registry.lifecycle import promote, rollback
from gvio.registry.record import CHAMPION, Decision
from gvio.registry.registration import register
from gvio.registry.versions import list_versions

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory, new_database: bytes) -> str:
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "mlflow.db").write_bytes(new_database)
    return default_uri(folder)


@dataclasses.dataclass(frozen=True)
class Operation:
    """What is there before, and what is done."""

    before: tuple[bytes, ...]  # packages, each promoted over the one before
    act: Callable[[str, Path, str], object]
    moves: bool = True  # whether the champion changes


def _register(kind, weights=b"new", **changes):
    def act(uri: str, folder: Path, region: str) -> object:
        return register(uri, make_record(folder, region, weights, **changes), Decision(kind, "why"))

    return act


OPERATIONS = {
    "the first version": Operation((), _register("promoted")),
    "a better version": Operation((b"1", b"2"), _register("promoted")),
    "a refused version": Operation((b"1",), _register("kept-champion"), moves=False),
    "a version of an earlier day": Operation(
        (b"1",), _register("promoted", known=known("2021-11", "2021-12-17", "2021-12-20")), moves=False
    ),
    "an older version promoted now": Operation((b"1", b"2"), _register("promoted", b"1")),
    "by hand": Operation((b"1", b"2", b"3"), lambda uri, folder, region: promote(uri, region, 1, "why")),
    "rollback": Operation((b"1", b"2", b"3"), lambda uri, folder, region: rollback(uri, region)),
    "rollback to the first": Operation((b"1", b"2"), lambda uri, folder, region: rollback(uri, region)),
}


def _state(uri: str, region: str) -> list[tuple[object, ...]]:
    """What a person sees of the versions, without times and run ids."""
    return [
        (v.version, v.aliases, v.decision, v.evidence, v.decided, v.replaced, v.weights_sha256, v.decided_at is None)
        for v in list_versions(uri, region)
    ]


def _runs(uri: str, region: str) -> set[str]:
    with connect(uri) as client:
        experiment = client.get_experiment_by_name(f"gvio-{region}")
        return {run.info.status for run in client.search_runs([experiment.experiment_id])}


def _champion(uri: str, region: str) -> list[tuple[int, str]]:
    return [(v.version, v.decided) for v in list_versions(uri, region) if CHAMPION in v.aliases]


def _prepare(uri: str, folder: Path, region: str, operation: Operation) -> None:
    for weights in operation.before:
        log(uri, folder, region, weights, "promoted", f"better {weights!r}")


class Snapshot:
    """The registry as it is now, to go back to: faster than making it again."""

    def __init__(self, uri: str) -> None:
        self._path = uri.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(self._path)) as database:
            self._kept = database.serialize()

    def restore(self) -> None:
        with (
            contextlib.closing(sqlite3.connect(":memory:")) as kept,
            contextlib.closing(sqlite3.connect(self._path)) as database,
        ):
            kept.deserialize(self._kept)
            kept.backup(database)


READS = ("get_", "search_", "list_", "download_")


@pytest.mark.parametrize("kind", ["not done", "answer lost", "killed"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_call_may_fail(sqlite, tmp_path, trouble: Trouble, name: str, kind: str):  # noqa: F811
    operation, region = OPERATIONS[name], f"{name} {kind}".replace(" ", "-")
    _prepare(sqlite, tmp_path, region, operation)
    before, prepared = _champion(sqlite, region), Snapshot(sqlite)
    trouble.calls.clear()
    operation.act(sqlite, tmp_path, region)
    calls, wanted, after = list(trouble.calls), _state(sqlite, region), _champion(sqlite, region)
    assert (after != before) is operation.moves
    for at, call in enumerate(calls):
        if call.startswith(READS) and (kind != "not done" or (at and calls[at - 1].startswith(READS))):
            continue  # a read changes nothing: only the first of several can leave another state behind
        prepared.restore()
        trouble.calls.clear()
        trouble.at, trouble.done, trouble.dead = at, kind != "not done", kind == "killed"
        failed = False
        try:
            operation.act(sqlite, tmp_path, region)
        except ModelError as error:
            failed = "the model registry failed: no " in str(error)
        trouble.at = -1
        half = _champion(sqlite, region)
        assert half in (before, after), f"{call}: a champion with what made it one, at any moment"
        if failed and (half == before or "rollback" not in name):  # a rollback that is done, done again, is another
            operation.act(sqlite, tmp_path, region)
        assert _state(sqlite, region) == wanted, f"failed at {at}, {call}"
        if kind != "killed":  # in the same process here; test_unfinished_registrations.py has the real ones
            assert "RUNNING" not in _runs(sqlite, region)


def test_nothing_is_ever_deleted(sqlite, tmp_path, trouble: Trouble):  # noqa: F811
    for operation, number in zip(OPERATIONS.values(), itertools.count(), strict=False):
        region = f"rights-{number}"
        _prepare(sqlite, tmp_path, region, operation)
        with contextlib.suppress(ModelError):
            operation.act(sqlite, tmp_path, region)
    assert not [name for name in trouble.calls if "delete" in name]
