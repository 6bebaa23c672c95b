"""The map on real radiance with planted factories: does it beat what anybody would draw, and hold its promises?"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from gvio.config import MapParams
from gvio.map.grids import map_months
from gvio.map.industry import Industry, industry_terms
from gvio.map.score import rival_maps, score_left_out, score_truth
from gvio.raster import read_window
from gvio.scoreboard.names import OURS, PROPORTIONAL, UNIFORM

REGIONS = Path(__file__).resolve().parents[3] / "shared" / "regions"
POOL = MapParams().pooled_months


@pytest.fixture(scope="module", params=["mumbai-spike-in", "mumbai-spike-in-few"])
def pack(request):
    root = REGIONS / request.param
    if not root.is_dir():
        pytest.skip(f"no region packs with known truth at {REGIONS}")
    truth = np.load(root / "truth" / "truth.npz")
    light = []
    for path in sorted((root / "ntl").glob("*.avg_rade9h.tif")):
        radiance, geobox, _ = read_window(path)
        count, _, _ = read_window(path.with_name(path.name.replace("avg_rade9h", "cf_cvg")))
        light.append(np.where(count > 0, radiance, np.nan))
    return truth, np.stack(light), geobox, len(pd.read_csv(root / "factories.csv"))


def industry_of(pack) -> Industry:
    truth, light, _, n = pack
    pixel = truth["iy"] * light.shape[2] + truth["ix"]
    place = sparse.csr_array((np.ones(n), (np.arange(n), pixel)), shape=(n, light[0].size))
    years = 2014 + np.arange(len(light)) // 12
    return industry_terms(light, truth["dist"], place, np.ones(n), np.ones((n, len(light)), bool), 8, years)


def test_linear_map_beats_its_rivals_on_planted_truth(pack):
    truth, light, geobox, _ = pack
    industry = industry_of(pack)
    maps = rival_maps(industry, light, truth["labels"], POOL)
    scores = score_truth(maps, truth["truth"].astype(float), geobox)
    for scale in ("native", "1km", "2km"):
        assert scores[scale][OURS] > scores[scale][UNIFORM] + 0.01
        assert scores[scale][UNIFORM] > scores[scale][PROPORTIONAL] + 0.1
    left_out = score_left_out(industry, light, truth["labels"], POOL)
    # what a whole district makes counting tells as well: factories' light is for the inside of districts
    assert left_out[OURS].log_rmse < left_out[UNIFORM].log_rmse + 0.1
    assert left_out[OURS].log_rmse < left_out[PROPORTIONAL].log_rmse - 0.1


def test_pixel_intervals_hold_the_truth_at_least_as_often_as_they_say(pack):
    truth, light, _, _ = pack
    industry, labels = industry_of(pack), truth["labels"]
    months = range(0, len(light), 12)
    grids = np.stack(list(map_months(industry, labels, labels * 0.99, labels * 1.01, months, MapParams())))
    flat = grids.reshape(len(months), 5, -1)[:, :, industry.pixels]
    known = truth["truth"].reshape(len(light), -1)[::12][:, industry.pixels]
    inside = (flat[:, 1] <= known) & (known <= flat[:, 2])
    assert 0.80 <= inside.mean() <= 0.95
    for d in range(8):
        sums = grids[:, 0, truth["dist"] == d].astype(np.float64).sum(axis=1)
        np.testing.assert_allclose(sums, labels[d, ::12], rtol=1e-6)
