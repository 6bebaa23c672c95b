"""A place in a link is the place that was pointed at, however it was: typed, drawn, or as a file."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import shapely

from gvio.errors import ConfigError
from gvio.report.places import (
    AREA,
    MOST_CORNERS,
    POINT,
    box_place,
    drawn_place,
    geodesic_km2,
    geojson_place,
    outline_place,
    place_km2,
    place_label,
    place_of,
    place_rows,
    typed_place,
)

RING = shapely.box(121.0, 31.0, 121.2, 31.1).difference(shapely.box(121.05, 31.02, 121.1, 31.05))
APART = shapely.union(RING, shapely.box(121.3, 31.3, 121.4, 31.4))


@pytest.mark.parametrize("shape", [RING, APART, shapely.box(-0.5, -10, 0.25, -9.5)])
def test_an_area_with_holes_and_parts_comes_back_out_of_its_link(shape: shapely.Geometry) -> None:
    place = outline_place(shape)
    again = place_of(AREA, place.text)
    assert again == place
    assert again is not None
    assert shapely.symmetric_difference(again.shape, shape).area < 1e-9
    assert place.shape.contains(shapely.Point(place.middle))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (POINT, "121.4"),
        (POINT, "121.4,95"),
        (POINT, "121.4,nan"),
        (POINT, "121.4,31,121.5,31,121.5,32"),
        (AREA, "121.4,31.2"),
        (AREA, "121,31,121.1,31"),
        (AREA, "121,31,121.1,31,121.2,31"),
        (AREA, "a,b,c,d,e,f"),
        (AREA, ""),
    ],
)
def test_what_is_no_place_is_none(kind: str, text: str) -> None:
    assert place_of(kind, text) is None


def test_what_is_typed_is_taken_in_any_layout() -> None:
    assert typed_place("121.47 31.23").key == "at=121.47,31.23"
    assert typed_place("(121.47, −31.23)").key == "at=121.47,-31.23"
    assert typed_place("121.5,31.3; 121.4,31.2").shape.equals(shapely.box(121.4, 31.2, 121.5, 31.3))
    assert typed_place("121,31, 122,31, 122,32").kind == AREA
    with pytest.raises(ConfigError, match="the line that was drawn holds no area"):
        drawn_place([121.0, 121.1], [31.0, 31.0])
    assert drawn_place([121, 122, 122], [31, 31, 32]).text == "121,31,122,31,122,32"
    for text in ("", "121.4", "31.23, 121.47", "121, 31, 122"):
        with pytest.raises(ConfigError, match="is no place"):
            typed_place(text)


def test_a_file_is_simplified_to_what_a_link_holds_and_says_by_how_much() -> None:
    round_one = shapely.Point(121.5, 31.2).buffer(0.2, quad_segs=500)
    place, changed = geojson_place(shapely.to_geojson(round_one).encode())
    assert sum(map(len, place.rings)) <= MOST_CORNERS
    assert 0 < changed < 0.01
    many = shapely.union_all([shapely.Point(121 + i / 10, 31).buffer(0.001 * (i + 1)) for i in range(60)])
    assert sum(map(len, outline_place(many).rings)) <= MOST_CORNERS
    feature = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [121.4, 31.2]}}
    assert geojson_place(json.dumps(feature).encode())[0].key == "at=121.4,31.2"


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"type": "FeatureCollection", "features": []}', b"\xff"])
def test_a_file_without_a_place_is_told(data: bytes) -> None:
    with pytest.raises(ConfigError, match="the file holds no place"):
        geojson_place(data)


def test_coordinates_of_a_projection_are_told() -> None:
    with pytest.raises(ConfigError, match="no area of the globe"):
        geojson_place(shapely.to_geojson(shapely.box(350_000, 3_440_000, 360_000, 3_450_000)).encode())


def test_a_place_says_where_and_how_large_it_is() -> None:
    place = box_place([121.0, 121.01], [31.01, 31.0])
    assert place_km2(place) == pytest.approx(1.059, abs=0.002)
    assert geodesic_km2(shapely.box(0, 0, 1, 1)) == pytest.approx(12308.8, abs=0.1)
    assert (
        place_label(place, ["Minhang", "Xuhui", "Pudong"]) == "1.06 km² at 121.005, 31.005 (Minhang, Xuhui and 1 more)"
    )
    assert place_label(typed_place("121.47, 31.23"), []) == "Pixel at 121.470, 31.230"


def test_its_series_has_the_columns_of_an_areas_and_no_official_figures() -> None:
    index = pd.DatetimeIndex(["2021-11-01", "2021-12-01"], name="month")
    series = pd.DataFrame({"estimate": [1.0, 2.0], "lower80": [0.5, 1.0], "upper80": [2.0, 3.0]}, index=index)
    rows = place_rows(series, "at=1,2", {"2021-12"})
    assert rows["month"].tolist() == ["2021-11", "2021-12"]
    assert rows["kind"].tolist() == ["fitted", "nowcast"]
    assert rows["official"].isna().all()
    assert rows["lower95"].isna().all()
    assert np.array_equal(rows["upper80"], series["upper80"])
