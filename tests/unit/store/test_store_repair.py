"""A damaged object of any kind is found, named with its cure, and cured: from bytes offered, or by publishing again."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path

import pytest

from gvio.errors import DamagedStore, StoreError
from gvio.files import write_bytes
from gvio.publish.grids import GridObject
from gvio.publish.knowledge import Knowledge
from gvio.raster import read_cog
from gvio.store.documents import read_latest
from gvio.store.local import LocalStore
from gvio.store.offers import Offer, documents_of, from_release, from_workspace
from gvio.store.published import last_readable, list_releases, read_release
from gvio.store.repair import repair
from gvio.store.repair_report import Lost
from gvio.store.standing import Standing, last_manifest, standing
from gvio.store.verify import regions_in, verify_release
from gvio.store.writing import write_release
from gvio.types import Month
from gvio.version import code_version

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
TABLES = ["estimates.parquet", "scoreboard.json", "checks.json", "model-card.md"]


@pytest.fixture(scope="module")
def releases(make_release):
    older = make_release("2021-02", knowledge=Knowledge(Month(2021, 2), "2021-02-18", "2021-03-20"))
    return older, make_release()


@pytest.fixture
def store(tmp_path: Path, releases) -> LocalStore:
    written = LocalStore(tmp_path / "store")
    for release in releases:
        assert write_release(written, "testland", release).outcome == "published"
    return written


def _flip(store: LocalStore, key: str, at: int = 20) -> Path:
    path = Path(store.url) / "testland" / key
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 0x55
    path.write_bytes(bytes(data))
    return path


def _key(release, ending: str) -> str:
    return next(o.key for o in release.objects if o.key.endswith(ending) or o.key.startswith(ending))


def test_a_sound_store_has_no_findings_and_nothing_to_repair(store, releases) -> None:
    seen = []
    assert verify_release(store, "testland", progress=lambda *step: seen.append(step)) == ()
    assert seen[-1] == ("verify", 23, 23)
    assert regions_in(store) == ["testland"]
    before = {key: store.get(key) for key in store.list_("")}
    report = repair(store, "testland", now=NOW)
    assert (report.latest, report.restored, report.set_aside, report.left) == (releases[1].id, (), (), ())
    assert not report.moved
    assert not report.catalogue
    assert {key: store.get(key) for key in store.list_("")} == before


@pytest.mark.parametrize("ending", [*TABLES, "grids/", "items/"])
def test_one_changed_byte_of_an_object_is_found_and_restored_from_the_release_made_again(store, releases, ending):
    key = _key(releases[1], ending)
    _flip(store, key)
    (finding,) = verify_release(store, "testland")
    assert (finding.kind, finding.key) == ("damaged", key)
    assert releases[1].id in finding.releases
    assert "its bytes are not the ones published. Damaged or edited: run `gvio repair --store" in finding.message
    with pytest.raises(DamagedStore, match="its bytes are not the ones published"):
        write_release(store, "testland", releases[1])
    report = repair(store, "testland", from_release(releases[1]), now=NOW)
    assert (report.restored, report.left) == ((key,), ())
    assert store.exists(f"testland/damaged/20260301T000000Z-{key.replace('/', '_')}")
    assert verify_release(store, "testland") == ()
    assert write_release(store, "testland", releases[1]).outcome == "unchanged"


@pytest.mark.parametrize("ending", TABLES)
@pytest.mark.parametrize("deleted", [True, False])
def test_a_latest_release_whose_table_cannot_be_restored_is_withdrawn(store, releases, ending, deleted) -> None:
    older, newer = releases
    path = _flip(store, _key(newer, ending))
    path.write_bytes(path.read_bytes() + b"longer")
    with pytest.raises(DamagedStore, match=r"holds other bytes .*Damaged or edited: run `gvio repair --store"):
        write_release(store, "testland", newer)
    if deleted:
        path.unlink()
    report = repair(store, "testland", now=NOW)
    assert (report.restored, report.left, report.latest, report.went_back) == ((), (), older.id, True)
    assert report.to_make == (Lost(newer.id, "2021-03", "2021-04-20", None),)
    assert standing(store, "testland").whole
    assert read_release(store, "testland").release == older.id
    assert verify_release(store, "testland") == ()
    assert write_release(store, "testland", newer).outcome == "published"
    assert verify_release(store, "testland") == ()


def test_a_lost_grid_is_left_to_a_run_and_what_lists_other_bytes_is_withdrawn_afterwards(
    store, releases, make_release
) -> None:
    newer = releases[1]
    key = next(o.key for o in newer.objects if o.month == "2021-03")
    _flip(store, key)
    report = repair(store, "testland", now=NOW)
    assert (report.latest, report.set_aside, [f.key for f in report.left]) == (newer.id, (key,), [key])
    assert read_release(store, "testland").release == newer.id, "its tables are whole"
    assert "no such object" in str(standing(store, "testland").damage)
    same = LocalStore(Path(store.url).with_name("same"))
    shutil.copytree(store.url, same.url)
    assert write_release(same, "testland", newer).outcome == "repaired"
    assert repair(same, "testland", now=NOW).to_make == verify_release(same, "testland") == ()
    other = make_release(seed=1)
    assert write_release(store, "testland", other).outcome == "published"
    report = repair(store, "testland", now=NOW)
    assert (report.to_make, [lost.replaced_by for lost in report.withdrawn]) == ((), [other.id])
    assert verify_release(store, "testland") == ()


def test_the_only_release_is_withdrawn_with_the_months_that_a_run_would_leave_out(tmp_path, releases) -> None:
    store = LocalStore(tmp_path)
    write_release(store, "testland", releases[1])
    store.delete(f"testland/{_key(releases[1], 'model-card.md')}")
    report = repair(store, "testland", now=NOW)
    assert (report.latest, report.left) == (None, ())
    assert report.to_make == (Lost(releases[1].id, "2021-03", "2021-04-20", None, "2021-01"),)
    assert standing(store, "testland") == Standing()
    assert write_release(store, "testland", releases[1]).outcome == "published"
    assert verify_release(store, "testland") == ()


def test_where_all_lack_a_grid_the_pointer_leaves_a_lost_table_for_what_can_be_read(store, releases) -> None:
    older, newer = releases
    store.delete(f"testland/{_key(newer, 'checks.json')}")
    store.delete(f"testland/{_key(older, 'grids/')}")
    report = repair(store, "testland", now=NOW)
    assert (report.latest, len(report.left)) == (older.id, 1)
    assert [lost.release for lost in report.to_make] == [older.id, newer.id]
    assert read_release(store, "testland").release == older.id
    assert write_release(store, "testland", older).outcome == "repaired"
    assert verify_release(store, "testland") == ()


def test_items_are_made_again_from_sound_grids(store, releases) -> None:
    items = [o.key for o in releases[1].objects if o.key.startswith("items/")]
    _flip(store, items[0])
    store.delete(f"testland/{items[2]}")
    report = repair(store, "testland", now=NOW)
    assert set(report.restored) == {items[0], items[2]}
    assert verify_release(store, "testland") == ()


def test_pictures_and_csv_are_made_again_from_what_they_follow_from(store, releases) -> None:
    pictures = [o.key for o in releases[1].objects if o.key.startswith("thumbnails/")]
    csv = f"releases/{releases[1].id}/estimates.csv"
    _flip(store, pictures[0])
    store.delete(f"testland/{csv}")
    assert set(repair(store, "testland", now=NOW).restored) == {pictures[0], csv}
    assert verify_release(store, "testland") == ()


@pytest.mark.slow
def test_every_byte_of_a_manifest_counts(store, releases) -> None:
    path = Path(store.url) / "testland" / f"releases/{releases[1].id}/manifest.json"
    sound = path.read_bytes()
    for at in range(0, len(sound), 41):  # a prime: every kind of place comes up
        _flip(store, f"releases/{releases[1].id}/manifest.json", at)
        assert verify_release(store, "testland"), at
        assert not standing(store, "testland").whole, at
        path.write_bytes(sound)
    assert standing(store, "testland").whole


def test_a_damaged_manifest_is_restored_or_the_pointer_goes_to_the_newest_whole_release(store, releases) -> None:
    older, newer = releases
    path = _flip(store, f"releases/{newer.id}/manifest.json", 400)
    damaged = path.read_bytes()
    (finding,) = verify_release(store, "testland")
    assert (finding.kind, finding.releases) == ("manifest", (newer.id,))
    assert repair(store, "testland", from_release(newer), now=NOW).restored == (f"releases/{newer.id}/manifest.json",)
    assert standing(store, "testland").whole
    path.write_bytes(damaged)
    assert last_manifest(store, "testland").release == older.id
    report = repair(store, "testland", now=NOW)
    assert (report.latest, report.moved, report.catalogue, report.went_back) == (older.id, True, True, True)
    assert report.to_make == (Lost(newer.id, "2021-03", "2021-04-20", None),)
    assert read_latest(store, "testland").as_of == "2021-03-20", "its record says so"
    assert standing(store, "testland").whole
    assert verify_release(store, "testland") == ()
    assert write_release(store, "testland", newer).outcome == "published"
    assert verify_release(store, "testland") == ()


@pytest.mark.parametrize("deleted", [True, False])
def test_a_workspace_offers_the_manifest_of_every_release_that_it_published(store, releases, tmp_path, deleted) -> None:
    before = {key: store.get(key) for key in store.list_("")}
    for release in releases:
        for name, data in documents_of(release).items():
            write_bytes(tmp_path / "work" / name, data)
        path = Path(store.url) / "testland" / "releases" / release.id / "manifest.json"
        path.unlink() if deleted else _flip(store, f"releases/{release.id}/manifest.json")
    (Path(store.url) / "testland" / "latest.json").write_text("{")
    report = repair(store, "testland", from_workspace(tmp_path / "work"), now=NOW)
    assert (report.latest, len(report.restored), report.to_make) == (releases[1].id, 2, ())
    assert {key: store.get(key) for key in store.list_("") if "/damaged/" not in key} == before


def test_a_manifest_in_the_workspace_that_was_edited_is_not_offered(releases, tmp_path) -> None:
    for name, data in documents_of(releases[1]).items():
        write_bytes(tmp_path / name, data.replace(b"2021-03", b"2021-04", 1))
    assert from_workspace(tmp_path).manifests == {}


def test_an_older_release_that_cannot_be_restored_is_withdrawn_and_its_month_named(store, releases) -> None:
    older, newer = releases
    key = _key(older, "checks.json")
    _flip(store, key)
    report = repair(store, "testland", now=NOW)
    assert (report.latest, report.left, report.moved) == (newer.id, (), False)
    assert report.to_make == (Lost(older.id, "2021-02", "2021-03-20", None),)
    assert verify_release(store, "testland") == ()
    assert write_release(store, "testland", older).outcome == "archived"
    assert verify_release(store, "testland") == ()
    assert list_releases(store, "testland") == [older.id, newer.id]


def test_a_release_that_another_of_the_same_month_and_statistics_replaced_need_not_be_made(
    store, releases, make_release
) -> None:
    again = make_release(code="0.2.0")
    assert write_release(store, "testland", again).outcome == "published"
    store.delete(f"testland/{_key(releases[1], 'checks.json')}")
    report = repair(store, "testland", now=NOW)
    assert (report.to_make, [lost.replaced_by for lost in report.withdrawn]) == ((), [again.id])
    assert verify_release(store, "testland") == ()


def test_a_grid_that_the_latest_lists_too_withdraws_no_older_release(store, releases) -> None:
    store.delete(f"testland/{_key(releases[0], 'grids/')}")
    report = repair(store, "testland", now=NOW)
    assert (report.withdrawn, [lost.release for lost in report.to_make]) == ((), [releases[1].id])


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        b"{}",
        b'{"schema_version": 1, "region": "testland", "release": "/", "month": "2021-03", "published_at": ""}',
    ],
)
@pytest.mark.parametrize("recorded", [True, False])
def test_a_pointer_beyond_reading_is_that_of_its_record_else_of_the_newest_whole_release(
    store, releases, text, recorded
) -> None:
    path = Path(store.url) / "testland" / "latest.json"
    sound = path.read_bytes()
    path.write_bytes(text)
    if not recorded:
        shutil.rmtree(path.with_name("history"))
    (finding,) = verify_release(store, "testland")
    assert (finding.kind, finding.key) == ("pointer", "latest.json")
    report = repair(store, "testland", now=NOW)
    assert (report.latest, report.moved) == (releases[1].id, True)
    assert (path.read_bytes() == sound) is recorded
    assert recorded or read_latest(store, "testland").published_at == "2026-03-01T00:00:00Z"
    assert verify_release(store, "testland") == ()


def test_a_pointer_of_another_region_is_damage(store) -> None:
    path = Path(store.url) / "testland" / "latest.json"
    path.write_bytes(path.read_bytes().replace(b'"testland"', b'"textland"'))
    assert "is the pointer of the region 'textland'" in str(standing(store, "testland").damage)


def test_a_pointer_that_still_names_its_release_keeps_it_with_its_day_and_time(store, releases) -> None:
    path = Path(store.url) / "testland" / "latest.json"
    sound = path.read_bytes()
    path.write_bytes(sound[:-3])
    assert repair(store, "testland", now=NOW).moved
    assert path.read_bytes() == sound


def test_a_pointer_that_contradicts_its_manifest_is_damage(store) -> None:
    path = Path(store.url) / "testland" / "latest.json"
    sound = path.read_bytes()
    path.write_bytes(sound.replace(b"2021-02-18", b"2021-02-19"))
    damage = str(standing(store, "testland").damage)
    assert "says 2021-03, public until 2021-02-19; the manifest 2021-03, 2021-02-18" in damage
    assert repair(store, "testland", now=NOW).moved
    assert path.read_bytes() == sound


def test_a_vanished_pointer_is_found_and_written_again(store, releases) -> None:
    store.delete("testland/latest.json")
    (finding,) = verify_release(store, "testland")
    assert "no such object, though 2 release(s) have their manifest" in finding.message
    assert repair(store, "testland", now=NOW).latest == releases[1].id
    assert regions_in(store) == ["testland"]


def test_where_no_whole_release_is_left_nothing_is_published_and_the_next_run_publishes(tmp_path, releases) -> None:
    store = LocalStore(tmp_path)
    write_release(store, "testland", releases[1])
    _flip(store, f"releases/{releases[1].id}/manifest.json", 400)
    report = repair(store, "testland", now=NOW)
    assert report.latest is None
    assert standing(store, "testland") == standing(LocalStore(tmp_path / "none"), "testland")
    assert write_release(store, "testland", releases[1]).outcome == "published"
    assert verify_release(store, "testland") == ()


@pytest.mark.parametrize("name", ["collection.json", "catalog.json"])
@pytest.mark.parametrize("text", [None, b"[]", b"{", b'{"links": 1, "assets": 2}'])
def test_a_catalogue_that_does_not_show_the_release_is_found_and_made_again(store, releases, name, text) -> None:
    path = Path(store.url) / "testland" / name
    sound = path.read_bytes()
    path.unlink() if text is None else path.write_bytes(text)
    (finding,) = verify_release(store, "testland")
    assert finding.kind == "catalogue"
    assert f"; `latest.json` names {releases[1].id}. Damaged or edited" in finding.message
    assert not standing(store, "testland").whole
    assert repair(store, "testland", now=NOW).catalogue
    assert standing(store, "testland").whole
    again = json.loads(path.read_bytes())
    again.get("extent", {}).pop("spatial", None)
    wanted = json.loads(sound)
    wanted.get("extent", {}).pop("spatial", None)
    assert again == wanted


def _publish_one(tmp_path: Path, make_release, **facts) -> tuple[LocalStore, Path, bytes]:
    store = LocalStore(tmp_path / "other")
    write_release(store, "testland", make_release(**facts))
    path = Path(store.url) / "testland" / "collection.json"
    return store, path, path.read_bytes()


@pytest.mark.parametrize("name", ["collection.json", "catalog.json"])
def test_every_word_of_a_catalogue_counts_where_this_version_wrote_it(tmp_path, make_release, name) -> None:
    store, path, _ = _publish_one(tmp_path, make_release, code=code_version())
    path = path.with_name(name)
    sound = path.read_bytes()
    assert verify_release(store, "testland") == ()
    for word in (b"Testland", b"STAC" if name == "catalog.json" else b"night light", b"other", b"\n"):
        if word in sound:
            path.write_bytes(sound.replace(word, word[:-1], 1))
            (finding,) = verify_release(store, "testland")
            assert (finding.kind, finding.key) == ("catalogue", name)
            assert "is not what its release says" in finding.message
            assert repair(store, "testland", now=NOW).catalogue
            assert path.read_bytes() == sound


@pytest.mark.parametrize("field", ["title", "gvio:skill", "gvio:invented", "id", "extent"])
def test_facts_of_a_catalogue_count_whoever_wrote_it_and_words_do_not(tmp_path, make_release, field) -> None:
    store, path, sound = _publish_one(tmp_path, make_release, code="0.1.0")
    older = json.loads(sound) | {"description": "Words of before.", "stac_version": "1.0.0", "keywords": ["light"]}
    path.write_bytes(json.dumps(older).encode())
    assert verify_release(store, "testland") == (), "written by another version, which said it otherwise"
    edited = {"gvio:invented": True, "extent": {"spatial": {"bbox": [[0, 0, 9, 9]]}, "temporal": {"interval": []}}}
    path.write_bytes(json.dumps(older | {field: edited.get(field, "edited")}).encode())
    (finding,) = verify_release(store, "testland")
    assert f"{field!r} is not what its release says" in finding.message
    assert repair(store, "testland", now=NOW).catalogue
    assert path.read_bytes() == sound


def test_links_and_assets_of_a_catalogue_say_what_the_release_holds(tmp_path, make_release) -> None:
    store, path, sound = _publish_one(tmp_path, make_release, code="0.1.0")
    for old, new in ((b'"title": "2021-01"', b'"title": "2021-09"'), (b'"text/markdown', b'"text/html')):
        assert old in sound
        path.write_bytes(sound.replace(old, new))
        (finding,) = verify_release(store, "testland")
        assert "is not what its release says" in finding.message


def test_a_catalogue_left_behind_by_a_killed_publish_is_not_whole(store, releases) -> None:
    (Path(store.url) / "testland" / "collection.json").write_bytes(releases[0].catalogue["collection.json"])
    assert f"shows {releases[0].id}" in str(standing(store, "testland").damage)
    listing = json.loads(releases[1].catalogue["collection.json"])
    listing["links"] = [link for link in listing["links"] if link.get("title") != "2021-03"]
    (Path(store.url) / "testland" / "collection.json").write_bytes(json.dumps(listing).encode())
    assert "does not list the objects of the release it shows" in str(standing(store, "testland").damage)


def test_a_grid_that_no_manifest_lists_is_checked_by_its_name(store) -> None:
    key = "grids/2021-04/gvio_2021-04_0123456789ab.tif"
    store.put_new(f"testland/{key}", b"no such content", "image/tiff")
    (finding,) = verify_release(store, "testland")
    assert (finding.key, finding.releases) == (key, ())
    report = repair(store, "testland", now=NOW)
    assert (report.set_aside, report.left) == ((key,), ())


def test_one_release_can_be_verified_alone(store, releases) -> None:
    _flip(store, f"releases/{releases[1].id}/checks.json")
    assert verify_release(store, "testland", releases[0].id) == ()
    assert len(verify_release(store, "testland", releases[1].id)) == 1
    with pytest.raises(StoreError, match=r"testland: no such release\. `gvio status --store \S+` names the latest"):
        verify_release(store, "testland", "2020-01-0123456789ab")
    with pytest.raises(StoreError, match="nothing is published"):
        verify_release(store, "elsewhere")


def test_tables_that_a_killed_run_left_damaged_do_not_hold_their_release_up(tmp_path, releases) -> None:
    store = LocalStore(tmp_path)
    store.put_new(f"testland/{_key(releases[1], 'checks.json')}", b"rotten", "application/json")
    assert write_release(store, "testland", releases[1]).outcome == "published"
    assert verify_release(store, "testland") == ()


@pytest.mark.parametrize("key", ["latest.json", "manifest", *TABLES])
def test_the_next_run_is_warned_not_stopped(store, releases, key) -> None:
    assert last_readable(store, "testland").release.release == releases[1].id
    place = {"latest.json": key, "manifest": f"releases/{releases[1].id}/manifest.json"}
    _flip(store, place.get(key) or _key(releases[1], key))
    release, warning = last_readable(store, "testland")
    assert release is None
    assert (warning.name, warning.passed, warning.required) == ("store.last_release", False, False)
    assert "the last release cannot be built on, so nothing is compared with it" in warning.message
    assert last_manifest(store, "testland") is not None


def test_a_run_that_knows_less_than_the_latest_is_compared_with_what_knew_less_than_it(store, releases) -> None:
    older, newer = releases
    assert last_readable(store, "testland", newer.knowledge).release.release == newer.id
    assert last_readable(store, "testland", older.knowledge) == (None, None)
    late = Knowledge(Month(2021, 2), "2021-02-19", "2021-03-20")
    assert last_readable(store, "testland", late).release.release == older.id


def test_nothing_published_is_no_warning(tmp_path) -> None:
    assert last_readable(LocalStore(tmp_path), "testland") == (None, None)
    assert last_manifest(LocalStore(tmp_path), "testland") is None


def test_a_damaged_pointer_does_not_hide_a_release_that_is_named(store, releases) -> None:
    (Path(store.url) / "testland" / "latest.json").write_bytes(b"{}")
    assert read_release(store, "testland", releases[0].id).published_at is None


def test_a_newer_schema_is_never_taken_for_damage(store) -> None:
    (Path(store.url) / "testland" / "latest.json").write_bytes(b'{"schema_version": 2}')
    for look in (standing, last_readable, verify_release, lambda s, r: repair(s, r, now=NOW)):
        with pytest.raises(StoreError, match="has schema_version 2, this program reads 1"):
            look(store, "testland")


def test_a_workspace_offers_what_the_last_publication_left_there(store, releases, tmp_path) -> None:
    release, folder = releases[1], tmp_path / "work" / "testland"
    (folder / "product" / "grids").mkdir(parents=True)
    payloads = {key.rpartition("/")[2]: data for key, data in release.payloads.items()}
    for name in TABLES:
        (folder / "product" / name).write_bytes(payloads[name])
    for asset in release.objects:
        if asset.month is not None:
            (folder / "product" / "grids" / f"{asset.month}.tif").write_bytes(release.payloads[asset.key])
    keys = [_key(release, ending) for ending in [*TABLES, "grids/", "items/"]]
    for key in keys:
        _flip(store, key)
    report = repair(store, "testland", from_workspace(folder), now=NOW)
    assert (set(report.restored), report.left) == (set(keys), ())
    assert verify_release(store, "testland") == ()


def test_an_offer_that_changed_meanwhile_or_is_absent_offers_nothing(tmp_path) -> None:
    assert from_workspace(tmp_path / "none") == Offer({}, {})
    assert Offer({"0" * 64: lambda: b"other"}).bytes_of("0" * 64) is None


def test_looking_at_a_store_loads_no_library_of_tables_rasters_or_catalogues(store) -> None:
    import subprocess
    import sys

    code = "import sys; from gvio.store.objects import open_store; from gvio.store.standing import standing;"
    code += f"print(standing(open_store({store.url!r}), 'testland').whole,"
    code += "[m for m in ('pandas', 'pystac', 'rasterio', 'pyarrow', 'boto3') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True []"


def test_a_release_that_lacks_the_same_grid_or_other_months_replaces_none(store, releases, make_release) -> None:
    again = make_release(code="0.2.0")
    assert write_release(store, "testland", again).outcome == "published"
    store.delete(f"testland/{_key(again, 'grids/2021-03')}")
    assert [lost.release for lost in repair(store, "testland", now=NOW).to_make] == [again.id]
    write_release(store, "testland", again)
    data = again.payloads[_key(again, "grids/2021-03")]
    alone = make_release(code="0.3.0", grids=[GridObject(again.month, data, read_cog(data)[1])])
    assert write_release(store, "testland", alone).outcome == "published"
    for release in (again, releases[1]):
        store.delete(f"testland/{_key(release, 'checks.json')}")
    months = {lost.first for lost in repair(store, "testland", now=NOW).to_make}
    assert months == {"2021-01"}
