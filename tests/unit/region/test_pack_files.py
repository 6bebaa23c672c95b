"""What is hashed of a pack is what is parsed of it, whatever happens to its files in between."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from gvio.errors import PackError
from gvio.region.files import PackFile, PackFiles
from gvio.region.tables import read_text_table
from gvio.region.vectors import read_vector

FRAME = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326")


def test_a_table_edited_after_its_hash_is_parsed_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")
    file = PackFile(path)
    digest = file.digest
    path.write_text("a\n2\n")
    assert read_text_table(file)["a"].tolist() == ["1"]
    assert (file.digest, PackFile(path).digest != digest) == (digest, True)


@pytest.mark.parametrize("name", ["d.geojson", "d.parquet", "d.gpkg", "d.shp", "d.fgb"])
def test_outlines_are_those_of_the_hash(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    FRAME.to_parquet(path) if path.suffix == ".parquet" else FRAME.to_file(path)
    file = PackFile(path)
    assert read_vector(file)["id"].tolist() == ["a"]
    edited = PackFile(path)
    assert edited.digest == file.digest
    other = path.with_suffix(".dbf") if path.suffix == ".shp" else path
    other.write_bytes(other.read_bytes() + b" ")
    assert read_vector(edited)["id"].tolist() == ["a"]
    assert PackFile(path).digest != file.digest, "siblings count"


def test_an_absent_file_is_hashed_and_refused_by_who_needs_it(tmp_path: Path) -> None:
    (tmp_path / "figures.csv").write_text("")
    files = PackFiles(tmp_path)
    assert files.digest(["figure.csv"]) != files.digest(["figures.csv"])
    with pytest.raises(PackError, match=r"no such file; the folder has 'figures.csv'. Correct the path"):
        files["figure.csv"].require_present()
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(PackError, match="cannot be read"):
        files["folder.csv"].require_present()
