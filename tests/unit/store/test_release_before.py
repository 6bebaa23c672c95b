"""Which release a run continues, and what had been published until then: also after damage and in older stores."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from gvio.publish.knowledge import Knowledge
from gvio.publish.vintages import vintages_parquet
from gvio.revisions.vintages import extended, nothing, own_rows
from gvio.store.documents import read_manifest
from gvio.store.local import LocalStore
from gvio.store.predecessor import Continued, MadeFrom, continued, history_before, read_predecessor
from gvio.store.revisions import read_evidence_of, read_revisions
from gvio.store.sentences import change_sentences
from gvio.store.writing import write_release
from gvio.types import Month

OURS = MadeFrom("our inputs", "our weights", "our configuration")


def knows(month: str, until: str = "2021-02-18", as_of: str = "2021-04-20") -> Knowledge:
    return Knowledge(Month.parse(month), until, as_of)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


@pytest.fixture
def publish(store: LocalStore, make_release: Any) -> Any:
    def write(month: str, until: str = "2021-02-18", **changes: Any) -> Any:
        release = make_release(month, knowledge=knows(month, until), **changes)
        write_release(store, "testland", release)
        return release

    return write


def find(store: LocalStore, month: str, until: str = "2021-02-18", **more: Any) -> Continued:
    return continued(store, "testland", knows(month, until), OURS, **more)


def test_the_first_release_continues_none(store: LocalStore) -> None:
    assert find(store, "2021-02") == Continued()
    assert history_before(store, "testland", Continued()) is None


def test_the_next_month_continues_what_readers_have(store: LocalStore, publish: Any) -> None:
    release = publish("2021-02")
    assert find(store, "2021-03") == Continued(release.id, None, dt.date(2021, 4, 20))


def test_a_release_made_again_continues_what_it_continued(store: LocalStore, publish: Any) -> None:
    first = publish("2021-02")
    told = {"input_key": OURS.input_key, "predecessor": first.id}
    again = publish("2021-03", inputs=told, model={"weights_sha256": OURS.weights_sha256})
    found = find(store, "2021-03")
    assert found.release == first.id
    assert found.again is not None
    assert found.again.release == again.id
    by_another = MadeFrom(OURS.input_key, "another model", OURS.config_sha256)
    other = continued(store, "testland", knows("2021-03"), by_another)
    assert (other.release, other.again) == (again.id, None), "a model that replaced another is news"


def test_a_model_is_its_weights_and_its_configuration(store: LocalStore, publish: Any) -> None:
    """A month of fine-tuning may end at the weights it began with, and still learn how far to believe light."""
    publish("2021-02")
    model = {"weights_sha256": OURS.weights_sha256, "config_sha256": "another configuration"}
    same_weights = publish("2021-03", inputs={"input_key": OURS.input_key}, model=model)
    assert find(store, "2021-03") == Continued(same_weights.id, None, dt.date(2021, 4, 20))


def test_an_older_month_does_not_continue_a_newer_one(store: LocalStore, publish: Any) -> None:
    first = publish("2021-01")
    publish("2021-03")
    assert find(store, "2021-02").release == first.id
    assert find(store, "2021-01").release is None


def test_by_hand_a_release_continues_the_one_that_knew_too_much(store: LocalStore, publish: Any) -> None:
    wrong = publish("2021-02", until="2021-12-31")
    assert find(store, "2021-02").release is None
    assert find(store, "2021-02", supersede=True).release == wrong.id


def test_a_damaged_pointer_does_not_begin_the_history_anew(store: LocalStore, publish: Any) -> None:
    release = publish("2021-02")
    Path(store.url.removeprefix("file://"), "testland", "latest.json").write_text("{")
    assert find(store, "2021-03").release == release.id


def test_an_older_store_begins_its_vintages_with_what_its_releases_say(store: LocalStore, publish: Any) -> None:
    """Releases of before carry no vintages, no evidence and no news: the estimates tell, and the rest is said."""
    ids = [publish(month).id for month in ("2021-01", "2021-02", "2021-03")]
    history = history_before(store, "testland", find(store, "2021-04"))
    assert history is not None
    rows = history[(history["area_id"] == "east") & (history["month"] == "2021-01")]
    assert rows["release"].tolist() == ids[:1], "an estimate that stays is one row"
    assert set(history["release"]) == set(ids)
    days = {release: set(rows["day"].dropna()) for release, rows in history.groupby("release")}
    assert days == {ids[0]: set(), ids[1]: set(), ids[2]: {dt.date(2021, 4, 20)}}, "of older ones nobody knows"
    before = read_predecessor(store, "testland", ids[2])
    assert before is not None
    assert before.evidence is None
    manifest = read_manifest(store, "testland", ids[2])
    assert read_evidence_of(store, manifest) is None
    found = read_revisions(store, manifest)
    assert (found.predecessor, found.news, found.vintages, found.statistics) == (None, None, None, None)
    (sentence,) = change_sentences(store, manifest)
    assert "Nothing is said of changes" in sentence


def test_the_table_of_the_release_before_is_continued_and_damage_falls_back_on_the_estimates(
    store: LocalStore, publish: Any, release_products: Any
) -> None:
    first = publish("2021-02")
    table = release_products("2021-03", 1)["estimates"]
    past = history_before(store, "testland", find(store, "2021-03"))
    own = extended(past, own_rows(table, Month.parse("2021-03")), nothing())
    second = publish("2021-03", estimates=table, revisions={"vintages.parquet": vintages_parquet(own)})
    history = history_before(store, "testland", find(store, "2021-04"))
    assert history is not None
    assert set(history["release"]) == {first.id, second.id}
    (file,) = Path(store.url.removeprefix("file://")).rglob("vintages.parquet")
    file.write_bytes(b"damaged")
    again = history_before(store, "testland", find(store, "2021-04"))
    assert again is not None
    told = ["area_id", "month", "value", "release"]
    assert again[told].to_numpy().tolist() == history[told].to_numpy().tolist()


def test_a_damaged_release_is_compared_with_nothing(store: LocalStore, publish: Any) -> None:
    release = publish("2021-02")
    (file,) = Path(store.url.removeprefix("file://")).rglob("estimates.parquet")
    file.write_bytes(b"damaged")
    assert read_predecessor(store, "testland", release.id) is None
    assert history_before(store, "testland", Continued(release.id)) is None
