"""Which files of a search are the region's: tiles, months, newest production, whole newest month."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.archive import RemoteFile
from gvio.archives.black_marble import black_marble_archive, choose, tiles_of
from gvio.errors import ConfigError
from gvio.simulate.formats.black_marble import granule_name
from gvio.sources.vnp46a3 import recognise, tile_geobox
from gvio.types import Month

JANUARY, FEBRUARY, MARCH = Month(2021, 1), Month(2021, 2), Month(2021, 3)
SHANGHAI = frozenset({"h30v05", "h30v06"})


def remote(
    month: Month, v: int = 5, *, h: int = 30, satellite: str = "npp", stamp: str = "2025100000000"
) -> RemoteFile:
    name = granule_name(month, h, v, satellite=satellite, collection="002", stamp=stamp)
    return RemoteFile(name, month, f"https://example.org/{name}")


def names(files: list[RemoteFile]) -> list[str]:
    return [f"{file.month} {file.name.split('.')[2]} {file.name.split('.')[4]}" for file in files]


@pytest.mark.parametrize(
    ("bounds", "tiles"),
    [
        ((120.85, 30.65, 122.15, 31.9), {"h30v05"}),  # Shanghai
        ((72.7, 18.8, 73.1, 19.3), {"h25v07"}),  # Mumbai
        ((119.5, 29.5, 120.5, 30.5), {"h29v05", "h30v05", "h29v06", "h30v06"}),
        ((120.0, 30.0, 130.0, 40.0), {"h30v05"}),  # exactly one tile: its neighbours only touch
        ((-180.0, -90.0, -179.0, -89.0), {"h00v17"}),
        ((179.0, 89.0, 180.0, 90.0), {"h35v00"}),
    ],
)
def test_tiles_are_computed_from_the_bounds(bounds: tuple[float, float, float, float], tiles: set[str]) -> None:
    assert tiles_of(bounds) == tiles


@given(west=st.floats(-180, 178), south=st.floats(-90, 88), width=st.floats(0.01, 25), height=st.floats(0.01, 25))
def test_the_tiles_cover_the_box_and_each_is_needed(west: float, south: float, width: float, height: float) -> None:
    east, north = min(west + width, 180.0), min(south + height, 90.0)
    boxes = [tile_geobox(tile).boundingbox.bbox for tile in tiles_of((west, south, east, north))]
    assert min(box[0] for box in boxes) <= west + 1e-4
    assert max(box[2] for box in boxes) >= east - 1e-4
    assert min(box[1] for box in boxes) <= south + 1e-4
    assert max(box[3] for box in boxes) >= north - 1e-4
    assert all(box[0] < east and box[2] > west and box[1] < north and box[3] > south for box in boxes)


def test_neighbours_in_space_and_time_and_other_products_are_left_out() -> None:
    found = [
        remote(month, v, h=h, satellite=satellite)
        for month in (JANUARY, FEBRUARY, MARCH)
        for v in (4, 5, 6, 7)
        for h in (29, 30)
        for satellite in ("npp", "j01")
    ]
    chosen = choose(found, "VNP46A3", SHANGHAI, FEBRUARY, FEBRUARY)
    assert names(chosen) == ["2021-02 h30v05 2025100000000", "2021-02 h30v06 2025100000000"]
    assert all(file.name.startswith("VNP46A3.") for file in chosen)
    assert all(file.name.startswith("VJ146A3.") for file in choose(found, "VJ146A3", SHANGHAI, FEBRUARY, FEBRUARY))


def test_of_several_productions_the_newest_counts() -> None:
    found = [remote(JANUARY, stamp=stamp) for stamp in ("2025100000000", "2026020000000", "2025300000000")]
    assert names(choose(found, "VNP46A3", frozenset({"h30v05"}), JANUARY, JANUARY)) == ["2021-01 h30v05 2026020000000"]


def test_the_newest_month_waits_for_its_last_tile() -> None:
    found = [remote(JANUARY, 5), remote(JANUARY, 6), remote(FEBRUARY, 5)]
    assert {file.month for file in choose(found, "VNP46A3", SHANGHAI, JANUARY, FEBRUARY)} == {JANUARY}
    # Asked for alone, the earlier month still tells what is lacking.
    assert choose(found, "VNP46A3", SHANGHAI, FEBRUARY, FEBRUARY) == []
    whole = [*found, remote(FEBRUARY, 6)]
    assert len(choose(whole, "VNP46A3", SHANGHAI, FEBRUARY, FEBRUARY)) == 2


def test_a_tile_that_no_month_has_is_not_waited_for() -> None:
    found = [remote(JANUARY, 5), remote(FEBRUARY, 5)]
    assert [file.month for file in choose(found, "VNP46A3", SHANGHAI, JANUARY, FEBRUARY)] == [JANUARY, FEBRUARY]


def test_a_hole_in_an_old_month_does_not_hide_the_month() -> None:
    found = [remote(JANUARY, 5), remote(FEBRUARY, 5), remote(FEBRUARY, 6)]
    assert len(choose(found, "VNP46A3", SHANGHAI, JANUARY, FEBRUARY)) == 3


def test_nothing_found_is_nothing_chosen() -> None:
    assert choose([], "VNP46A3", SHANGHAI, JANUARY, MARCH) == []


def test_names_are_recognised_as_the_reader_does() -> None:
    file = remote(JANUARY)
    known = recognise(file.name)
    assert known is not None
    assert (known.tile, known.month) == ("h30v05", JANUARY)


def test_another_product_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no such Black Marble product: 'VNP46A4'\. Use one of VNP46A3, VJ146A3"):
        black_marble_archive((0, 0, 1, 1), Credentials(), Endpoints(), "VNP46A4")


def test_an_archive_is_made_without_network_and_is_named() -> None:
    assert black_marble_archive((0, 0, 1, 1), Credentials(), Endpoints(), "VJ146A3").name == "NASA VJ146A3"
