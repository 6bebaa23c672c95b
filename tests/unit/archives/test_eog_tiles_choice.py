import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.eog import eog_archive
from gvio.archives.eog_index import TILES, choose, is_index, tiles_of
from gvio.archives.windows import window_version
from gvio.errors import ConfigError
from gvio.types import Month

MONTH = Month(2021, 12)
HALF = 1 / 480  # half a pixel


def name(
    tile: str = "75N060E", stamp: str = "202201121200", period: str = "20211201-20211231", end: str = "tgz"
) -> str:
    return f"SVDNB_npp_{period}_{tile}_vcmslcfg_v10_c{stamp}.{end}"


def page(*names: str, title: str = "Index of /monthly") -> str:
    rows = "".join(f'<a href="{n}"><img alt="[   ]"></a><td><a href="{n}">{n}</a></td>' for n in names)
    return f"<html><head><title>{title}</title></head><body><a href='?C=N;O=D'>Name</a><a>none</a>{rows}</body></html>"


def test_the_tiles_are_named_as_the_provider_names_them() -> None:
    assert set(TILES) == {"75N180W", "75N060W", "75N060E", "00N180W", "00N060W", "00N060E"}


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ((120.85, 30.65, 122.15, 31.90), ("75N060E",)),  # Shanghai
        ((72.7, 18.8, 73.1, 19.3), ("75N060E",)),  # Mumbai
        ((-43.8, -23.1, -43.0, -22.7), ("00N060W",)),  # Rio de Janeiro
        ((103.6, -0.2, 104.1, 1.5), ("00N060E", "75N060E")),  # across the equator
        ((59.0, -1.0, 61.0, 1.0), ("00N060E", "00N060W", "75N060E", "75N060W")),
        ((60 - HALF, 10, 61, 11), ("75N060E",)),  # the tile begins half a pixel west of its name
        ((59, 10, 60 - HALF, 11), ("75N060W",)),
        ((59, 10, 60, 11), ("75N060E", "75N060W")),  # the last half pixel is the other tile's
        ((70, HALF, 71, 1), ("75N060E",)),
    ],
)
def test_the_tiles_that_hold_pixels_of_the_region_are_taken(
    bounds: tuple[float, float, float, float], expected: tuple[str, ...]
) -> None:
    assert tiles_of(bounds) == expected


@given(st.floats(-179, 179), st.floats(-64, 74))
def test_every_place_between_75_north_and_65_south_lies_in_a_tile_that_covers_it(lon: float, lat: float) -> None:
    for tile in tiles_of((lon, lat, lon + 0.1, lat + 0.1)):
        left, top, height = TILES[tile]
        assert left - 0.2 <= lon <= left + 120
        assert top - height - 0.2 <= lat <= top + 0.01


@pytest.mark.parametrize("bounds", [(10.0, 76.0, 11.0, 77.0), (10.0, -70.0, 11.0, -66.0), (float("nan"), 1, 2, 3)])
def test_a_region_outside_the_product_is_refused(bounds: tuple[float, float, float, float]) -> None:
    with pytest.raises(ConfigError, match=r"lies outside VNL's tiles. VNL covers 75° N to 65° S; correct bounds"):
        eog_archive(bounds, Credentials(), Endpoints())


def test_an_unknown_configuration_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"unknown configuration 'vcm' of VNL. Choose one of vcmslcfg, vcmcfg"):
        eog_archive((121, 31, 122, 32), Credentials(), Endpoints(), "vcm")


def test_of_an_index_only_archives_of_the_month_and_the_tiles_count_and_the_newest_production_of_each() -> None:
    other = [name("75N180W"), name(end="cf_cvg.tif"), name(period="20211101-20211130"), "readme.txt", "/elsewhere/"]
    found = choose(page(name(stamp="202301010000"), name(), *other), MONTH, ("75N060E",))
    assert [str(file.path) for file in found] == [name(stamp="202301010000")]


def test_a_month_without_all_tiles_of_the_region_is_not_complete() -> None:
    tiles = ("00N060E", "75N060E")
    assert choose(page(name()), MONTH, tiles) == []
    assert len(choose(page(name(), name("00N060E")), MONTH, tiles)) == 2
    assert choose("", MONTH, tiles) == []


def test_july_2022_was_cut_short_and_is_a_month_nevertheless() -> None:
    cut = name(period="20220701-20220726")
    assert [file.month for file in choose(page(cut), Month(2022, 7), ("75N060E",))] == [Month(2022, 7)]


def test_links_may_be_quoted_and_absolute() -> None:
    link = "https://eogdata.mines.edu/nighttime_light/" + name().replace("_", "%5F")
    assert [str(file.path) for file in choose(page(link), MONTH, ("75N060E",))] == [name()]


def test_a_login_page_is_no_index() -> None:
    assert is_index(page())
    assert not is_index(page(title="Sign in to eog"))
    assert not is_index("")


def test_the_version_of_a_window_tells_bounds_and_file_apart() -> None:
    one = window_version((121.0, 31.0, 121.2, 31.1), "abc")
    assert one == "abc@121_31_121.2_31.1"
    assert (
        len({one, window_version((121.0, 31.0, 121.3, 31.1), "abc"), window_version((121.0, 31.0, 121.2, 31.1))}) == 3
    )
