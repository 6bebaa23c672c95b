"""Sampling on real radiance with planted factories (`../shared/regions`); skipped where that is not mounted."""

from pathlib import Path

import numpy as np
import pytest

from gvio.config import SampleParams
from gvio.region.pack import read_pack
from gvio.region.urban import read_urban
from gvio.sample.build import build_samples
from gvio.sample.samples import Samples
from gvio.sample.statistics import fill_gaps, gap_offsets
from gvio.sources.folder import open_stack

PACK = Path(__file__).parents[3] / "shared" / "regions" / "mumbai-spike-in"

pytestmark = pytest.mark.skipif(not PACK.is_dir(), reason=f"{PACK} is not here: real light cannot be sampled")


@pytest.fixture(scope="module")
def truth() -> dict[str, np.ndarray]:
    with np.load(PACK / "truth" / "truth.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def samples() -> Samples:
    pack = read_pack(PACK)
    config = pack.config
    stack, _ = open_stack(PACK / "ntl", config.ntl.product, config.bounds, config.start, None, None)
    urban = read_urban(pack, stack.geobox)
    return build_samples(stack, pack.districts, pack.factories, urban, SampleParams(), config.area_crs, None)


def test_factories_and_pixels_lie_where_they_were_planted(samples: Samples, truth: dict[str, np.ndarray]) -> None:
    np.testing.assert_array_equal(samples.owner, truth["dist"])
    np.testing.assert_array_equal(samples.district, truth["fd"])
    # Coordinates in the table are rounded to 0.1 m; a factory on a pixel's edge may fall either way.
    assert (samples.row == truth["iy"]).mean() > 0.99
    assert (samples.col == truth["ix"]).mean() > 0.99


def test_the_footprints_hold_the_planted_output(samples: Samples, truth: dict[str, np.ndarray]) -> None:
    """What was planted lies on pixels that the footprints reach."""
    reached = samples.footprint.sum(axis=0).reshape(samples.owner.shape) > 0
    planted = truth["truth"].sum(axis=0)
    assert planted[reached].sum() > 0.99 * planted.sum()


def test_light_above_the_background_follows_the_planted_output(samples: Samples, truth: dict[str, np.ndarray]) -> None:
    """Rank correlation with the mean output of a factory's pixel: 0.61 above the background, 0.43 with it."""
    output = truth["truth"].mean(axis=0)[samples.row, samples.col]
    excess = rank_correlation(np.nanmean(samples.light[0] - samples.background, axis=1), output)
    assert excess > 0.5
    assert excess > 0.1 + rank_correlation(np.nanmean(samples.light[0], axis=1), output)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef([np.argsort(np.argsort(v)) for v in (a, b)])[0, 1])


def test_the_monsoon_leaves_gaps_in_pixels_and_none_in_the_statistics(samples: Samples) -> None:
    july = [i for i, month in enumerate(samples.months) if month.month == 7]
    assert samples.seen[0][:, july].mean() < 0.95 * samples.seen[0].mean()
    raw = (samples.statistics, samples.city_statistics, samples.region_light)
    filled = fill_gaps(*raw, gap_offsets(*raw, np.ones(len(samples.months), dtype=bool)))
    assert all(np.isfinite(part).all() for part in filled)
