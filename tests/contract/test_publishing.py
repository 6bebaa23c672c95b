"""Publishing on every store: whole or not at all, twice is once, one winner, the catalogue behind the pointer."""

from __future__ import annotations

import datetime as dt
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from publishing_doubles import Interrupted, assert_one_chain

from gvio.errors import ConflictError, DamagedStore, StoreError
from gvio.publish.manifest import COG_TYPE
from gvio.store.documents import read_latest
from gvio.store.looks import regions_seen
from gvio.store.objects import ObjectStore
from gvio.store.offers import from_release
from gvio.store.published import list_releases, read_grid, read_release
from gvio.store.repair import repair
from gvio.store.standing import standing
from gvio.store.verify import verify_release
from gvio.store.writing import write_release

pytestmark = pytest.mark.enable_socket
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def test_a_release_is_read_back_whole_and_verified(store, make_release, release_products) -> None:
    release = make_release()
    seen: list[tuple[str, int, int]] = []
    report = write_release(store, "testland", release, lambda *step: seen.append(step))
    assert (report.outcome, report.uploaded, report.reused) == ("published", 17, 0)
    assert report.uploaded_bytes == sum(map(len, release.payloads.values())) + len(release.manifest)
    assert seen[-1] == ("publish", 16, 16)
    assert regions_seen(store) == ["testland"]
    back = read_release(store, "testland")
    assert (back.region, back.release, back.month) == ("testland", release.id, "2021-03")
    assert back.published_at == "2026-01-02T03:04:05Z"
    assert back.manifest.skill == "weak"
    assert back.scoreboard.verdict == "weak"
    assert back.scoreboard == release_products()["scoreboard"]
    assert back.checks == release_products()["checks"]
    assert back.model_card == "# Model of 2021-03\n"
    assert list(back.grids) == ["2021-01", "2021-02", "2021-03"]
    bands, geobox, names = read_grid(store, "testland", back.grids["2021-03"])
    assert bands.shape == (5, 24, 24)
    assert geobox == release_products()["grids"][2].geobox
    assert names == ("estimate", "lower80", "upper80", "raw", "adjustment")
    city = back.estimates.query("area_id == 'CITY' and month == '2021-03'")["estimate"].item()
    assert np.nansum(bands[0], dtype=np.float64) == pytest.approx(city, rel=1e-6)


def test_publishing_again_changes_nothing(store, make_release) -> None:
    write_release(store, "testland", make_release())
    before = {key: store.get(key) for key in store.list_("")}
    report = write_release(store, "testland", make_release(created=dt.datetime(2027, 5, 5, tzinfo=dt.UTC)))
    assert (report.outcome, report.uploaded, report.reused, report.uploaded_bytes) == ("unchanged", 0, 17, 0)
    assert {key: store.get(key) for key in store.list_("")} == before


def test_the_next_month_sends_only_what_is_new(store, make_release) -> None:
    write_release(store, "testland", make_release("2021-02"))
    first = {key: store.get(key) for key in store.list_("")}
    report = write_release(store, "testland", make_release("2021-03"))
    assert (report.outcome, report.uploaded, report.reused) == ("published", 11, 6)
    after = {key: store.get(key) for key in store.list_("")}
    changed = {key for key in first if after[key] != first[key]}
    assert changed == {"testland/latest.json", "testland/collection.json"}
    assert read_release(store, "testland").month == "2021-03"
    old = read_release(store, "testland", make_release("2021-02").id)
    assert (old.month, old.published_at, list(old.grids)) == ("2021-02", None, ["2021-01", "2021-02"])
    assert list_releases(store, "testland") == [make_release("2021-02").id, make_release("2021-03").id]


def test_an_earlier_month_is_archived_and_the_pointer_stays(store, make_release) -> None:
    write_release(store, "testland", make_release("2021-03"))
    assert write_release(store, "testland", make_release("2021-02")).outcome == "archived"
    assert write_release(store, "testland", make_release("2021-02")).outcome == "unchanged"
    latest = read_latest(store, "testland")
    assert latest is not None
    assert latest.month == "2021-03"
    assert _catalogued(store) == latest.release
    assert read_release(store, "testland", make_release("2021-02").id).month == "2021-02"


@pytest.mark.parametrize("writes", [0, 3, 10, 11, 12])
def test_a_killed_publish_leaves_the_last_release_whole(store, make_release, writes) -> None:
    old, new = make_release("2021-02"), make_release("2021-03")
    write_release(store, "testland", old)
    with pytest.raises(KeyboardInterrupt):
        write_release(Interrupted(store, writes), "testland", new)
    assert read_release(store, "testland").release == old.id
    assert _catalogued(store) == old.id
    assert write_release(store, "testland", new).outcome == "published"
    assert read_release(store, "testland").release == new.id
    assert _catalogued(store) == new.id


def test_killed_between_pointer_and_catalogue_the_next_run_brings_the_catalogue_along(store, make_release) -> None:
    old, new = make_release("2021-02"), make_release("2021-03")
    write_release(store, "testland", old)
    with pytest.raises(KeyboardInterrupt):
        write_release(Interrupted(store, 13), "testland", new)
    assert read_release(store, "testland").release == new.id
    assert _catalogued(store) == old.id
    began = standing(store, "testland")
    assert (began.latest.release, began.manifest.release, began.whole) == (new.id, new.id, False)
    assert f"collection.json: shows {old.id}; `latest.json` names {new.id}" in began.damage
    assert write_release(store, "testland", new).outcome == "unchanged"
    assert _catalogued(store) == new.id
    assert standing(store, "testland").whole


def test_of_publishers_at_once_exactly_one_wins_and_readers_see_its_release(store, make_release) -> None:
    write_release(store, "testland", make_release("2021-02"))
    releases = [make_release("2021-03", seed) for seed in range(4)]
    barrier = threading.Barrier(len(releases))

    def publish(release) -> str | None:
        # all reach the pointer together, so that all have read the same version of it
        try:
            write_release(Interrupted(store, 99, barrier.wait), "testland", release)
        except ConflictError:
            return None
        return release.id

    with ThreadPoolExecutor(len(releases)) as pool:
        winners = [name for name in pool.map(publish, releases) if name]
    assert len(winners) == 1
    back = read_release(store, "testland")
    assert back.release == winners[0]
    assert len([read_grid(store, "testland", key) for key in back.grids.values()]) == 3
    assert _catalogued(store) == winners[0]
    assert assert_one_chain(store) == [make_release("2021-02").id, winners[0]]


def test_the_catalogue_ends_at_the_pointer_however_publishers_overlap(store, make_release) -> None:
    releases = [make_release("2021-03", seed) for seed in range(4)]

    def publish(release) -> None:
        for _ in range(50):
            try:
                write_release(store, "testland", release)
            except ConflictError:
                continue
            return
        raise TimeoutError("50 attempts lost")

    with ThreadPoolExecutor(len(releases)) as pool:
        list(pool.map(publish, releases))
    latest = read_latest(store, "testland")
    assert latest is not None
    assert latest.release in {release.id for release in releases}
    assert _catalogued(store) == latest.release


def test_a_lost_object_is_sent_again(store, make_release) -> None:
    release = make_release()
    write_release(store, "testland", release)
    key = f"testland/releases/{release.id}/scoreboard.json"
    store.delete(key)
    with pytest.raises(StoreError, match=r"scoreboard\.json: no such object"):
        read_release(store, "testland")
    assert write_release(store, "testland", release).outcome == "repaired"
    assert read_release(store, "testland").release == release.id


def test_a_damaged_object_is_never_read_as_good_nor_overwritten(store, make_release) -> None:
    release = make_release()
    write_release(store, "testland", release)
    grid, table = read_release(store, "testland").grids["2021-03"], f"releases/{release.id}/model-card.md"
    for key in (f"testland/{grid}", f"testland/{table}"):
        store.delete(key)
        store.put_new(key, b"tampered", COG_TYPE)
    with pytest.raises(StoreError, match=r"model-card\.md: its bytes are not the ones published"):
        read_release(store, "testland")
    with pytest.raises(StoreError, match=r"gvio_2021-03_.*tif: its bytes are not the ones published"):
        read_grid(store, "testland", grid)
    with pytest.raises(StoreError, match=r"holds other bytes .*run `gvio repair --store \S+ --region testland`, with"):
        write_release(store, "testland", release)
    report = repair(store, "testland", now=NOW)
    assert (report.latest, len(report.set_aside)) == (None, 4), "with the pointer and the manifest"
    assert write_release(store, "testland", release).outcome == "published"
    assert verify_release(store, "testland") == ()


def test_one_changed_byte_is_never_called_unchanged(store, make_release) -> None:
    release = make_release()
    write_release(store, "testland", release)
    key = f"testland/releases/{release.id}/scoreboard.json"
    data, etag = store.read_versioned(key)
    store.replace(key, data[:-2] + b" \n", etag)
    with pytest.raises(DamagedStore, match=r"scoreboard\.json: its bytes are not the ones published\. Damaged or"):
        write_release(store, "testland", release)
    assert [f.key for f in verify_release(store, "testland")] == [key.removeprefix("testland/")]
    assert repair(store, "testland", from_release(release), now=NOW).restored == (key.removeprefix("testland/"),)
    assert store.get(key) == data
    assert store.list_("testland/damaged") == {
        "testland/damaged/20260301T000000Z-" + key[9:].replace("/", "_"): len(data)
    }
    assert write_release(store, "testland", release).outcome == "unchanged"


def test_pointer_manifest_and_catalogue_are_mended(store, make_release) -> None:
    old, new = make_release("2021-02"), make_release("2021-03")
    for release in (old, new):
        write_release(store, "testland", release)
    for name in ("latest.json", "collection.json", f"releases/{new.id}/manifest.json"):
        _, etag = store.read_versioned(f"testland/{name}")
        store.replace(f"testland/{name}", b"{}", etag)
    assert {f.kind for f in verify_release(store, "testland")} == {"pointer", "manifest"}
    report = repair(store, "testland", now=NOW)
    assert (report.latest, report.moved, report.catalogue) == (old.id, True, True)
    assert (verify_release(store, "testland"), _catalogued(store)) == ((), old.id)
    assert write_release(store, "testland", new).outcome == "published"
    assert (verify_release(store, "testland"), _catalogued(store)) == ((), new.id)


def _catalogued(store: ObjectStore) -> str:
    """The one release that collection.json shows; every item it lists is there."""
    collection = json.loads(store.get("testland/collection.json"))
    items = [link["href"] for link in collection["links"] if link["rel"] == "item"]
    assert items
    assert all(store.exists(f"testland/{href.removeprefix('./')}") for href in items)
    assert json.loads(store.get("testland/catalog.json"))["links"]
    return str(collection["gvio:release"])
