from pathlib import Path

import numpy as np
import pytest

from gvio.config import digest
from gvio.errors import ConfigError, InputRefused, PackError
from gvio.region.pack import read_pack

REGIONS = Path(__file__).parents[4] / "shared" / "regions"


def test_a_correct_pack_is_read_whole(pack_dir):
    pack = read_pack(pack_dir)
    assert pack.area_ids == ("W", "E")
    assert pack.config.name == "toy"
    assert list(pack.districts["group"]) == ["a", "b"]
    assert list(pack.factories["factory_id"]) == ["F0", "F1", "F2", "F3"]
    assert len(pack.ledger) == 2
    assert pack.urban is None
    assert pack.notes == ()
    assert pack.districts.crs == pack.factories.crs == "EPSG:4326"


def test_a_file_url_and_a_folder_mean_the_same(pack_dir):
    assert read_pack(f"file://{pack_dir}").root == read_pack(pack_dir).root


def test_an_s3_prefix_is_refused_with_the_way_out():
    with pytest.raises(ConfigError, match=r"read from a folder, not from 's3://bucket/toy'\. Commands fetch"):
        read_pack("s3://bucket/toy")


def test_an_absent_folder_is_named(tmp_path):
    with pytest.raises(PackError, match=r"nowhere: no such folder\. Give the folder that holds region\.yaml"):
        read_pack(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["region.yaml", "districts.geojson", "factories.csv", "statistics.csv"])
def test_an_absent_file_is_named(pack_dir, name):
    (pack_dir / name).unlink()
    with pytest.raises(InputRefused, match=f"{name}: no such file"):
        read_pack(pack_dir)


def test_an_absent_file_names_the_nearest(pack_dir):
    (pack_dir / "factories.csv").rename(pack_dir / "factorys.csv")
    with pytest.raises(PackError, match=r"no such file; the folder has 'factorys\.csv'"):
        read_pack(pack_dir)


def test_an_absent_urban_mask_is_named(pack_dir, rewrite):
    rewrite("region.yaml", "statistics: {", "urban: {path: urban.tif}\nstatistics: {")
    with pytest.raises(PackError, match=r"urban\.tif: no such file"):
        read_pack(pack_dir)


def test_an_unknown_key_names_the_nearest(pack_dir, rewrite):
    rewrite("region.yaml", "title: Toy", "titel: Toy")
    with pytest.raises(ConfigError, match="unknown key 'titel'; nearest known key is 'title'"):
        read_pack(pack_dir)


def test_a_district_without_factories_but_with_figures_is_required(pack_dir, rewrite):
    rewrite("factories.csv", "F0,121.05", "F0,121.22")
    rewrite("factories.csv", "F1,121.15", "F1,121.23")
    (note,) = read_pack(pack_dir).notes
    assert (note.name, note.passed, note.required) == ("factories.district_empty", False, True)
    assert note.message.startswith("district W has no factory; the ledger has figures that no factory explains")


def test_a_district_without_factories_and_figures_is_required_too(pack_dir, rewrite):
    rewrite("factories.csv", "F2,121.25", "F2,121.12")
    rewrite("factories.csv", "F3,121.35", "F3,121.13")
    (note,) = read_pack(pack_dir).notes
    assert (note.required, note.observed) == (True, {"area_id": "E"})


def test_figures_of_months_in_which_no_factory_works_are_told(pack_dir, rewrite):
    rewrite("factories.csv", ",2019-01,", ",2020-04,")
    assert not read_pack(pack_dir).notes, "one of the two works in the first of these months"
    rewrite("factories.csv", ",,2021-06", ",,2019-12")
    (note,) = [note for note in read_pack(pack_dir).notes if note.name == "factories.at_work"]
    assert (note.passed, note.required) == (False, False)
    assert "district W: figures above zero between 2020-01 and 2020-03 (1 in all)" in note.message
    rewrite("factories.csv", ",,2019-12", ",,2020-03")
    assert not read_pack(pack_dir).notes, "what is advised helps"


@pytest.mark.skipif(not REGIONS.exists(), reason="region packs are not beside this checkout (../shared)")
@pytest.mark.parametrize(("name", "rows"), [("mumbai-spike-in", 792), ("mumbai-spike-in-few", 248)])
def test_the_development_packs_are_read(name, rows):
    pack = read_pack(REGIONS / name)
    assert (len(pack.districts), len(pack.factories), len(pack.ledger)) == (8, 500, rows)
    assert np.isfinite(pack.ledger.rows["value"]).all()
    assert {note.name for note in pack.notes} == {"pack.calendar", "pack.invented"}


def test_a_pack_without_a_calendar_has_chinas_as_before_and_is_told_what_to_write(pack_dir, rewrite):
    rewrite("region.yaml", "calendar: none\n", "")
    pack = read_pack(pack_dir)
    assert pack.config.working_calendar == "CN"
    (note,) = pack.notes
    assert (note.name, note.passed, note.required) == ("pack.calendar", False, False)
    assert note.message.startswith("calendar not given: CN assumed")
    assert "`calendar: none`" in note.message


def test_naming_what_was_assumed_changes_no_hash(pack_dir, rewrite):
    rewrite("region.yaml", "calendar: none\n", "")
    unsaid = digest(read_pack(pack_dir).config)
    rewrite("region.yaml", "city_id: CITY", "city_id: CITY\ncalendar: cn\ninvented: false")
    assert read_pack(pack_dir).config.calendar == "CN"
    assert digest(read_pack(pack_dir).config) == unsaid
    rewrite("region.yaml", "calendar: cn", "calendar: none")
    assert digest(read_pack(pack_dir).config) != unsaid


@pytest.mark.parametrize(
    ("wrong", "told"),
    [("XQ", "'XQ' is no country of the holidays package"), ("NO", "NO without quotes"), ("12", "12 is")],
)
def test_an_unknown_calendar_is_refused(pack_dir, rewrite, wrong, told):
    rewrite("region.yaml", "calendar: none", f"calendar: {wrong}")
    with pytest.raises(ConfigError, match=f"calendar: {told}"):
        read_pack(pack_dir)


@pytest.mark.parametrize(
    ("said", "named"), [("", ["pack.invented"]), ("invented: true\n", []), ("invented: false\n", [])]
)
def test_a_pack_with_truth_says_whether_it_is_invented(pack_dir, rewrite, said, named):
    (pack_dir / "truth").mkdir()
    rewrite("region.yaml", "calendar: none\n", f"calendar: none\n{said}")
    pack = read_pack(pack_dir)
    assert [note.name for note in pack.notes if not note.required] == named
    assert pack.config.invented is (said == "invented: true\n")
    assert all("Write `invented: true`" in note.message for note in pack.notes)


@pytest.mark.parametrize(
    ("former", "now", "told"),
    [
        ("[W, E]", "[W]", "'E' is a district today, but its land went to others after 2020-06. Add it to `now`"),
        ("[W, old]", "[W, N]", "names 'N' as a district after 2020-06, and there is none. Correct `now`"),
        ("[W, E]", "[W, W]", "'W' stands there twice"),
        ("[W, old]", "[W]", None),
    ],
)
def test_changes_of_extent_end_in_districts_of_today(pack_dir, rewrite, former, now, told):
    changes = f", changes: [{{until: '2020-06', former: {former}, now: {now}}}]}}"
    rewrite("region.yaml", ", group: group}", f", group: group{changes}")
    if told is None:
        assert read_pack(pack_dir).config.districts.changes
        return
    with pytest.raises((PackError, ConfigError), match=told):
        read_pack(pack_dir)
