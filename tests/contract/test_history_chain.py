"""Every move of the pointer has its record: one chain, whoever was killed where, whoever came first, on every store."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from publishing_doubles import Interrupted, assert_one_chain
from s3_proxy import once, s3_proxy

from gvio.errors import ConflictError, StoreError
from gvio.publish.knowledge import Knowledge
from gvio.publish.look import LastLook
from gvio.store.documents import read_latest, read_move
from gvio.store.looks import read_look, regions_seen, write_look
from gvio.store.objects import ObjectStore, open_store
from gvio.store.standing import standing
from gvio.store.writing import write_release
from gvio.types import Month

pytestmark = pytest.mark.enable_socket
DAY = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def at(day: dt.datetime):
    return lambda: day


@pytest.fixture(scope="module")
def months(make_release):
    """February, March, and March made anew from the same knowledge and from later knowledge."""
    return {
        "february": make_release("2021-02", knowledge=Knowledge(Month(2021, 2), "2021-02-18", "2021-03-20")),
        "march": make_release("2021-03"),
        "anew": make_release(
            "2021-03", seed=1, model={"version": 2, "decision": "rolled back from version 3; promote"}
        ),
        "later": make_release("2021-03", seed=2, knowledge=Knowledge(Month(2021, 3), "2021-04-18", "2021-04-20")),
    }


def moves(store: ObjectStore) -> list[Any]:
    found = [read_move(store, "testland", number + 1) for number in range(len(assert_one_chain(store)))]
    return [read[0] for read in found]


def test_a_record_says_what_moved_when_and_why(store, months) -> None:
    write_release(store, "testland", months["february"], clock=at(DAY))
    write_release(store, "testland", months["march"], clock=at(DAY + dt.timedelta(days=30)))
    write_release(store, "testland", months["anew"], clock=at(DAY + dt.timedelta(days=31)))
    first, second, third = moves(store)
    assert (first.before, second.before.number, third.before.number) == (None, 1, 2)
    assert [move.at for move in (first, second)] == ["2026-03-01T12:00:00Z", "2026-03-31T12:00:00Z"]
    assert [move.decision for move in (first, second, third)] == ["published", "published", "rolled back"]
    assert (third.reason, third.model.version) == ("rolled back from version 3; promote", 2)
    assert second.knowledge == months["march"].knowledge
    assert read_latest(store, "testland").history.since == "2026-04-01T12:00:00Z" == third.at
    assert write_release(store, "testland", months["anew"]).outcome == "unchanged"
    assert write_release(store, "testland", months["february"]).outcome == "unchanged"
    assert len(moves(store)) == 3, "only a move has a record"


def test_wrong_knowledge_that_gives_way_is_recorded_with_the_reason(store, months) -> None:
    write_release(store, "testland", months["later"])
    assert write_release(store, "testland", months["march"]).outcome == "archived"
    assert write_release(store, "testland", months["march"], supersede="withdrawn since").outcome == "published"
    assert [(move.decision, move.reason) for move in moves(store)][1] == ("superseded", "withdrawn since")


@pytest.mark.parametrize("next_one", ["march", "later", "february"])
def test_killed_between_record_and_pointer_the_next_writer_completes_the_move(store, months, next_one) -> None:
    write_release(store, "testland", months["february"])
    with pytest.raises(KeyboardInterrupt):  # ten objects, manifest, record
        write_release(Interrupted(store, 12), "testland", months["march"], clock=at(DAY))
    assert read_latest(store, "testland").release == months["february"].id
    assert len(store.list_("testland/history")) == 2
    later = DAY + dt.timedelta(days=3)
    outcome = write_release(store, "testland", months[next_one], clock=at(later)).outcome
    assert outcome == {"march": "published", "later": "published", "february": "unchanged"}[next_one]
    ids = [months["february"].id, months["march"].id] + ([months["later"].id] if next_one == "later" else [])
    assert assert_one_chain(store) == ids
    if next_one == "later":
        assert moves(store)[2].before.since == "2026-03-04T12:00:00Z", "when readers got it, not when it was recorded"


@pytest.mark.parametrize("writes", [0, 5, *range(10, 20)])
def test_killed_at_any_write_of_any_month_the_chain_goes_on(store, months, writes) -> None:
    for release in (months["february"], months["march"]):
        try:
            write_release(Interrupted(store, writes), "testland", release)
        except KeyboardInterrupt:
            assert write_release(store, "testland", release).outcome in ("published", "unchanged")
    assert assert_one_chain(store) == [months["february"].id, months["march"].id]
    assert standing(store, "testland").whole


def test_of_writers_at_once_each_has_its_own_number(store, make_release) -> None:
    days = [Knowledge(Month(2021, 3), "2021-02-18", f"2021-04-{day:02d}") for day in range(1, 7)]
    releases = [make_release("2021-03", seed, knowledge=known) for seed, known in enumerate(days)]
    barrier = threading.Barrier(len(releases))

    def publish(release) -> str:
        barrier.wait()
        return write_release(store, "testland", release).outcome

    with ThreadPoolExecutor(len(releases)) as pool:
        outcomes = list(pool.map(publish, releases))
    chain = assert_one_chain(store)
    assert outcomes[-1] == "published"
    published = [release.id for release, outcome in zip(releases, outcomes, strict=True) if outcome == "published"]
    assert sorted(chain) == sorted(published), "who was told that it published has a record, once"
    order = [next(r.knowledge for r in releases if r.id == name) for name in chain]
    assert order == sorted(order), "knowledge only grows"


def test_a_store_of_before_records_continues_and_knows_what_it_served(store, months) -> None:
    _as_before(store, months["february"])
    began = standing(store, "testland")
    assert (began.latest.history, began.whole) == (None, True)
    assert write_release(store, "testland", months["february"]).outcome == "unchanged"
    write_release(store, "testland", months["march"], since=began, clock=at(DAY))
    found, move = moves(store)
    assert (found.decision, found.release, found.at) == ("found", months["february"].id, "2026-01-02T03:04:05Z")
    assert (move.decision, move.before.since) == ("published", "2026-01-02T03:04:05Z")


def test_of_equal_knowledge_a_store_of_before_gives_way_as_it_did(store, months) -> None:
    _as_before(store, months["march"])
    began = standing(store, "testland")
    assert write_release(store, "testland", months["anew"], since=began).outcome == "published"
    assert assert_one_chain(store) == [months["march"].id, months["anew"].id]


def test_killed_while_a_pointer_of_before_is_recorded(store, months) -> None:
    _as_before(store, months["february"])
    for writes in (11, 2):  # before the record of the pointer that was found, and after it
        with pytest.raises(KeyboardInterrupt):
            write_release(Interrupted(store, writes), "testland", months["march"])
        assert read_latest(store, "testland").release == months["february"].id
    write_release(store, "testland", months["march"])
    assert assert_one_chain(store) == [months["february"].id, months["march"].id]


def test_a_move_by_a_program_that_keeps_no_records_is_recorded_afterwards(store, months) -> None:
    write_release(store, "testland", months["february"])
    _as_before(store, months["march"])
    write_release(store, "testland", months["later"])
    assert [move.decision for move in moves(store)] == ["published", "found", "published"]


def test_a_pointer_that_was_lost_or_put_back_follows_the_chain(store, months) -> None:
    write_release(store, "testland", months["february"])
    older = store.get("testland/latest.json")
    write_release(store, "testland", months["march"], clock=at(DAY))
    newest = store.get("testland/latest.json")
    for put in (None, b"{", older):
        store.delete("testland/latest.json")
        if put is not None:
            store.replace("testland/latest.json", put, None)
        assert write_release(store, "testland", months["february"]).outcome in ("archived", "unchanged")
        assert read_latest(store, "testland").release == months["march"].id
    assert assert_one_chain(store) == [months["february"].id, months["march"].id]
    assert json.loads(newest)["published_at"] == "2026-03-01T12:00:00Z"


def test_a_clock_that_is_behind_puts_no_move_before_another(store, months) -> None:
    write_release(store, "testland", months["february"], clock=at(DAY))
    write_release(store, "testland", months["march"], clock=at(DAY - dt.timedelta(hours=5)))
    assert [move.at for move in moves(store)] == ["2026-03-01T12:00:00Z"] * 2


def test_looks_at_once_leave_the_one_that_ended_last(store) -> None:
    def look(minute: int) -> LastLook:
        told = {"region": "testland", "outcome": "unchanged", "reason": "", "next_look": None, "asked": None}
        rest = {"as_of": "2026-03-01", "release": None, "month": None, "newest_light": None, "newest_figures": None}
        return LastLook(**told, **rest, looked_at=f"2026-03-01T12:{minute:02d}:00Z")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda minute: write_look(store, look(minute)), [3, 1, 4, 2]))
    assert read_look(store, "testland") == look(4)
    assert regions_seen(store) == ["testland"]


@pytest.fixture
def proxy(s3_endpoint: str, s3_credentials: None) -> Iterator[Any]:
    with s3_proxy(s3_endpoint, lambda method, path: None) as server:
        yield server


@pytest.mark.parametrize("name", ["/000001.json", "/latest.json"])
@pytest.mark.parametrize("fault", ["lose", "409", "409 done"])
def test_an_answer_that_was_lost_leaves_one_record(proxy, months, name, fault) -> None:
    store = open_store(f"s3://gvio-contract/{uuid.uuid4().hex}", proxy.url)
    proxy.fault = once(fault, "PUT", name)
    assert write_release(store, "testland", months["march"]).outcome == "published"
    assert assert_one_chain(store) == [months["march"].id]


@pytest.mark.parametrize("rival", ["anew", "later"])
@pytest.mark.parametrize("name", ["/000001.json", "/latest.json"])
def test_a_writer_finds_its_own_record_also_when_somebody_published_after_it(
    proxy, s3_endpoint, months, name, rival
) -> None:
    """The connection breaks for good after the write was done; the step is tried again as of the same beginning."""
    place = f"s3://gvio-contract/{uuid.uuid4().hex}"
    store, straight = open_store(place, proxy.url), open_store(place, s3_endpoint)
    began = standing(straight, "testland")
    dead: list[bool] = []

    def break_down(method: str, path: str) -> str | None:
        if method == "PUT" and path.partition("?")[0].endswith(name):
            dead.append(True)
        return "lose" if dead else None

    proxy.fault = break_down
    with pytest.raises(StoreError) as broken:
        write_release(store, "testland", months["march"], since=began)
    assert not isinstance(broken.value, ConflictError)
    with contextlib.suppress(ConflictError):  # it may have begun before the move was completed, and begins again
        write_release(straight, "testland", months[rival])
    write_release(straight, "testland", months[rival])
    assert write_release(straight, "testland", months["march"], since=began).outcome == "published"
    assert assert_one_chain(straight) == [months["march"].id, months[rival].id]
    assert write_release(straight, "testland", months["february"]).outcome == "archived"


def _as_before(store: ObjectStore, release: Any) -> None:
    """As the program wrote it that kept no records."""
    for asset in release.objects:
        store.put_new(f"testland/{asset.key}", release.payloads[asset.key], asset.media_type)
    store.put_new(f"testland/releases/{release.id}/manifest.json", release.manifest, "application/json")
    there = store.read_versioned("testland/latest.json")
    store.replace("testland/latest.json", release.latest, None if there is None else there[1])
    for name, data in release.catalogue.items():
        there = store.read_versioned(f"testland/{name}")
        store.replace(f"testland/{name}", data, None if there is None else there[1])
