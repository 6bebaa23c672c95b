"""What must hold after a rehearsal: each check is a line, and whether it holds."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gvio.backup.objects import digests_of
from gvio.errors import StoreError
from gvio.store.documents import LATEST
from gvio.store.looks import LOOK
from gvio.store.objects import ObjectStore, open_store
from gvio.store.verify import regions_in, verify_release
from infra.stack import keeping
from infra.stack.lifecycle import bring_up, status, take_down
from infra.stack.orders import LOOK as LOOK_DEPLOYMENT
from infra.stack.orders import Orders
from infra.stack.postgres import database_sizes
from infra.stack.programs import STORE, dashboard_environment, pipeline_environment
from infra.stack.rehearsal import REGION, Rehearsal, asked
from infra.stack.settings import Settings

# Objects that hold a time of the clock: when something was published or looked for. All else must be the same bytes.
CLOCKED = (LATEST, LOOK, "history/")
_CLEAN_S = 300.0
_LOOK_S = 900.0
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Finding:
    """One check of a rehearsal."""

    name: str
    holds: bool
    what: str


def findings(rehearsal: Rehearsal, folder: Path, say: Say) -> Iterator[Finding]:
    """Every check, in order; the last ones destroy the stack's data and restore them."""
    settings = rehearsal.settings
    yield from _published(rehearsal)
    yield _nothing_new(rehearsal, "the next look at the last month finds nothing new")
    yield _clean(rehearsal.orders)
    yield from _refused(settings)
    yield _all_well(settings)
    yield from _restored(rehearsal, folder, say)


def sizes(settings: Settings) -> Mapping[str, int]:
    """Bytes of each database and of the store's objects."""
    with _as(dashboard_environment(settings)):
        objects = sum(open_store(STORE, settings.s3_url).list_("").values())
    return {**database_sizes(settings), "store": objects}


def _published(rehearsal: Rehearsal) -> Iterator[Finding]:
    lived = rehearsal.lived
    with _as(dashboard_environment(rehearsal.settings)):
        store = open_store(STORE, rehearsal.settings.s3_url)
        ours, theirs = _unclocked(store), _unclocked(rehearsal.replay)
        differing = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))
        yield Finding("the bytes are those of the undisturbed replay", not differing, _first(differing, len(ours)))
        names = store.list_folders(f"{REGION}/releases")
        months = sorted(name[:7] for name in names)
        once = months == [str(one.month) for one in lived]
        yield Finding("every month is published exactly once", once, f"{len(names)} releases of {len(lived)} months")
        moves = store.list_(f"{REGION}/history")
        yield Finding("the pointer moved once a month", len(moves) == len(lived), f"{len(moves)} moves")
        damages = [found.message for region in regions_in(store) for found in verify_release(store, region)]
        yield Finding("gvio verify finds the store sound", not damages, _first(damages, len(store.list_(""))))


def _clean(orders: Orders) -> Finding:
    """A killed run's slot is a lease of two minutes; its steps are ended by the next look."""
    deadline = time.monotonic() + _CLEAN_S
    while True:
        left = orders.open_ends() + [f"slot {name}" for name, taken in orders.slots().items() if taken]
        if not left or time.monotonic() > deadline:
            return Finding("no run, step or slot is left open", not left, _first(left, 0))
        time.sleep(3)


def _refused(settings: Settings) -> Iterator[Finding]:
    with _as(dashboard_environment(settings)):
        store = open_store(STORE, settings.s3_url)
        pointer = f"{REGION}/{LATEST}"
        there = store.read_versioned(pointer)
        attempts: dict[str, Callable[[], object]] = {
            "create": lambda: store.put_new(f"{REGION}/grids/intruder.json", b"{}", "application/json"),
            "overwrite": lambda: store.replace(pointer, b"{}", None if there is None else there[1]),
            "delete": lambda: store.delete(pointer),
        }
        for name, attempt in attempts.items():
            try:
                attempt()
            except StoreError as error:
                yield Finding(f"the dashboard's key cannot {name}", "denied" in str(error), str(error)[:90])
            else:
                yield Finding(f"the dashboard's key cannot {name}", False, "it could")
    with _as(pipeline_environment(settings)):
        try:
            open_store("s3://mlflow", settings.s3_url).list_("")
        except StoreError as error:
            denied = "denied" in str(error)
            yield Finding("the pipeline's key cannot read the registry's files", denied, str(error)[:90])
        else:
            yield Finding("the pipeline's key cannot read the registry's files", False, "it could")
    for title, url in (
        ("MLflow", f"{settings.mlflow_url}/api/2.0/mlflow/experiments/search?max_results=1"),
        ("Prefect", f"{settings.prefect_url}/admin/version"),
    ):
        code = _code(url)
        yield Finding(f"{title} refuses without a password", code == 401, f"answers {code}")


def _all_well(settings: Settings) -> Finding:
    trouble = [f"{line.title} {line.trouble}" for line in status(settings) if line.trouble]
    return Finding("all six programs are well", not trouble, _first(trouble, 6))


def _restored(rehearsal: Rehearsal, folder: Path, say: Say) -> Iterator[Finding]:
    """Back up, destroy databases and objects, restore, and order the last month again: nothing is new."""
    settings, backup = rehearsal.settings, folder / "backup"
    with _as(dashboard_environment(settings)):
        before = _all(open_store(STORE, settings.s3_url))
    made = keeping.back_up(settings, backup, replace=True)
    yield Finding("gvio backup", made == 0, f"exit code {made}")
    take_down(settings, say)
    for name in ("postgres", "s3", "work", "prefect"):
        shutil.rmtree(settings.folder / name)
    bring_up(settings.folder, None, say)
    keeping.stop_users(settings)
    done = keeping.restore(settings, backup)
    bring_up(settings.folder, None, say)
    yield Finding("gvio restore after all data were destroyed", done == 0, f"exit code {done}")
    with _as(dashboard_environment(settings)):
        after = _all(open_store(STORE, settings.s3_url))
    differing = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    yield Finding("the restored store holds the same bytes", not differing, _first(differing, len(after)))
    yield _nothing_new(rehearsal, "nor does it after the restoration")


def _nothing_new(rehearsal: Rehearsal, name: str) -> Finding:
    """Order the last month again: a look ends, and ends what was left open by others."""
    orders, month = rehearsal.orders, rehearsal.lived[-1].month
    deployment = orders.pause(LOOK_DEPLOYMENT)
    request = asked(month, str(rehearsal.settings.pack), STORE, rehearsal.settings.folder / "work")
    run = orders.order(deployment, request)
    deadline = time.monotonic() + _LOOK_S
    while not (run := orders.look(run.number)).ended and time.monotonic() < deadline:
        time.sleep(1)
    same = run.state == "COMPLETED" and f"Unchanged: {month}" in run.message
    return Finding(name, same, f"{run.state.lower()}: {run.message[:80]}")


def _all(store: ObjectStore) -> Mapping[str, tuple[int, str]]:
    return digests_of(store, store.list_(""))


def _unclocked(store: ObjectStore) -> Mapping[str, tuple[int, str]]:
    keys = (key for key in store.list_("") if not key.partition("/")[2].startswith(CLOCKED))
    return digests_of(store, keys)


def _first(wrong: list[str], count: int) -> str:
    return f"{len(wrong)}: {wrong[0]}" if wrong else f"{count} looked at" if count else "none"


def _code(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as answer:
        answer.close()
        return answer.code


@contextlib.contextmanager
def _as(access: Mapping[str, str]) -> Iterator[None]:
    """Let S3 clients made in the body use these keys: boto3 reads them from the environment."""
    before = dict(os.environ)
    os.environ.update(access)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
