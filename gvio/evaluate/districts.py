"""Leave districts out: what of a district nobody publishes? Its figures are withheld, and its light from training."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np

from gvio.evaluate.blocks import Block, reach_px, spatial_blocks
from gvio.evaluate.fit_request import Fit
from gvio.evaluate.fold import Material, Question, ask
from gvio.evaluate.scores import FoldScores
from gvio.grid.area import pixel_area_km2
from gvio.sample.samples import Samples
from gvio.scoreboard.names import CITY_PUBLIC, LEFT_OUT, OURS
from gvio.train.fit import Fitted
from gvio.train.workers import Workers, in_turn
from gvio.types import BoolArray


def leave_districts_out(
    material: Material, fit: Fit, fitted: Fitted, workers: Workers = in_turn
) -> dict[str, list[FoldScores]]:
    """Districts withheld in turn: one by one up to twice `district_folds` of them, else in `district_folds` groups.

    Under `LEFT_OUT` the city's figures are withheld from every model, too: with them, a district left out alone is the
    city less the others, and nothing is asked of the light. Under `CITY_PUBLIC` they are there, but not in training,
    which would learn the same difference. No pixel that a factory of the districts sees is looked at in training, as
    far as half of the other factories stay in sight (`hidden_px` says how far, `hidden_in_part` whether that is less
    than they see); statistics, means over the land of whole districts and of the city, stay as they are. The
    hyperparameters are those of the whole region: they say how figures and light behave, not where output is.
    Districts' sensitivities to light do know where, and are left out.

    Args:
        material: The region, all months of which are trained on and estimated.
        fit: Fits a fold, or finds it.
        fitted: Whose hyperparameters train and estimate, and whose pixels' training means are put back, so that a
            fold's network can read light it was not trained on.
        workers: Runs the folds.

    Returns:
        Folds by protocol, as many of one as of the other.
    """
    reach, blank = region_reach(material), dataclasses.replace(fitted.ensemble.hyper, sensitivity=())

    def fold(block: Block) -> tuple[FoldScores, FoldScores] | None:
        sums, targets, end = material.sums, material.targets, len(material.samples.months) - 1
        scored = (targets.row >= 0) & block.districts[:, None]
        others = sums.of_districts & ~block.districts[sums.area]
        if not scored.any() or not others.any():
            return None
        name = "districts-" + "-".join(str(d) for d in np.flatnonzero(block.districts))
        network = fit(material.request(others, end + 1, fixed=blank, samples=hide(material.samples, block.hidden)))
        ensemble = dataclasses.replace(network.ensemble, hyper=blank)
        sighted = dataclasses.replace(network, ensemble=ensemble, normalisation=fitted.normalisation)
        ours = {OURS: sighted}
        nobody = np.full(len(material.city_monthly), np.nan)
        alone = Question(name, others, scored, nobody, end, block.districts)
        public = Question(name, others | sums.of_city, scored, material.city_monthly, end, block.districts)
        scores = [
            dataclasses.replace(
                ask(material, question, ours), hidden_px=block.reach, hidden_in_part=block.reach < reach
            )
            for question in (alone, public)
        ]
        return scores[0], scores[1]

    folds = workers("evaluate: leave districts out", [partial(fold, block) for block in blocks_of(material)])
    found = [pair for pair in folds if pair is not None]
    return {LEFT_OUT: [alone for alone, _ in found], CITY_PUBLIC: [public for _, public in found]}


def blocks_of(material: Material) -> list[Block]:
    """The region's spatial folds."""
    samples, reach = material.samples, region_reach(material)
    n_areas, folds = len(samples.area_ids), material.params.evaluate.district_folds
    groups = n_areas if n_areas <= 2 * folds else folds
    shape = (samples.owner.shape[0], samples.owner.shape[1])
    return list(spatial_blocks(samples.row, samples.col, samples.district, shape, n_areas, groups, reach))


def region_reach(material: Material) -> int:
    """Pixels a factory sees in each direction."""
    samples = material.samples
    return reach_px(material.params.sample.patch_px, max(samples.radii_m), pixel_side_m(samples))


def pixel_side_m(samples: Samples) -> float:
    """Shorter side of the smallest pixel, metres."""
    a = samples.geobox.transform
    area = float(pixel_area_km2(samples.geobox).min()) * 1e6
    # of a pixel in degrees the north–south side is known (WGS84, 110.6 km or more to the degree), the other follows
    height = abs(a.e) * 110_574.0 if samples.geobox.crs and samples.geobox.crs.geographic else abs(a.e)
    return min(height, area / height)


def hide(samples: Samples, hidden: BoolArray) -> Samples:
    """Samples in which nobody ever saw the `hidden` (y, x) pixels."""
    return dataclasses.replace(
        samples,
        radiance=np.where(hidden, np.float32(np.nan), samples.radiance),
        observations=np.where(hidden, 0, samples.observations).astype(samples.observations.dtype),
    )
