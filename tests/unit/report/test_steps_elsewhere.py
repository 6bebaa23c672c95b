"""What to type elsewhere names the files of the release, as each program takes addresses."""

import ast
import dataclasses

from gvio.report.steps import Files, python_steps, qgis_steps, r_steps

FILES = Files(
    store="s3://bucket/out",
    region="demo",
    release="2021-12-abc",
    estimates="s3://bucket/out/demo/releases/2021-12-abc/estimates.parquet",
    grid="s3://bucket/out/demo/grids/2021-12/gvio_2021-12_f.tif",
    outlines="s3://bucket/out/demo/releases/2021-12-abc/districts.geojson",
    style="s3://bucket/out/demo/releases/2021-12-abc/style.qml",
)


def test_python_is_python_and_opens_this_release() -> None:
    text = python_steps(FILES)
    ast.parse(text)
    assert "gvio.open_release('s3://bucket/out', 'demo', release='2021-12-abc')" in text


def test_gdal_has_its_own_word_for_buckets_and_arrow_has_not() -> None:
    assert 'arrow::read_parquet("s3://bucket/out/demo/releases' in r_steps(FILES)
    assert 'terra::rast("/vsis3/bucket/out/demo/grids/2021-12' in r_steps(FILES)
    assert [step.rpartition(": ")[2][:13] for step in qgis_steps(FILES)] == [
        "/vsis3/bucket",
        "s3://bucket/o",
        "/vsis3/bucket",
    ]


def test_what_a_release_lacks_is_not_told() -> None:
    bare = dataclasses.replace(FILES, grid=None, outlines=None, style=None)
    assert qgis_steps(bare) == []
    assert "terra" not in r_steps(bare)
    assert "rasterio" not in python_steps(bare)
