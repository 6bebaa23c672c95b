import functools
import io

import geopandas as gpd
import matplotlib.image
import numpy as np
import pytest
import shapely
from affine import Affine
from matplotlib.colors import to_rgb
from odc.geo.geobox import GeoBox

from gvio.report.canvas import drawable
from gvio.report.charts import agreement_png, map_png

GEOBOX = GeoBox((20, 30), Affine(1 / 240, 0, 121, 0, -1 / 240, 31), "EPSG:4326")
DISTRICTS = gpd.GeoDataFrame(geometry=[shapely.box(121, 30.93, 121.06, 31)], crs=4326)
UNIT = "100 million CNY"


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(matplotlib.image.imread(io.BytesIO(png), format="png"))[..., :3]


def share_of(png: bytes, colour: str) -> float:
    """Share of the picture's pixels in exactly this colour."""
    return float((np.abs(pixels(png) - to_rgb(colour)).max(axis=2) < 1 / 300).mean())


@functools.cache
def agreement(out_of_sample: bool, names: tuple[str, str] = ("A", "B"), scale: float = 1.0) -> bytes:
    official = scale * np.array([100.0, 200.0, 3000.0, np.nan, 0.0])
    estimate = np.array([110.0, 190.0, 3100.0, 50.0, 50.0])
    flags = np.full(5, out_of_sample)
    areas = [names[0]] * 3 + [names[1]] * 2
    return agreement_png(official, estimate, areas, flags, unit=UNIT, title="Estimates")


def test_points_in_and_out_of_sample_are_drawn_apart() -> None:
    """Filled points have more of the area's colour than hollow ones."""
    blue = "#1f77b4"
    assert share_of(agreement(True), blue) > 1.3 * share_of(agreement(False), blue) > 0


def test_without_a_usable_figure_the_scatter_says_so_instead_of_failing() -> None:
    assert pixels(agreement(True, scale=np.nan)).min() < 0.7


def test_names_without_glyphs_are_numbered_and_raise_no_warning() -> None:
    assert drawable(["浦东新区", "Baoshan 宝山", "黄浦区"], "area") == ["area 1", "Baoshan", "area 3"]
    assert drawable(["图"], "") == [""]
    assert agreement(True, ("浦东新区", "黄浦区")).startswith(b"\x89PNG")


def test_a_map_colours_output_and_greys_land_without_industry() -> None:
    values = np.full((20, 30), np.nan)
    values[:, :15] = 0.0
    bare = map_png(values, GEOBOX, districts=None, title="Map", unit=UNIT)
    half = share_of(bare, "#f0f1f3")
    values[:, :15] = np.where(np.arange(20)[:, None] < 10, np.geomspace(1, 100, 20)[:, None], 0.0)
    lit = map_png(values, GEOBOX, districts=None, title="Map", unit=UNIT)
    assert 0.15 < half < 0.5
    assert share_of(lit, "#f0f1f3") == pytest.approx(half / 2, rel=0.15)


def test_outlines_a_note_and_a_long_title_find_room() -> None:
    values = np.ones((20, 30))
    title = "Shanghai (demonstration: invented light, factories and figures), estimated output, December 2021"
    plain = pixels(map_png(values, GEOBOX, districts=None, title=title, unit=UNIT))
    outlined = pixels(map_png(values, GEOBOX, districts=DISTRICTS, title=title, unit=UNIT, note="invented"))
    assert not np.array_equal(plain, outlined)
    # The outermost pixels stay white: nothing is cut at the edge.
    for picture in (plain, outlined):
        edge = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        assert (edge == 1).all()


def test_a_map_without_any_output_is_still_a_map() -> None:
    assert (
        share_of(map_png(np.full((20, 30), np.nan), GEOBOX, districts=DISTRICTS, title="x", unit=UNIT), "white") > 0.5
    )


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert agreement.__wrapped__(True) == agreement(True)
