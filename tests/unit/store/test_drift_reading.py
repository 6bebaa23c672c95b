"""What a release says of drift, from the store to `gvio status`."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from gvio.cli.main import main
from gvio.drift.coverage import Coverage
from gvio.drift.monitors import Alarm, Drift
from gvio.errors import DamagedStore
from gvio.publish.drift import NAME, drift_json
from gvio.store.documents import read_manifest
from gvio.store.drift import read_drift_of
from gvio.store.local import LocalStore
from gvio.store.predecessor import read_predecessor
from gvio.store.writing import write_release

ALARM = Alarm("light_districts", "east", "2020-12", "2021-02", -0.105)
DRIFT = Drift("2021-03", (ALARM,), (), (), Coverage(0, 0, 0.0), {"east": 3}, "v10")
NAMED = {"areas": {"east": "East Side"}}


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def printed(*words: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        main(list(words))
    return out.getvalue()


def test_status_says_what_has_drifted_and_what_to_do(store: LocalStore, make_release: Any, tmp_path: Path) -> None:
    release = make_release("2021-03", revisions={NAME: drift_json(DRIFT)}, inputs=NAMED)
    write_release(store, "testland", release)
    line = printed("status", "--store", str(tmp_path / "store")).splitlines()[-1]
    assert line.startswith(
        "Drift: light of East Side away from factories is -10 % against its season and trend, since "
    )
    (entry,) = json.loads(printed("status", "--store", str(tmp_path / "store"), "--json"))
    assert entry["drift"] == [line]
    assert "told by 2021-02. Ask whether street lamps were replaced" in line
    before = read_predecessor(store, "testland", release.id)
    assert before is not None
    assert before.drift == DRIFT


def test_a_release_of_before_says_nothing(store: LocalStore, make_release: Any, tmp_path: Path) -> None:
    release = make_release("2021-03")
    write_release(store, "testland", release)
    assert read_drift_of(store, read_manifest(store, "testland", release.id)) is None
    (entry,) = json.loads(printed("status", "--store", str(tmp_path / "store"), "--json"))
    assert entry["drift"] == []


def test_a_document_that_cannot_be_understood_is_damage(store: LocalStore, make_release: Any) -> None:
    release = make_release("2021-03", revisions={NAME: b'{"month": "2021-03"}'})
    write_release(store, "testland", release)
    with pytest.raises(DamagedStore, match="cannot be understood"):
        read_drift_of(store, read_manifest(store, "testland", release.id))
    assert read_predecessor(store, "testland", release.id) is None
