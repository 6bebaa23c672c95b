"""Grids as other programs open and show them: valid COGs, statistics, units, overviews, thumbnail, style, renders."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib.image
import numpy as np
import pystac.validation
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from odc.geo.geobox import GeoBox
from rio_cogeo.cogeo import cog_validate

from gvio.publish.colours import classes, qgis_style, thumbnail_png
from gvio.publish.grids import Grid
from gvio.publish.stac import build_item
from gvio.store.grids import decode_grid, encode_grid, encode_trends
from gvio.types import Month

MONTH = Month(2021, 12)


def sparse(rows: int = 600, cols: int = 700, sites: int = 400) -> Grid:
    """Output at few pixels, as in a true region: 0 elsewhere, NaN outside the districts."""
    rng = np.random.default_rng(1)
    array = np.zeros((5, rows, cols), np.float32)
    place = rng.choice(rows * cols, sites, replace=False)
    output = rng.lognormal(0, 1.5, sites)
    for band, factor in enumerate((1.0, 0.6, 1.7, 0.9)):
        array[band].ravel()[place] = output * factor
    array[4] = np.repeat(rng.lognormal(0, 0.2, 6), -(-rows // 6))[:rows, None]
    array[:, :, : cols // 5] = np.nan
    geobox = GeoBox((rows, cols), Affine(1 / 240, 0, 120.0, 0, -1 / 240, 32.0), "EPSG:4326")
    return Grid(MONTH, array, geobox)


@pytest.fixture(scope="module")
def grid() -> Grid:
    return sparse()


@pytest.fixture(scope="module")
def encoded(grid):
    return encode_grid(grid, "testland", "million CNY")


def naive(grid: Grid) -> int:
    """Bytes of the same map by GDAL's COG driver with DEFLATE, as one would write it."""
    count, rows, cols = grid.array.shape
    place = {"crs": "EPSG:4326", "transform": grid.geobox.transform, "nodata": np.nan}
    with rasterio.MemoryFile() as plain, rasterio.MemoryFile(ext=".tif") as cog:
        with plain.open(driver="GTiff", count=count, height=rows, width=cols, dtype="float32", **place) as sink:
            sink.write(grid.array)
        with plain.open() as source:
            rasterio.shutil.copy(source, cog.name, driver="COG", COMPRESS="DEFLATE")
        return len(cog.getbuffer())


def test_a_grid_is_a_valid_cog_and_no_pixel_of_it_is_changed(grid, encoded, tmp_path: Path) -> None:
    file = tmp_path / "grid.tif"
    file.write_bytes(encoded.data)
    valid, errors, warnings = cog_validate(file, strict=True)
    assert (valid, errors, warnings) == (True, [], [])
    with rasterio.open(file) as source:
        np.testing.assert_array_equal(source.read(), grid.array)
        assert source.units == ("million CNY",) * 4 + ("1",)
        assert "sums are those of the full resolution" in source.tags()["overviews"]
        tags = source.tags(1)
        seen = grid.array[0][np.isfinite(grid.array[0])].astype(float)
        assert float(tags["STATISTICS_MAXIMUM"]) == pytest.approx(seen.max())
        assert float(tags["STATISTICS_MEAN"]) == pytest.approx(seen.mean())
        assert float(tags["STATISTICS_VALID_PERCENT"]) == pytest.approx(100 * seen.size / grid.array[0].size)
    assert list(tmp_path.iterdir()) == [file], "GDAL left nothing beside it"


def test_a_sparse_grid_is_at_most_sixty_percent_of_naive_deflate(grid, encoded) -> None:
    assert len(encoded.data) <= 0.6 * naive(grid)


def test_overviews_of_trends_are_pixels_that_there_are(grid, tmp_path: Path) -> None:
    bands = np.where(grid.array[0] > 0, np.random.default_rng(2).random(grid.array[0].shape), np.nan)
    file = tmp_path / "trends.tif"
    stacked = np.stack([bands - 0.5, bands / 10, bands]).astype(np.float32)
    file.write_bytes(encode_trends(stacked, grid.geobox, "testland", (Month(2014, 1), MONTH), "million CNY"))
    assert cog_validate(file, strict=True) == (True, [], [])
    with rasterio.open(file) as source:
        told = source.tags()
        assert (told["region"], told["first_month"], told["month"]) == ("testland", "2014-01", "2021-12")
        assert source.units == ("million CNY per month and year", "share of the mean per year", "1")
        assert source.descriptions == ("slope", "relative_slope", "p_value")
        full = source.read(3)
    with rasterio.open(file, overview_level=0) as source:
        coarse = source.read(3)
    shown = coarse[np.isfinite(coarse)]
    assert shown.size > 0
    assert np.isin(shown, full).all(), "a mean of significances is none"


def test_what_is_decoded_is_the_object_that_was_encoded(grid, encoded, release_products) -> None:
    again = decode_grid(MONTH, encoded.data)
    assert again.look == encoded.look
    config = release_products()["config"]
    assert build_item(config, again).data == build_item(config, encoded).data
    assert encode_grid(grid, "testland", "million CNY").data == encoded.data


def test_a_thumbnail_shows_what_is_outside_zero_and_bright(grid, encoded) -> None:
    picture = matplotlib.image.imread(io.BytesIO(encoded.look.thumbnail))
    assert max(picture.shape[:2]) <= 256
    assert (picture[:, 10, 3] == 0).all(), "outside every district nothing is drawn"
    assert (picture[:, 100:, 3] == 1).all()
    colours = {tuple(np.round(255 * pixel[:3]).astype(int)) for pixel in picture[:, 100:].reshape(-1, 4)}
    assert (226, 226, 230) in colours
    assert (35, 15, 75) in colours, "the brightest is the darkest colour"
    empty = thumbnail_png(np.zeros((4, 4), np.float32))
    assert matplotlib.image.imread(io.BytesIO(empty)).shape == (4, 4, 4)
    assert thumbnail_png(np.full((4, 4), np.nan, np.float32)) != empty


def test_the_style_colours_one_band_by_a_logarithmic_scale() -> None:
    root = ET.fromstring(qgis_style(250.0, "million <CNY> -- & more"))
    renderer = root.find("pipe/rasterrenderer")
    assert (renderer.get("type"), renderer.get("band")) == ("singlebandpseudocolor", "1")
    values = [float(item.get("value")) for item in renderer.iter("item")]
    assert values[0] == 0.0
    assert values[-1] == 250.0
    assert values == sorted(values)
    assert values[1] == pytest.approx(0.25)
    for most in (0.0, float("nan")):
        assert [value for value, _ in classes(most)] == [0.0]


def test_items_name_bands_in_every_way_and_are_valid_stac(encoded, release_products, make_release) -> None:
    document = json.loads(build_item(release_products()["config"], encoded).data)
    asset = document["assets"]["grid"]
    names = ["estimate", "lower80", "upper80", "raw", "adjustment"]
    assert [band["name"] for band in asset["bands"]] == [band["name"] for band in asset["eo:bands"]] == names
    assert asset["raster:bands"][0]["statistics"]["maximum"] == encoded.look.statistics[0]["maximum"]
    assert asset["bands"][4]["unit"] == "1"
    shown = document["properties"]["renders"]["estimate"]
    assert (shown["assets"], shown["bidx"]) == (["grid"], [1])
    assert 0 < shown["rescale"][0][1] < encoded.look.statistics[0]["maximum"]
    assert document["assets"]["thumbnail"]["roles"][0] == "thumbnail"
    release = make_release()
    items = [json.loads(data) for key, data in release.payloads.items() if key.startswith("items/")]
    for one in [document, *items, *map(json.loads, release.catalogue.values())]:
        # Schemas of extensions lie on another host; the core's come with pystac.
        pystac.validation.validate_dict({**one, "stac_extensions": []})


def test_the_collection_leads_to_terms_manifest_and_predecessor(make_release) -> None:
    release = make_release(inputs={"predecessor": "2021-02-0123456789ab"})
    collection = json.loads(release.catalogue["collection.json"])
    links = {link["rel"]: link["href"] for link in collection["links"]}
    assert links["describedby"] == f"./releases/{release.id}/manifest.json"
    assert links["predecessor-version"] == "./releases/2021-02-0123456789ab/manifest.json"
    assert links["license"].removeprefix("./") in release.payloads
    assert collection["version"] == release.id
    assert collection["providers"][0]["processing:software"] == {"gvio": "0.1.0"}
    assert set(collection["item_assets"]) == {"grid", "thumbnail"}


def test_nothing_in_a_release_points_to_a_file_that_is_not_published(make_release) -> None:
    release = make_release()
    published = {*release.payloads, *release.catalogue, f"releases/{release.id}/manifest.json", "latest.json"}
    pages = {key: data for key, data in release.payloads.items() if key.startswith("items/")}
    for key, data in {**pages, **release.catalogue}.items():
        document = json.loads(data)
        hrefs = [link["href"] for link in document["links"]]
        hrefs += [asset["href"] for asset in document.get("assets", {}).values()]
        folder = Path(key).parent
        for href in hrefs:
            parts: list[str] = []
            for part in (folder / href).parts:
                parts = parts[:-1] if part == ".." else [*parts, part]
            assert "/".join(parts) in published, f"{key}: {href}"
