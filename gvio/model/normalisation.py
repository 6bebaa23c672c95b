"""What light is compared with, learned from training months, and light as that leaves it: no figure is used.

Images are whole only where they are of no month. Months are worked on a tile at a time (`gvio.sample.surroundings`,
`gvio.model.looking`), and what is kept of them is what sites show.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.model.looking import LitRegion, Looked, Seen, batches_of, nothing_looked
from gvio.model.own_movement import USUAL, lasting, own_movement
from gvio.model.sites import deblended_at, is_steady, log_weight_of, own_light_of, sites_of
from gvio.sample.anomaly import Anomalies, SeenAnomalies, training_mean
from gvio.sample.clutter import LEAST_SPREAD, Clutter, expected_share, fit_clutter, ring_weights
from gvio.sample.radiometry import radiometric_change, shared_part, sky_at, sky_pixels
from gvio.sample.rings import away_from, like_factories
from gvio.sample.samples import Samples
from gvio.types import BoolArray, FloatArray, IntArray


@dataclasses.dataclass(frozen=True, eq=False)
class Normalisation:
    """What must travel with the weights: the light a pixel is compared with. `mean_log_light` (y, x), NaN never seen;
    `radiometric` (1,) in [0, 1], how far factories' light shares in what sky and sensor do (`gvio.sample.radiometry`);
    `rings` (1 + R,), `background` and `spread` (y, x) as in `Clutter`, of pixels that no site looks at what brightness
    suggests and the usual spread; `own_movement` (1,), τ of `gvio.model.own_movement`.
    """

    mean_log_light: FloatArray
    radiometric: FloatArray
    rings: FloatArray
    background: FloatArray
    spread: FloatArray
    own_movement: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the region."""
        rows, columns = self.mean_log_light.shape
        return rows, columns


def fit_normalisation(samples: Samples, train: BoolArray, dynamic_px: int) -> Normalisation:
    """Learned from the months where `train` (T,) holds, for patches of `dynamic_px` pixels; the others have no say."""
    return fit_and_look(samples, train, dynamic_px)[0]


def fit_and_look(
    samples: Samples, train: BoolArray, dynamic_px: int, only: IntArray | None = None
) -> tuple[Normalisation, Looked]:
    """The normalisation, and what sites show of the training months by it.

    Args:
        samples: The region.
        train: (T,) training months; the others have no influence.
        dynamic_px: Side of the patch whose rings show the anomaly, odd.
        only: Sites that are looked at, in the order of `sites_of`; all when None. Of the others their own pixels count:
            how they move tells τ.
    """
    months = np.flatnonzero(train)
    mean = training_mean(samples.radiance, samples.observations, months)
    raw, away = _light(samples, mean, months), away_from(samples.row, samples.col, mean.shape)
    sky = _sky(raw, away, mean, tuple(np.array(samples.regimes)[train]))
    shared = _radiometric_share(samples, raw, mean, sky, samples.active[:, train])
    region = LitRegion.of(dataclasses.replace(raw, sky=shared * sky), away)
    batches = batches_of(samples, dynamic_px, only)
    examples = like_factories(mean, away, mean[samples.row, samples.col])
    # A region of one batch is looked at once: its examples are among what it sees.
    whole = region.at(np.union1d(examples, batches[0].pixels)) if len(batches) == 1 else None
    beside, prior = region.at(examples) if whole is None else whole.of(examples), expected_share(mean, away)
    rings = ring_weights(beside.change, beside.validity, beside.around)

    def cleared(seen: Seen) -> tuple[Seen, Clutter]:
        clutter = fit_clutter(seen.change, seen.validity, seen.around, rings, prior.ravel()[seen.pixels])
        return seen.cleared(clutter), clutter

    looked = nothing_looked(batches, len(months), dynamic_px, len(rings))
    background, spread = prior.copy(), np.full(mean.shape, np.nan)
    n_sites = sum(len(batch.sites) for batch in batches)
    here, seen_here = (np.zeros((n_sites, len(months)), np.float32) for _ in range(2))
    for batch in batches:
        seen = region.at(batch.pixels) if whole is None else whole  # a copy without the examples would be as large
        left, clutter = cleared(seen)
        at = seen.positions(batch.pixels)
        background.flat[batch.pixels], spread.flat[batch.pixels] = clutter.background[at], clutter.spread[at]
        here[batch.sites], seen_here[batch.sites] = left.own(batch.own)
        batch.look(left, looked)
    usual = float(np.nanmedian(spread)) if batches else LEAST_SPREAD
    spread = np.where(np.isfinite(spread), spread, usual)
    lasts = lasting(*cleared(beside)[0].own(examples))
    moves = _own_movement(samples, mean, background, samples.active[:, train], (here, seen_here, lasts))
    return Normalisation(mean, np.array([shared]), rings, background, spread, np.array([moves])), looked


def look_at(samples: Samples, normalisation: Normalisation, dynamic_px: int, only: IntArray | None = None) -> Looked:
    """What sites show of all months, as a normalisation leaves it; arguments as of `fit_and_look`."""
    # All months are compared with the training mean that travels with the weights.
    mean, months = normalisation.mean_log_light, np.arange(len(samples.months))
    lit, away = _light(samples, mean, months), away_from(samples.row, samples.col, mean.shape)
    shared = float(normalisation.radiometric[0])
    if shared:
        lit = dataclasses.replace(lit, sky=shared * _sky(lit, away, mean, samples.regimes))
    # In this order, as it was learned: the clutter of the training months was fitted after the radiometric change.
    region, batches = LitRegion.of(lit, away), batches_of(samples, dynamic_px, only)
    looked = nothing_looked(batches, len(months), dynamic_px, len(normalisation.rings))
    for batch in batches:
        of_pixels = (image.ravel()[batch.pixels] for image in (normalisation.background, normalisation.spread))
        batch.look(region.at(batch.pixels).cleared(Clutter(normalisation.rings, *of_pixels)), looked)
    return looked


def light_gain(samples: Samples, normalisation: Normalisation) -> FloatArray:
    """(T,) factor that the month's sky and sensor put on the light of factories; what they add to all light moves no
    factory's own."""
    mean = normalisation.mean_log_light
    raw = _light(samples, mean, np.arange(len(samples.months)))
    sky = _sky(raw, away_from(samples.row, samples.col, mean.shape), mean, samples.regimes)
    return np.asarray(np.exp(float(normalisation.radiometric[0]) * sky[:, 0]))


def _light(samples: Samples, mean: FloatArray, months: IntArray) -> SeenAnomalies:
    return SeenAnomalies(samples.radiance, samples.observations, months, mean, np.zeros((len(months), 2)))


def _sky(raw: Anomalies, away: BoolArray, mean: FloatArray, regimes: tuple[str, ...]) -> FloatArray:
    pixels = sky_pixels(mean, away)
    return radiometric_change(*raw.at(pixels), mean.ravel()[pixels], regimes)


def _radiometric_share(samples: Samples, raw: Anomalies, mean: FloatArray, sky: FloatArray, active: BoolArray) -> float:
    """How far factories' own light shares in the radiometric change."""
    site, first = sites_of(samples)
    weight = np.exp(log_weight_of(samples.weight, active, site, len(first))).max(axis=1)
    pixels, _, _, _, share = deblended_at(mean, samples.row[first], samples.col[first], weight)
    change, validity = (part.astype(np.float64) for part in raw.at(pixels))
    return shared_part(change, validity, sky_at(sky, mean.ravel()[pixels]), share.ravel()[pixels])


def _own_movement(
    samples: Samples,
    mean: FloatArray,
    background: FloatArray,
    active: BoolArray,
    seen: tuple[FloatArray, FloatArray, float],
) -> float:
    """τ from the cleared light of training months, at sites whose factories work in all of them; `seen`: the sites'
    (U, T) anomaly and validity, and what lasts away from factories."""
    site, first = sites_of(samples)
    log_weight = log_weight_of(samples.weight, active, site, len(first))
    share = own_light_of(mean, background, log_weight, samples.row[first], samples.col[first]).share
    steady = np.flatnonzero(is_steady(log_weight))
    if not len(steady):
        return USUAL
    change, validity, lasts = seen
    return own_movement(change[steady], validity[steady], share[steady], samples.district[first[steady]], lasts)
