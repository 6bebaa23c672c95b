"""The chain of moves is verified record by record, and what a repair does to it is written there."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from gvio.publish.knowledge import Knowledge
from gvio.store.documents import read_latest, read_move
from gvio.store.history import settle
from gvio.store.local import LocalStore
from gvio.store.offers import Offer, from_release
from gvio.store.repair import repair
from gvio.store.standing import standing
from gvio.store.verify import verify_release
from gvio.store.writing import write_release
from gvio.types import Month

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def releases(make_release):
    known = [("2021-02", 0, "2021-03-20"), ("2021-03", 0, "2021-04-20"), ("2021-03", 1, "2021-04-25")]
    return [make_release(m, seed, knowledge=Knowledge(Month.parse(m), "2021-02-18", day)) for m, seed, day in known]


@pytest.fixture
def store(tmp_path: Path, releases) -> LocalStore:
    written = LocalStore(tmp_path / "store")
    for release in releases:
        assert write_release(written, "testland", release).outcome == "published"
    return written


def _record(store: LocalStore, number: int) -> Path:
    return Path(store.url) / "testland" / "history" / f"{number:06d}.json"


def _kinds(store: LocalStore) -> list[tuple[str, str]]:
    return [(finding.kind, finding.key) for finding in verify_release(store, "testland")]


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_byte_of_every_record_counts(store, number) -> None:
    path = _record(store, number)
    sound = path.read_bytes()
    for at in range(0, len(sound), 29):
        data = bytearray(sound)
        data[at] ^= 0x55
        path.write_bytes(bytes(data))
        assert ("history", f"history/{number:06d}.json") in _kinds(store), at
    path.unlink()
    assert _kinds(store) == [("history", f"history/{number:06d}.json")]


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("deleted", [True, False])
@pytest.mark.parametrize("offered", [True, False])
def test_a_lost_record_is_restored_or_its_loss_recorded(store, releases, number, deleted, offered) -> None:
    path = _record(store, number)
    sound = path.read_bytes()
    path.write_bytes(sound.replace(b'"reason": "', b'"reason": "other '))
    if deleted:
        path.unlink()
    assert standing(store, "testland").whole, "readers are not held up"
    offer = Offer({hashlib.sha256(sound).hexdigest(): lambda: sound}) if offered else Offer()
    report = repair(store, "testland", offer, now=NOW)
    assert (report.latest, report.withdrawn) == (releases[2].id, ())
    kept = not offered and not deleted and number == 3  # consistent in itself: the pointer's word alone is against it
    assert report.forgotten == (() if offered or kept else (number,))
    assert _kinds(store) == []
    if offered:
        assert path.read_bytes() == sound
    elif not kept:
        move, _ = read_move(store, "testland", 4)
        assert (move.decision, move.lost, move.release) == ("repaired", (number,), releases[2].id)
        assert read_latest(store, "testland").published_at == "2026-01-02T03:04:05Z", "no release gets younger"


def test_a_deleted_manifest_of_an_older_release_is_found_and_its_loss_recorded(store, releases) -> None:
    shutil.rmtree(Path(store.url) / "testland" / "releases" / releases[1].id)
    (finding,) = verify_release(store, "testland")
    assert (finding.kind, finding.releases) == ("manifest", (releases[1].id,))
    restored = LocalStore(Path(store.url).with_name("same"))
    shutil.copytree(store.url, restored.url)
    report = repair(store, "testland", now=NOW)
    assert ([lost.release for lost in report.withdrawn], report.latest) == ([releases[1].id], releases[2].id)
    assert _kinds(store) == []
    move, _ = read_move(store, "testland", 4)
    assert (move.decision, move.withdrawn) == ("repaired", (releases[1].id,))
    assert repair(store, "testland", now=NOW).withdrawn == (), "once is enough"


def test_a_deleted_manifest_of_an_older_release_is_restored_where_its_bytes_are_offered(store, releases) -> None:
    (Path(store.url) / "testland" / "releases" / releases[1].id / "manifest.json").unlink()
    assert repair(store, "testland", from_release(releases[1]), now=NOW).withdrawn == ()
    assert _kinds(store) == []
    assert not _record(store, 4).exists()


def test_a_latest_release_that_is_withdrawn_leaves_a_move_back(store, releases) -> None:
    table = next(o.key for o in releases[2].objects if o.key.endswith("checks.json"))
    store.delete(f"testland/{table}")
    report = repair(store, "testland", now=NOW)
    assert (report.latest, report.went_back) == (releases[1].id, True)
    move, _ = read_move(store, "testland", 4)
    assert (move.decision, move.release, move.withdrawn) == ("repaired", releases[1].id, (releases[2].id,))
    latest = read_latest(store, "testland")
    assert (latest.published_at, latest.history.since) == ("2026-01-02T03:04:05Z", "2026-03-01T00:00:00Z")
    assert _kinds(store) == []
    assert write_release(store, "testland", releases[2]).outcome == "published"
    assert _kinds(store) == []
    assert read_move(store, "testland", 5)[0].release == releases[2].id


def test_where_nothing_is_left_the_move_to_nothing_is_recorded_and_the_chain_goes_on(tmp_path, releases) -> None:
    store = LocalStore(tmp_path)
    write_release(store, "testland", releases[0])
    store.delete(f"testland/{releases[0].objects[-1].key}")
    store.delete(f"testland/releases/{releases[0].id}/checks.json")
    assert repair(store, "testland", now=NOW).latest is None
    move, _ = read_move(store, "testland", 2)
    assert (move.release, move.withdrawn) == (None, (releases[0].id,))
    assert write_release(store, "testland", releases[0]).outcome == "published"
    assert (_kinds(store), read_move(store, "testland", 3)[0].release) == ([], releases[0].id)


def test_a_move_that_was_begun_is_found_and_completed(store, releases) -> None:
    pointer = Path(store.url) / "testland" / "latest.json"
    sound = pointer.read_bytes()
    before = json.loads(_record(store, 3).read_text())["predecessor"]
    older = json.loads(sound) | {"release": releases[1].id, "as_of": "2021-04-20", "history": before}
    pointer.write_text(json.dumps(older))
    (finding,) = [f for f in verify_release(store, "testland") if f.kind == "pointer"]
    assert "a move was begun and not completed" in finding.message
    report = repair(store, "testland", now=NOW)
    assert (report.latest, report.moved, _kinds(store)) == (releases[2].id, True, [])
    assert read_latest(store, "testland").history.since == "2026-03-01T00:00:00Z"


def test_a_begun_record_that_cannot_be_read_stops_writers_until_it_is_repaired(store, releases, make_release) -> None:
    _record(store, 4).write_text("{")
    assert _kinds(store) == [("history", "history/000004.json")]
    newer = make_release(seed=5, knowledge=Knowledge(Month(2021, 3), "2021-02-18", "2021-04-28"))
    with pytest.raises(Exception, match=r"000004\.json: is not JSON.*gvio repair"):
        write_release(store, "testland", newer)
    assert repair(store, "testland", now=NOW).forgotten == ()
    assert write_release(store, "testland", newer).outcome == "published"
    assert _kinds(store) == []


@pytest.mark.parametrize(
    ("old", "new"), [(b"2021-04-25", b"2021-04-26"), (b'"sha256": "', b'"sha256": "0'), (b"2026-01-02", b"2026-01-03")]
)
def test_a_pointer_that_says_another_thing_than_its_record_is_found_and_written_again(store, old, new) -> None:
    """Also a day that a changed byte turns into another valid day."""
    path = Path(store.url) / "testland" / "latest.json"
    sound = path.read_bytes()
    changed = sound.replace(old, new, 1)
    if b"sha256" in old:
        at = sound.index(old) + len(old)
        changed = sound[:at] + (b"0" if sound[at : at + 1] != b"0" else b"1") + sound[at + 1 :]
    path.write_bytes(changed)
    assert _kinds(store)
    report = repair(store, "testland", now=NOW)
    assert (report.forgotten, _kinds(store)) == ((), [])
    again = json.loads(path.read_bytes())
    assert {k: v for k, v in again.items() if k != "history"} == {
        k: v for k, v in json.loads(sound).items() if k != "history"
    }
    assert again["history"]["sha256"] == json.loads(sound)["history"]["sha256"]


def test_a_store_of_before_records_is_sound_and_stays_as_it_is(store, releases) -> None:
    shutil.rmtree(_record(store, 1).parent)
    (Path(store.url) / "testland" / "latest.json").write_bytes(releases[2].latest)
    before = {key: store.get(key) for key in store.list_("")}
    assert _kinds(store) == []
    assert not repair(store, "testland", now=NOW).moved
    assert {key: store.get(key) for key in store.list_("")} == before


def test_a_pointer_without_its_record_is_found_where_records_are_kept(store, releases) -> None:
    (Path(store.url) / "testland" / "latest.json").write_bytes(releases[1].latest)
    assert _kinds(store) == [("catalogue", "collection.json"), ("pointer", "latest.json")] or _kinds(store) == [
        ("pointer", "latest.json")
    ]
    assert repair(store, "testland", now=NOW).latest == releases[1].id
    assert (_kinds(store), read_move(store, "testland", 4)[0].decision) == ([], "found")
    assert settle(store, "testland", lambda: NOW).number == 4
