"""What the map draws adds up to the table at every detail, and every square of it is drawn at every zoom."""

from __future__ import annotations

import base64
import io
import json

import matplotlib.image
import numpy as np
import pytest
from release_fixture import NAMES, Invented, invent

from dashboards.views.deck import DISTRICTS, Ground, build_deck, fit_zoom, least_zoom, readable, screen_px
from gvio.report.detail import detailed, details_of
from gvio.report.picture import LAYERS, draw
from gvio.report.zones import owners_of, zones_of
from gvio.types import Month

ESTIMATE = LAYERS[0]


@pytest.fixture(scope="module")
def world() -> Invented:
    return invent()


def map_of(world: Invented, detail_number: int, *, narrow: bool) -> tuple[np.ndarray, dict, float]:
    bands = world.grids[Month(2021, 12)]
    detail = details_of(world.geobox)[detail_number]
    values, squares = detailed(bands, world.geobox, ESTIMATE, detail)
    picture = draw(values, squares, ESTIMATE.kind)
    newest = world.estimates[(world.estimates["month"] == "2021-12") & (world.estimates["area_id"] != "CITY")]
    zones = zones_of(owners_of(bands, newest.set_index("area_id")["estimate"]), world.geobox)
    square = (picture.bounds[2] - picture.bounds[0]) / squares.shape[1]
    told = {area: (name, f"{name}: 1") for area, name in NAMES.items()}
    box = world.geobox.geographic_extent.boundingbox
    bounds = (box.left, box.bottom, box.right, box.top)
    deck = build_deck(bounds, Ground(picture, square), [], zones, told, narrow=narrow)
    opened = deck.with_open([zone for zone in zones if zone.area == "D6"])
    return values, json.loads(opened.to_json()), square


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("detail_number", [0, 1, 2, 3])
def test_every_square_is_drawn_and_all_add_up(world: Invented, detail_number: int, narrow: bool) -> None:
    values, deck, square = map_of(world, detail_number, narrow=narrow)
    table = world.estimates[(world.estimates["month"] == "2021-12") & (world.estimates["area_id"] != "CITY")]
    assert np.nansum(values) == pytest.approx(table["estimate"].sum(), rel=1e-6)
    (grid,) = (layer for layer in deck["layers"] if layer["id"] == "grid")
    pixels = matplotlib.image.imread(io.BytesIO(base64.b64decode(grid["image"].partition(",")[2])))
    rows, columns = np.nonzero(values > 0)
    times = pixels.shape[0] // values.shape[0]
    seen = np.array([pixels[:, column, 3].any() for column in columns])
    assert seen.all()
    opaque = (pixels[..., 3] == 1.0).sum() / times
    assert opaque == pytest.approx(len(rows), rel=0.03), "rows are stretched by the projection, none is dropped"
    view = deck["initialViewState"]
    for zoom in (view["zoom"], view["minZoom"]):
        assert 512 * 2**zoom * square / 360 >= 2.0 - 1e-9, "no square is smaller than two dots of the screen"


def test_the_whole_region_is_seen_first_where_squares_allow_it(world: Invented) -> None:
    _, deck, square = map_of(world, 0, narrow=False)
    west, south, east, north = next(layer for layer in deck["layers"] if layer["id"] == "grid")["bounds"]
    fitted = fit_zoom((west, south, east, north), screen_px())
    assert deck["initialViewState"]["zoom"] == pytest.approx(fitted, abs=0.2)
    assert least_zoom(square) < fitted


def test_every_district_can_be_clicked_on_and_nothing_else(world: Invented) -> None:
    _, deck, _ = map_of(world, 1, narrow=False)
    layers = {layer["id"]: layer for layer in deck["layers"]}
    assert {part["area"] for part in layers[DISTRICTS]["data"]} == set(NAMES)
    assert [name for name, layer in layers.items() if layer.get("pickable")] == [DISTRICTS]
    assert len(layers["chosen"]["data"]) == 1
    coloured = {"getFillColor", "getColor"}
    assert [n for n, layer in layers.items() if coloured & layer.keys()] == [], "Streamlit would pale it after a click"


def test_names_do_not_cover_each_other(world: Invented) -> None:
    bands = world.grids[Month(2021, 12)]
    newest = world.estimates[(world.estimates["month"] == "2021-12") & (world.estimates["area_id"] != "CITY")]
    zones = zones_of(owners_of(bands, newest.set_index("area_id")["estimate"]), world.geobox)
    told = {area: (name, "") for area, name in NAMES.items()}
    assert len(readable(zones, told, 9.5)) == len(NAMES)
    assert 1 <= len(readable(zones, told, 5.0)) < len(NAMES)
