"""Order of knowledge decides who moves the pointer, whoever comes last: two publishers interleaved, on every store."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from publishing_doubles import assert_one_chain

from gvio.errors import ConflictError
from gvio.publish.knowledge import Knowledge
from gvio.store.documents import read_latest
from gvio.store.objects import ObjectStore
from gvio.store.published import read_release
from gvio.store.standing import standing
from gvio.store.writing import write_release
from gvio.types import Month

pytestmark = pytest.mark.enable_socket

MARCH = Month(2021, 3)
KNOWN = {
    "stale": Knowledge(MARCH, None, "2021-05-01"),
    "early": Knowledge(MARCH, "2021-02-18", "2021-04-19"),
    "late": Knowledge(MARCH, "2021-02-18", "2021-04-20"),
    "later statistic": Knowledge(MARCH, "2021-04-18", "2021-04-19"),
}
RANK = list(KNOWN)


class Watched:
    """A store that does something just before the pointer or its record is read or written for the first time."""

    def __init__(self, store: ObjectStore, moment: str, act: Callable[[], None]) -> None:
        self._store, self._moment, self._act = store, moment, act

    def __getattr__(self, name: str):
        return getattr(self._store, name)

    def _now(self, moment: str, key: str) -> None:
        if key.endswith("latest.json") and self._moment == moment:
            self._moment = "over"
            self._act()

    def read_versioned(self, key: str):
        self._now("before it reads the pointer", key)
        return self._store.read_versioned(key)

    def replace(self, key: str, data: bytes, etag: str | None, media_type: str = "application/json") -> None:
        self._now("before it writes the pointer", key)
        if "/history/" in key and self._moment == "before it writes the record":
            self._moment = "over"
            self._act()
        self._store.replace(key, data, etag, media_type)


@pytest.fixture(scope="module")
def releases(make_release):
    return {(name, seed): make_release(seed=seed, knowledge=known) for name, known in KNOWN.items() for seed in (1, 2)}


def _slow(store, release, other, moment) -> str:
    """Publish `release` by a run during which `other` is published at `moment`; the outcome, or "conflict"."""

    def publish_other() -> None:
        began = standing(store, "testland")
        try:
            assert write_release(store, "testland", other, since=began).outcome != "unchanged"
        except ConflictError:
            # the record counts: the rival began before it, and comes after it
            assert (moment, other.knowledge) == ("before it writes the pointer", release.knowledge)

    if moment == "before the run":
        publish_other()
    began = standing(store, "testland")
    if moment == "during the run":
        publish_other()
    try:
        outcome = write_release(Watched(store, moment, publish_other), "testland", release, since=began).outcome
    except ConflictError as error:
        outcome = "conflict" if error.retryable else "end"
    if moment == "after the run":
        publish_other()
    return outcome


@pytest.mark.parametrize("other", RANK)
@pytest.mark.parametrize("ours", ["early", "later statistic"])
@pytest.mark.parametrize(
    "moment",
    [
        "before the run",
        "during the run",
        "before it reads the pointer",
        "before it writes the record",
        "before it writes the pointer",
        "after the run",
    ],
)
def test_newer_knowledge_ends_at_the_pointer_in_every_order(store, releases, ours, other, moment) -> None:
    release, rival = releases[ours, 1], releases[other, 2]
    outcome = _slow(store, release, rival, moment)
    latest = read_latest(store, "testland")
    first = moment in ("before it writes the pointer", "after the run")  # our record is there already
    if ours == other:
        assert outcome == ("published" if first or moment == "before the run" else "conflict")
        stays = moment in ("before the run", "before it writes the pointer")
        assert latest.release == (release.id if stays else rival.id)
    else:
        newest = max(ours, other, key=RANK.index)
        assert latest.release == (release.id if newest == ours else rival.id)
        assert outcome == ("archived" if newest == other and not first else "published")
    assert_one_chain(store)
    assert json.loads(store.get("testland/collection.json"))["gvio:release"] == latest.release
    assert read_release(store, "testland", rival.id).release == rival.id
    if outcome != "conflict":
        assert read_release(store, "testland", release.id).release == release.id


def test_after_a_conflict_the_next_run_takes_the_pointer(store, make_release) -> None:
    began = standing(store, "testland")
    write_release(store, "testland", make_release(seed=1))
    message = (
        r"latest\.json: somebody else published 2021-03-\w+ since this run began, from the same knowledge \(2021-03,"
    )
    with pytest.raises(ConflictError, match=message):
        write_release(store, "testland", make_release(seed=2), since=began)
    again = standing(store, "testland")
    assert write_release(store, "testland", make_release(seed=2), since=again).outcome == "published"


def test_two_runs_of_the_same_release_do_not_conflict(store, make_release) -> None:
    began = standing(store, "testland")
    assert write_release(store, "testland", make_release(), since=began).outcome == "published"
    assert write_release(store, "testland", make_release(), since=began).outcome == "unchanged"


def test_a_pointer_of_an_older_program_is_read_and_gives_way(store, make_release) -> None:
    old = make_release(seed=1)
    write_release(store, "testland", old)
    bytes_, etag = store.read_versioned("testland/latest.json")
    document = {k: v for k, v in json.loads(bytes_).items() if k not in ("public_until", "as_of")}
    store.replace("testland/latest.json", json.dumps(document).encode(), etag)
    latest = read_latest(store, "testland")
    assert (latest.public_until, latest.as_of) == (None, "")
    assert standing(store, "testland").whole
    lowest = make_release(seed=2, knowledge=KNOWN["stale"])
    assert write_release(store, "testland", lowest).outcome == "published"


def test_a_damaged_pointer_holds_no_later_month_up(store, make_release) -> None:
    write_release(store, "testland", make_release("2021-02", knowledge=Knowledge(Month(2021, 2), None, "2021-03-20")))
    _, etag = store.read_versioned("testland/latest.json")
    store.replace("testland/latest.json", b'{"schema_version": 1, "rel', etag)
    began = standing(store, "testland")
    assert (began.latest, began.whole) == (None, False)
    assert "latest.json: is not JSON. Damaged or edited: run `gvio repair" in str(began.damage)
    assert write_release(store, "testland", make_release(), since=began).outcome == "published"
    assert standing(store, "testland").whole


def test_behind_a_damaged_pointer_older_knowledge_is_archived_still(store, make_release) -> None:
    newer = make_release()
    write_release(store, "testland", newer)
    _, etag = store.read_versioned("testland/latest.json")
    store.replace("testland/latest.json", b"{}", etag)
    older = make_release("2021-02", knowledge=Knowledge(Month(2021, 2), None, "2021-05-20"))
    assert write_release(store, "testland", older).outcome == "archived"
