"""Scores of the map against left-out districts and planted truth."""

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.errors import ModelError
from gvio.map.industry import Industry
from gvio.map.score import (
    r_squared,
    rival_maps,
    score_left_out,
    score_truth,
)
from gvio.scoreboard.names import OURS, PROPORTIONAL, UNIFORM
from gvio.scoreboard.scores import HeldOutScores

SHAPE = (12, 16)
GRID = GeoBox(SHAPE, Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.2), "EPSG:4326")


def planted(n_months: int = 24) -> tuple[Industry, np.ndarray, np.ndarray, np.ndarray]:
    """A city where output is factories' own light exactly, with street light that has nothing to do with output."""
    rng = np.random.default_rng(7)
    owner = np.repeat(np.arange(8), 2)[None, :].repeat(SHAPE[0], axis=0)
    pixels = np.sort(rng.choice(owner.size, 60, replace=False))
    street = rng.gamma(1.0, 60.0, owner.size)
    count = np.repeat(rng.integers(1, 5, (60, 1)).astype(float), n_months, axis=1)
    light = count * rng.lognormal(2.0, 0.8, (60, 1))
    street[pixels] += light[:, 0]
    industry = Industry(pixels, owner.ravel()[pixels], count, light, owner, 8)
    truth = np.zeros((n_months, *SHAPE))
    truth.reshape(n_months, -1)[:, pixels] = industry.light.T * np.linspace(1, 1.1, n_months)[:, None]
    radiance = np.broadcast_to(street.reshape(SHAPE), truth.shape).astype(np.float32)
    return industry, radiance, truth, industry.by_district(truth.reshape(n_months, -1)[:, pixels].T)


def test_the_linear_map_beats_its_rivals_where_light_tells():
    industry, radiance, truth, estimates = planted()
    scores = score_truth(rival_maps(industry, radiance, estimates, 24), truth, GRID)
    assert list(scores) == ["native", "1km", "2km", "5km"]
    for scale in ("native", "1km"):
        assert scores[scale][OURS] > scores[scale][UNIFORM] > scores[scale][PROPORTIONAL]
    assert scores["native"][OURS] > 0.9


def test_left_out_districts_are_scored_for_every_map():
    industry, radiance, _, official = planted()
    scores = score_left_out(industry, radiance, official, 24)
    assert set(scores) == {OURS, PROPORTIONAL, UNIFORM}
    assert scores[OURS].log_rmse < scores[UNIFORM].log_rmse < scores[PROPORTIONAL].log_rmse
    assert scores[OURS].r2 > scores[PROPORTIONAL].r2


def test_months_without_every_districts_figure_do_not_count():
    industry, radiance, _, official = planted()
    wrong = official.copy()
    wrong[:, 5] *= 100
    wrong[3, 5] = np.nan
    kept = np.delete(official, 5, axis=1)
    fewer = Industry(
        industry.pixels,
        industry.district,
        np.delete(industry.count, 5, axis=1),
        np.delete(industry.light, 5, axis=1),
        industry.owner,
        8,
    )
    expected = score_left_out(fewer, np.delete(radiance, 5, axis=0), kept, 24)
    assert score_left_out(industry, radiance, wrong, 24) == expected


def test_nothing_official_gives_no_score():
    industry, radiance, _, official = planted()
    scores = score_left_out(industry, radiance, np.full_like(official, np.nan), 24)
    assert scores[OURS] == HeldOutScores(r2=None, log_r2=None, log_rmse=None)


def test_r_squared_of_nothing_is_none():
    assert r_squared(np.array([1.0]), np.array([1.0])) is None
    assert r_squared(np.ones(5), np.zeros(5)) is None
    assert r_squared(np.array([0.0, 2.0]), np.array([0.0, 1.0])) == pytest.approx(0.5)


def test_map_of_another_shape_and_truth_with_gaps_are_refused():
    truth = np.ones((2, *SHAPE))
    with pytest.raises(ModelError, match=r"map 'x' has shape \(1, 2, 3\), the truth \(2, 12, 16\)"):
        score_truth({"x": np.ones((1, 2, 3))}, truth, GRID)
    truth[0, 0, 0] = np.nan
    with pytest.raises(ModelError, match="truth: the truth is not finite"):
        score_truth({}, truth, GRID)


def test_unseen_light_is_the_pixels_own_mean_for_the_rival():
    industry, radiance, _, estimates = planted()
    gap = radiance.copy()
    gap[3] = np.nan
    with_gap = rival_maps(industry, gap, estimates, 24)[PROPORTIONAL]
    np.testing.assert_allclose(with_gap, rival_maps(industry, radiance, estimates, 24)[PROPORTIONAL], rtol=1e-6)
