"""A pack that is wrong: one line says what, where and what next; nothing is published, the last release stands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from badland import Region

Damage = Callable[[Region], object]


def _rename(region: Region, name: str, other: str) -> None:
    (region.pack / name).rename(region.pack / other)


def _text(region: Region, name: str, content: bytes) -> None:
    (region.pack / name).write_bytes(content)


def _geoatlas(region: Region) -> None:
    path = region.pack / "districts.geojson"
    outlines = json.loads(path.read_text())
    for feature in outlines["features"]:
        feature["properties"] |= {"childrenNum": 0, "subFeatureIndex": 1, "acroutes": [100000]}
    path.write_text(json.dumps(outlines))


def _empty_district(region: Region) -> None:
    factories, district = region.table("factories.csv"), region.districts_of_factories()
    region.write("factories.csv", factories[district != 1])


def _move(region: Region, rows: slice) -> None:
    """To sea: off every district, within the bounds."""
    factories = region.table("factories.csv")
    factories.loc[factories.index[rows], "lon"] = "121.149"
    region.write("factories.csv", factories)


def _repeat_id(region: Region) -> None:
    factories = region.table("factories.csv")
    factories.loc[4, "factory_id"] = factories.loc[1, "factory_id"]
    region.write("factories.csv", factories)


def _swap(region: Region) -> None:
    factories = region.table("factories.csv")
    region.write("factories.csv", factories.rename(columns={"lon": "lat", "lat": "lon"}))


REFUSED: dict[str, tuple[Damage, int, str]] = {
    "no factories file": (
        lambda r: _rename(r, "factories.csv", "factory.csv"),
        3,
        r"factories\.csv: no such file; the folder has 'factory\.csv'. Correct the path in region\.yaml or add",
    ),
    "no districts file": (
        lambda r: (r.pack / "districts.geojson").unlink(),
        3,
        r"districts\.geojson: no such file. Correct the path in region\.yaml or add the file",
    ),
    "no statistics file": (
        lambda r: _rename(r, "statistics.csv", "stats.csv"),
        3,
        r"statistics\.csv: no such file.* Correct the path in region\.yaml or add the file",
    ),
    "no urban mask": (lambda r: (r.pack / "urban.tif").unlink(), 3, r"urban\.tif: no such file.* or add the file"),
    "no region.yaml": (
        lambda r: (r.pack / "region.yaml").unlink(),
        3,
        r"region\.yaml: no such file. Name a region pack's folder",
    ),
    "no folder of light": (
        lambda r: _rename(r, "ntl", "light"),
        3,
        r"ntl: no such folder of night-light files. Create it or correct ntl\.source",
    ),
    "unknown key": (
        lambda r: r.configure(citty_id="CITY"),
        2,
        r"region\.yaml: unknown key 'citty_id'; nearest known key is 'city_id'. Correct the key and run again",
    ),
    "unknown key inside a section": (
        lambda r: r.configure(factories={"path": "factories.csv", "csr": "gcj02"}),
        2,
        r"region\.yaml: unknown key 'factories\.csr'; nearest known key is 'crs'. Correct the key and run again",
    ),
    "key left out": (lambda r: r.configure(unit=None), 2, r"region\.yaml: unit: Field required. Correct the key"),
    "unknown product": (
        lambda r: r.configure(ntl={"product": "dmsp", "source": "ntl"}),
        2,
        r"region\.yaml: ntl\.product: Input should be 'vnl-monthly', .* Correct the key",
    ),
    "not YAML": (lambda r: _text(r, "region.yaml", b"name: [badland"), 2, r"region\.yaml: not valid YAML .* Correct"),
    "official source without credentials": (
        lambda r: r.configure(ntl={"product": "vnl-monthly", "source": "official"}),
        2,
        r"EOG needs a login and EOG_USERNAME, EOG_PASSWORD, EOG_CLIENT_ID, EOG_CLIENT_SECRET are not set. Register",
    ),
    "district without factories": (
        _empty_district,
        3,
        r"factories\.district_empty\] district D01 has no factory; .* add a factory, or leave the district out.*"
        r"Nothing is published and the last release stands",
    ),
    "outlines of a provider that shifts them": (
        _geoatlas,
        3,
        r"districts\.coordinates\] columns .* are those of DataV GeoAtlas, .* write `crs: gcj02` beside districts",
    ),
    "key twice": (
        lambda r: _text(r, "region.yaml", (r.pack / "region.yaml").read_bytes() + b"city_id: OTHER\n"),
        2,
        r"region\.yaml: not valid YAML \(key 'city_id' appears twice\)\. Correct the file",
    ),
    "area_crs of another place": (
        lambda r: r.configure(area_crs="EPSG:32643"),
        2,
        r"area_crs EPSG:32643 is not of this region: .* Write the UTM zone of the region: area_crs: EPSG:32651",
    ),
    "most factories outside every district": (
        lambda r: _move(r, slice(0, 20)),
        3,
        r"factories\.csv: 20 of 32 factories lie outside every district. Check the coordinates: .*gcj02",
    ),
    "factory listed twice": (
        _repeat_id,
        3,
        r"factories\.csv, lines 3, 6: factory_id 'F00001' appears more than once. Keep one row per factory",
    ),
    "longitude and latitude exchanged": (_swap, 3, r"factories\.csv, .*exchanged. Write longitude in the column lon"),
    "empty factories file": (lambda r: _text(r, "factories.csv", b""), 3, r"factories\.csv: not a CSV table.* Export"),
    "districts that are no vector file": (
        lambda r: _text(r, "districts.geojson", b"<html>login</html>"),
        3,
        r"districts\.geojson: not a readable vector file .* Export it again",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_pack_is_refused_and_the_release_stands(region: Region, name: str) -> None:
    damage, code, message = REFUSED[name]
    before = region.published()
    damage(region)
    outcome = region.run("run")
    assert (outcome.code, outcome.out) == (code, "")
    assert re.search(message, outcome.message)
    assert region.published() == before


def test_unknown_parameter_is_refused(region: Region) -> None:
    before = region.published()
    (region.root / "params.yaml").write_text("model: {epoch: 3}")
    outcome = region.run("run")
    assert outcome.code == 2
    assert re.search(
        r"params\.yaml: unknown key 'model\.epoch'; nearest known key is 'epochs'. Correct", outcome.message
    )
    assert region.published() == before


def test_factory_outside_every_district_is_counted_reported_and_dropped(region: Region) -> None:
    _move(region, slice(0, 1))
    assert region.run("fetch").code == 0
    outcome = region.run("validate", "--json")
    assert outcome.code == 0
    (warning,) = outcome.document["facts"]["warnings"]
    assert re.search(r"line 2: 1 of 32 factories lie outside every district and were dropped", warning)
    assert region.run("sample", "--json").document["facts"]["factories"] == 31


def test_factory_repeated_in_every_field_is_dropped_with_a_warning(region: Region) -> None:
    path = region.pack / "factories.csv"
    path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
    assert region.run("fetch").code == 0
    outcome = region.run("validate", "--json")
    assert outcome.code == 0
    (warning,) = outcome.document["facts"]["warnings"]
    assert re.search(r"line 34: 1 row\(s\) repeat an earlier row in every field and were dropped", warning)
    assert region.run("sample", "--json").document["facts"]["factories"] == 32
