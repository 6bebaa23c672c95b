"""Names that GDAL, URLs, shells or patterns give a meaning: they are names."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.errors import GvioError
from gvio.region.pack import read_pack
from gvio.region.urban import read_urban
from gvio.simulate.formats.vnl import pack_vnl, write_vnl
from gvio.sources.folder import open_stack
from gvio.types import Month

GRID = GeoBox((48, 96), Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.2), "EPSG:4326")
NAMES = (
    "two words",
    "Zürich 上海",
    "a#b",
    "a?b=c",
    "100%20",
    "[a-z]*",
    "-rf",
    "dot.",
    "zip:x",
    "a.zip",
    "x.tar",
    "vsizip",
    "{a}",
    "a}b",
    "a!b",
    "a'b\"c",
    "back\\slash",
    "line\nbreak",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp", ".fgb"])
def test_a_pack_in_any_folder_with_files_of_any_name_is_read_and_nothing_is_written(pack_dir, name, ending):
    frame = gpd.read_file(pack_dir / "districts.geojson").rename(columns={"district_id": "code"})
    root = pack_dir.rename(pack_dir.with_name(name))
    (root / "districts.geojson").unlink()
    frame.to_file(root.parent / f"plain{ending}")
    for part in root.parent.glob("plain.*"):
        part.rename(root / f"{name}{part.suffix}")
    (root / "factories.csv").rename(root / f"{name}.csv")
    raster.write_geotiff(root / "urban.tif", np.ones(GRID.shape, np.uint8), GRID, nodata=255)
    (root / "urban.tif").rename(root / f"{name}.tif")
    said = (
        (root / "region.yaml")
        .read_text()
        .replace("id: district_id", "id: code")
        .replace("calendar", "urban: {path: $.tif}\ncalendar")
    )
    quoted = "'" + name.replace("'", "''").replace("\n", "\n\n") + "$'"
    for file in ("districts.geojson", "factories.csv", "$.tif"):
        new = ending if file.startswith("d") else Path(file).suffix
        said = said.replace(f"path: {file}", f"path: {quoted.replace('$', new)}")
    (root / "region.yaml").write_text(said)
    before = {path: path.read_bytes() for path in root.parent.rglob("*") if path.is_file()}
    pack = read_pack(root)
    assert (len(pack.districts), len(pack.factories)) == (2, 4)
    assert read_urban(pack, GRID).all()
    assert {path: path.read_bytes() for path in root.parent.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_light_in_any_folder_is_read(tmp_path, name, packed):
    folder = tmp_path / name
    paths = write_vnl(folder, Month(2021, 12), np.ones(GRID.shape, np.float32), np.ones(GRID.shape, np.uint16), GRID)
    if packed:
        pack_vnl(*paths)
    before = sorted(tmp_path.rglob("*"))
    stack, _ = open_stack(folder, "vnl-monthly", tuple(GRID.boundingbox.bbox), Month(2021, 12), None)
    assert (stack.radiance == 1).all()
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "\0", "a\0b", "x" * 300, "/vsicurl/http://127.0.0.1:9/x.geojson", "/dev/null/x"]
)
def test_a_path_that_is_no_file_is_refused(pack_dir, rewrite, name):
    text = (pack_dir / "region.yaml").read_text()
    escaped = name.replace("\0", "\\0")
    (pack_dir / "region.yaml").write_text(text.replace("path: districts.geojson", f'path: "{escaped}"'))
    with pytest.raises(GvioError):
        read_pack(pack_dir)
