"""The plan on which places are chosen: a click means the square under it, and trends are the published ones."""

from __future__ import annotations

import base64
import io

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.map.trends import seasonal_trends
from gvio.report.detail import DETAILS, PIXELS
from gvio.report.places import place_of
from gvio.report.plan import district_plan, output_plan, trend_plan, trend_text
from gvio.report.trend_map import area_trends, pixel_trends, square_trends
from gvio.report.zones import Owners

GEOBOX = GeoBox((24, 30), Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.5), "EPSG:4326")
PIXELS_OF = np.array([0, 1, 31, 400, 719])
SERIES = np.random.default_rng(3).lognormal(0, 0.1, (48, 5)) * np.linspace(1, 2, 48)[:, None]


def picture(url: str) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(url.partition(",")[2])))


def test_squares_have_the_trend_of_the_sum_of_their_pixels() -> None:
    found = square_trends(SERIES, PIXELS_OF, GEOBOX, DETAILS[1])
    whole = seasonal_trends(SERIES[:, :3].sum(axis=1)[None])  # the first three pixels share the first square
    assert found.percent[0, 0] == pytest.approx(100 * whole.relative[0])
    assert found.p_value[0, 0] == pytest.approx(whole.p_value[0])
    assert np.isfinite(found.percent).sum() == 3
    assert found.significant[0, 0]


def test_districts_have_the_trend_of_their_row() -> None:
    months = pd.period_range("2018-01", periods=48, freq="M").strftime("%Y-%m")
    frames = [pd.DataFrame({"area_id": f"D{i}", "month": months, "estimate": SERIES[:, i]}) for i in range(2)]
    trends = area_trends(pd.concat(frames))
    assert trends["percent"]["D1"] == pytest.approx(100 * seasonal_trends(SERIES[:, 1][None]).relative[0])
    owners = Owners(np.repeat([[0, 1]], 24, axis=0).repeat(15, axis=1), ("D0", "D1"))
    plan = district_plan(trends, owners, GEOBOX, {"D0": "Harbour"})
    assert set(plan.points["key"]) == {"area=D0", "area=D1"}
    assert plan.points["told"].iloc[0].startswith("Harbour: +")
    assert plan.points.loc[plan.points["key"] == "area=D1", "x"].min() > 121.0 + 15 / 240


@pytest.mark.parametrize("detail", [DETAILS[1], PIXELS])
def test_a_click_means_the_square_under_it(detail) -> None:
    bands = np.full((5, *GEOBOX.shape), np.nan, np.float32)
    bands[0] = 0.0
    bands[0].ravel()[PIXELS_OF] = [1, 2, 3, 4, 5]
    plan = output_plan(bands, GEOBOX, detail, "million CNY")
    kind, _, text = plan.points["key"].iloc[0].partition("=")
    place = place_of(kind, text)
    assert place is not None
    assert place.middle == pytest.approx((plan.points["x"].iloc[0], plan.points["y"].iloc[0]), abs=1e-4)
    sums = {DETAILS[1]: "6.000 million CNY", PIXELS: "1.000 million CNY"}
    assert plan.points["told"].iloc[0] == sums[detail]
    assert plan.bounds[0] == 121.0
    assert plan.bounds[3] == 31.5


def test_what_is_not_significant_is_pale_and_hatched() -> None:
    bands = np.full((3, *GEOBOX.shape), np.nan)
    bands[1, :, :10], bands[1, :, 10:20] = 0.05, 0.05
    bands[2, :, :10], bands[2, :, 10:20] = 0.001, 0.4
    plan = trend_plan(pixel_trends(bands, GEOBOX), PIXELS)
    seen = picture(plan.url)
    third = seen.shape[1] // 3
    clear, pale, empty = seen[:, :third], seen[:, third : 2 * third], seen[:, 2 * third :]
    assert len(np.unique(clear.reshape(-1, 4), axis=0)) == 1
    assert len(np.unique(pale.reshape(-1, 4), axis=0)) == 2
    assert not empty[..., 3].any()
    assert np.ptp(clear[0, 0, :3]) > np.ptp(pale[..., :3].reshape(-1, 3), axis=1).max()
    assert len(plan.points) == 24 * 20


def test_a_trend_in_words() -> None:
    assert trend_text(2.13, 0.003) == "+2.1 % a year, p 0.003"
    assert trend_text(-0.03, 0.0004) == "0.0 % a year, p below 0.001"
    assert trend_text(1.0, 0.2) == "+1.0 % a year, p 0.200, not significant"
    assert trend_text(np.nan, 0.2) == "no trend known"
