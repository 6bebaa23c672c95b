"""What is drawn of a month adds up to its table at every detail, and can be seen."""

from __future__ import annotations

import base64
import io

import matplotlib.image
import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.map.bands import BANDS
from gvio.report.detail import DETAILS, PIXELS, Detail, detailed, details_of, finest_seen
from gvio.report.picture import LAYERS, draw

LAYER = {layer.key: layer for layer in LAYERS}
SHANGHAI = GeoBox((300, 330), Affine(1 / 240, 0, 120.85, 0, -1 / 240, 31.90), "EPSG:4326")
DESK_PX, PHONE_PX = 440, 330


def month(seed: int = 3) -> np.ndarray:
    """A few hundred factories' pixels in a large region, everything beyond the first columns outside."""
    rng = np.random.default_rng(seed)
    bands = np.zeros((5, *SHANGHAI.shape))
    at = rng.integers(0, 300, 350), rng.integers(40, 330, 350)
    bands[BANDS.index("estimate")][at] = rng.lognormal(0, 1, 350)
    bands[BANDS.index("lower80")] = 0.5 * bands[0]
    bands[BANDS.index("upper80")] = 1.5 * bands[0]
    bands[BANDS.index("raw")] = bands[0] / 1.25
    bands[BANDS.index("adjustment")] = 1.25
    bands[:, :, :31] = np.nan
    return bands


@pytest.mark.parametrize("detail", DETAILS, ids=lambda d: d.title)
@pytest.mark.parametrize("key", ["estimate", "raw"])
def test_output_adds_up_at_every_detail(detail: Detail, key: str) -> None:
    bands = month()
    values, _ = detailed(bands, SHANGHAI, LAYER[key], detail)
    assert np.nansum(values) == pytest.approx(np.nansum(bands[BANDS.index(key)]), rel=1e-12)


@pytest.mark.parametrize("detail", DETAILS, ids=lambda d: d.title)
def test_every_square_with_output_is_in_the_picture(detail: Detail) -> None:
    values, grid = detailed(month(), SHANGHAI, LAYER["estimate"], detail)
    png = base64.b64decode(draw(values, grid, "log").data_url.removeprefix("data:image/png;base64,"))
    drawn = matplotlib.image.imread(io.BytesIO(png))[..., 3] > 0
    assert drawn[1::3].sum() == (np.nan_to_num(values) > 0).sum()  # three rows of the picture a row of the grid


def test_factors_and_widths_are_not_summed() -> None:
    factor, _ = detailed(month(), SHANGHAI, LAYER["adjustment"], DETAILS[1])
    width, _ = detailed(month(), SHANGHAI, LAYER["width"], DETAILS[1])
    np.testing.assert_allclose(factor[np.isfinite(factor)], 1.25)
    np.testing.assert_allclose(width[np.isfinite(width)], 100.0)


def test_nothing_is_drawn_outside_the_districts() -> None:
    values, grid = detailed(month(), SHANGHAI, LAYER["estimate"], DETAILS[1])
    assert np.isnan(values[:, :6]).all()  # blocks of 5 columns; 31 are outside
    assert np.isfinite(values[:, 6:]).all()
    west, south, east, north = grid.extent.boundingbox
    assert (west, north) == (pytest.approx(120.85), pytest.approx(31.90))
    assert east >= SHANGHAI.extent.boundingbox.right
    assert south <= SHANGHAI.extent.boundingbox.bottom


def test_a_region_opens_at_the_finest_detail_that_can_be_seen() -> None:
    assert finest_seen(SHANGHAI, DESK_PX).title == "1 km"
    assert finest_seen(SHANGHAI, PHONE_PX).title == "2 km"
    small = GeoBox((60, 60), SHANGHAI.affine, "EPSG:4326")
    assert finest_seen(small, DESK_PX) == PIXELS
    country = GeoBox((6000, 8000), SHANGHAI.affine, "EPSG:4326")
    assert finest_seen(country, DESK_PX).title == "5 km"


def test_squares_finer_than_a_pixel_are_not_offered() -> None:
    coarse = GeoBox((50, 50), Affine(0.04, 0, 120, 0, -0.04, 32), "EPSG:4326")
    assert [d.title for d in details_of(coarse)] == ["Pixels"]
    assert [d.title for d in details_of(SHANGHAI)] == ["5 km", "2 km", "1 km", "Pixels"]
