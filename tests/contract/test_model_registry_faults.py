"""Every call of every registry operation fails in turn; done again, it ends where an undisturbed one ends."""

import contextlib
import dataclasses
import itertools
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from failing_registry import Trouble, trouble  # noqa: F401 - a fixture
from sqlalchemy import Engine, event
from training_records import known, make_record

from gvio.errors import ModelError
from gvio.registry.connection import connect, default_uri
from gvio.registry.lifecycle import promote, rollback
from gvio.registry.record import CHAMPION, Decision, ModelVersion
from gvio.registry.registration import decided_before, register
from gvio.registry.versions import list_versions

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _nothing_waits_for_the_disk() -> Iterator[None]:
    """Thousands of small transactions: on a busy disk they would take most of the time."""

    def forget(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")

    event.listen(Engine, "connect", forget)
    yield
    event.remove(Engine, "connect", forget)


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
    again: Callable[[str, Path, str], object] | None = None  # how the next run does it, where that is another way


SMALL = {"parameters": {"epochs": 60}, "epochs": {}, "metrics": {"mase": 1.0}}  # one request of each kind


def _register(kind, weights=b"new", **changes):
    def act(uri: str, folder: Path, region: str) -> object:
        return register(uri, make_record(folder, region, weights, **SMALL, **changes), Decision(kind, "why"))

    return act


def _new(before, kind, moves=True, **changes):
    """A package that is new: the next run asks first what was decided about it."""
    act = _register(kind, **changes)

    def again(uri: str, folder: Path, region: str) -> object:
        package = make_record(folder, region, b"new", **SMALL, **changes).package
        return decided_before(uri, region, package) or act(uri, folder, region)

    return Operation(before, act, moves, again)


OPERATIONS = {
    "the first version": _new((), "promoted"),
    "a better version": _new((b"1", b"2"), "promoted"),
    "a refused version": _new((b"1",), "kept-champion", moves=False),
    "a version of an earlier day": _new(
        (b"1",), "promoted", moves=False, known=known("2021-11", "2021-12-17", "2021-12-20")
    ),
    "an older version promoted now": Operation((b"1", b"2"), _register("promoted", b"1")),
    "by hand": Operation((b"1", b"2", b"3"), lambda uri, folder, region: promote(uri, region, 1, "why")),
    "rollback": Operation((b"1", b"2", b"3"), lambda uri, folder, region: rollback(uri, region)),
    "rollback to the first": Operation((b"1", b"2"), lambda uri, folder, region: rollback(uri, region)),
}


def _state(versions: list[ModelVersion]) -> list[tuple[object, ...]]:
    """What a person sees of the versions, without times and run ids."""
    return [
        (v.version, v.aliases, v.decision, v.evidence, v.decided, v.replaced, v.weights_sha256, v.unfinished)
        for v in versions
    ]


def _champion(versions: list[ModelVersion]) -> list[tuple[int, str]]:
    return [(v.version, v.decided) for v in versions if CHAMPION in v.aliases]


def _runs(uri: str, region: str) -> set[str]:
    with connect(uri) as client:
        experiment = client.get_experiment_by_name(f"gvio-{region}")
        return {run.info.status for run in client.search_runs([experiment.experiment_id])}


def _prepare(uri: str, folder: Path, region: str, operation: Operation) -> None:
    for weights in operation.before:
        record = make_record(folder, region, weights, **SMALL)
        register(uri, record, Decision("promoted", f"better {weights!r}"))


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
LOGGING = ("create_experiment", "create_run", "log_batch", "lay_out", "set_terminated")
# What a process leaves that is killed after each of its writes is looked at everywhere. That a single call fails adds
# its own handling, which is the same in every operation: with these, every kind of call fails.
EVERY_KIND = ("the first version", "a better version", "rollback")
CASES = [(name, "killed") for name in OPERATIONS] + [
    (name, kind) for name in EVERY_KIND for kind in ("not done", "answer lost")
]


def _may_fail(name: str, kind: str, calls: list[str]) -> Iterator[tuple[int, str]]:
    """The calls to fail, by their number."""
    for at, call in enumerate(calls):
        after_read = at > 0 and calls[at - 1].startswith(READS)
        if call.startswith(READS) and (kind != "not done" or after_read):
            continue  # a read changes nothing: only the first of several can leave another state behind
        if call in LOGGING and name != "the first version":
            continue  # the same in every registration
        yield at, call


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_every_call_may_fail(sqlite, tmp_path, trouble: Trouble, name: str, kind: str):  # noqa: F811
    operation, region = OPERATIONS[name], f"{name} {kind}".replace(" ", "-")
    _prepare(sqlite, tmp_path, region, operation)
    before, prepared = _champion(list_versions(sqlite, region)), Snapshot(sqlite)
    trouble.calls.clear()
    operation.act(sqlite, tmp_path, region)
    calls, wanted = list(trouble.calls), list_versions(sqlite, region)
    after = _champion(wanted)
    assert (after != before) is operation.moves
    for at, call in _may_fail(name, kind, calls):
        prepared.restore()
        trouble.calls.clear()
        trouble.at, trouble.done, trouble.dead = at, kind != "not done", kind == "killed"
        failed = False
        try:
            operation.act(sqlite, tmp_path, region)
        except ModelError as error:
            failed = "the model registry failed: no " in str(error)
        trouble.at = -1
        now = list_versions(sqlite, region)
        half = _champion(now)
        assert half in (before, after), f"{call}: a champion with what made it one, at any moment"
        if failed and (half == before or "rollback" not in name):  # a rollback that is done, done again, is another
            (operation.again or operation.act)(sqlite, tmp_path, region)
            now = list_versions(sqlite, region)
        assert _state(now) == _state(wanted), f"failed at {at}, {call}"
        if kind != "killed":  # test_unfinished_registrations.py kills real processes
            assert "RUNNING" not in _runs(sqlite, region)


def test_nothing_is_ever_deleted(sqlite, tmp_path, trouble: Trouble):  # noqa: F811
    for operation, number in zip(OPERATIONS.values(), itertools.count(), strict=False):
        region = f"rights-{number}"
        _prepare(sqlite, tmp_path, region, operation)
        with contextlib.suppress(ModelError):
            operation.act(sqlite, tmp_path, region)
    assert not [name for name in trouble.calls if "delete" in name]
