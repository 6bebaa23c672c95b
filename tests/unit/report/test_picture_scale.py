from __future__ import annotations

import base64
import io

import matplotlib.image
import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from gvio.errors import StoreError
from gvio.report.picture import (
    LAYERS,
    Scale,
    colour,
    draw,
    figure,
    fit_scale,
    layer_values,
    legend_html,
    legend_stops,
    mercator_rows,
    short_number,
)

LAYER = {layer.key: layer for layer in LAYERS}
STEP = 1 / 240


def geobox(rows: int = 300, columns: int = 312) -> GeoBox:
    return GeoBox((rows, columns), Affine(STEP, 0, 120.85, 0, -STEP, 31.90), "EPSG:4326")


def pixels(url: str) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,"))))


def test_nothing_is_drawn_where_there_is_no_value() -> None:
    values = np.array([[np.nan, 0.0], [1.0, 100.0]])
    alpha = colour(values, Scale("log", 1.0, 100.0))[..., 3]
    assert alpha.tolist() == [[0, 0], [255, 255]]


def test_brighter_pixels_are_darker_ink() -> None:
    ink = colour(np.array([[1.0, 10.0, 100.0]]), Scale("log", 1.0, 100.0))[0, :, :3].sum(axis=1)
    assert ink[0] > ink[1] > ink[2]


def test_a_picture_holds_every_pixel_of_the_grid_at_its_place() -> None:
    values = np.full((300, 312), np.nan)
    values[10, 20] = 5.0
    values[250, 300] = 50.0
    picture = draw(values, geobox(), "log")
    shown = pixels(picture.data_url)[..., 3] > 0
    rows, columns = np.nonzero(shown)
    assert sorted(set(columns.tolist())) == [20, 300]
    assert set(mercator_rows(30.65, 31.90, 300)[rows].tolist()) == {10, 250}
    assert picture.bounds == pytest.approx((120.85, 30.65, 122.15, 31.90))


def test_rows_follow_the_mercator_projection() -> None:
    rows = mercator_rows(30.65, 31.90, 300)
    assert rows[0] == 0
    assert rows[-1] == 299
    assert set(np.diff(rows)) <= {0, 1}
    assert set(np.bincount(rows)) <= {2, 3, 4}
    middle = len(rows) // 2  # half way on the screen lies north of the mean latitude: Mercator stretches the north
    latitude = 31.90 - (rows[middle] + 0.5) * STEP
    y = np.arctanh(np.sin(np.radians([30.65, 31.90, latitude])))  # an independent form of the projection
    assert abs(y[2] - (y[0] + y[1]) / 2) < 1.5 * np.radians(STEP)
    assert rows[middle] < 150


def test_interval_width_is_relative_to_the_estimate() -> None:
    bands = np.array([[[10.0, 0.0]], [[8.0, 0.0]], [[13.0, 0.0]], [[9.0, 0.0]], [[1.1, 1.0]]])
    width = layer_values(bands, LAYER["width"])
    assert width[0, 0] == pytest.approx(50.0)
    assert np.isnan(width[0, 1])
    assert layer_values(bands, LAYER["adjustment"])[0, 0] == pytest.approx(1.1)


def test_a_grid_without_the_five_bands_is_refused() -> None:
    with pytest.raises(StoreError, match=r"shape \(2, 4, 4\) does not have the bands estimate, lower80"):
        layer_values(np.zeros((2, 4, 4)), LAYER["estimate"])


@pytest.mark.parametrize("kind", ["log", "linear", "ratio"])
def test_an_empty_grid_still_has_a_legend(kind: str) -> None:
    picture = draw(np.full((300, 312), np.nan), geobox(), kind)  # type: ignore[arg-type]
    assert pixels(picture.data_url)[..., 3].max() == 0
    assert len(legend_stops(picture.scale)) >= 2


def test_the_scale_of_factors_is_symmetric_about_one() -> None:
    scale = fit_scale(np.geomspace(0.9, 3.0, 1000), "ratio")
    assert scale.low * scale.high == pytest.approx(1.0)
    assert scale.high > 2.5
    assert {text: place for place, text in legend_stops(scale)}["1"] == pytest.approx(0.5)


def test_a_log_scale_spans_at_most_three_decades() -> None:
    scale = fit_scale(np.geomspace(1e-9, 10.0, 5000), "log")
    assert scale.high / scale.low == pytest.approx(1000.0)


@given(st.floats(1e-6, 1e6), st.floats(1.2, 1e3), st.sampled_from(["log", "linear", "ratio"]))
def test_legend_labels_are_few_ascending_and_inside(low: float, span: float, kind: str) -> None:
    scale = fit_scale(np.geomspace(low, low * span, 200), kind)  # type: ignore[arg-type]
    stops = legend_stops(scale)
    places = [place for place, _ in stops]
    assert 1 <= len(stops) <= 6
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)
    assert len({text for _, text in stops}) == len(stops)


def test_the_legend_escapes_its_caption() -> None:
    text = legend_html(Scale("log", 1.0, 100.0), "<script>alert(1)</script>")
    assert "<script>" not in text
    assert "rgb(" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.01234, "0.0123"),
        (1.5, "1.5"),
        (639.6, "640"),
        (12345.0, "12,300"),
        (-2.0, "−2"),
        (float("nan"), "–"),
    ],
)
def test_short_number(value: float, text: str) -> None:
    assert short_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(3479.41, "3,479"), (25.0, "25.00"), (0.5, "0.5000"), (123456.0, "123,500"), (0.0, "0"), (float("inf"), "–")],
)
def test_figure(value: float, text: str) -> None:
    assert figure(value) == text
