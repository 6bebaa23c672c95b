"""What light is compared with, learned from training months, and light as that leaves it: no figure is used.

Images are whole only where they are of no month. Months are worked on a tile at a time (`gvio.sample.surroundings`),
and kept at the pixels that somebody looks at.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.model.own_movement import USUAL, lasting, own_movement
from gvio.model.sites import deblended_at, is_steady, log_weight_of, own_light_of, sites_of
from gvio.sample.anomaly import Anomalies, SeenAnomalies, training_mean
from gvio.sample.clutter import Clutter, expected_share, fit_clutter, without_clutter
from gvio.sample.patches import patch_pixels
from gvio.sample.radiometry import radiometric_change, shared_part, sky_at, sky_pixels
from gvio.sample.rings import away_from, like_factories
from gvio.sample.samples import Samples
from gvio.sample.surroundings import Surroundings, surroundings
from gvio.types import BoolArray, FloatArray, IntArray

# Months of weather can move a pixel far beyond what output does; beyond ±2 (a factor of 7) it is fire, flare or error.
CLIP = 2.0


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


@dataclasses.dataclass(frozen=True, eq=False)
class Cleared:
    """Light of months against the training mean, at `pixels` (N,), ascending flat indices: `change` (T, N) float32
    anomaly without radiometric change and clutter, `validity` (T, N) how far to believe it, in [0, 1); `around` their
    surroundings.
    """

    pixels: IntArray
    change: FloatArray
    validity: FloatArray
    around: Surroundings

    def positions(self, pixels: IntArray) -> IntArray:
        """Of flat indices, each of which must be among `pixels`."""
        return np.asarray(np.searchsorted(self.pixels, pixels))


def looked_at(samples: Samples, dynamic_px: int) -> IntArray:
    """Flat indices, ascending, of every pixel in a patch of `dynamic_px` pixels round a factory."""
    return np.unique(patch_pixels(samples.row, samples.col, samples.owner.shape, dynamic_px))


def fit_normalisation(samples: Samples, train: BoolArray, dynamic_px: int) -> Normalisation:
    """Learned from the months where `train` (T,) holds, for patches of `dynamic_px` pixels; the others have no say."""
    return fit_and_clear(samples, train, looked_at(samples, dynamic_px))[0]


def fit_and_clear(samples: Samples, train: BoolArray, pixels: IntArray) -> tuple[Normalisation, Cleared]:
    """The normalisation, and the light of the training months as it leaves it.

    Args:
        samples: The region.
        train: (T,) training months; the others have no influence.
        pixels: Flat indices, ascending, of those whose light is wanted, factories' own among them (`looked_at`).
    """
    months = np.flatnonzero(train)
    mean = training_mean(samples.radiance, samples.observations, months)
    raw, away = _light(samples, mean, months), away_from(samples.row, samples.col, mean.shape)
    sky = _sky(raw, away, mean, tuple(np.array(samples.regimes)[train]))
    shared = _radiometric_share(samples, raw, mean, sky, samples.active[:, train])
    lit = dataclasses.replace(raw, sky=shared * sky)
    examples = like_factories(mean, away, mean[samples.row, samples.col])
    pixels = np.union1d(pixels, examples)
    change, validity = lit.at(pixels)
    around, prior = surroundings(lit, away, pixels), expected_share(mean, away)
    clutter = fit_clutter(change, validity, around, np.searchsorted(pixels, examples), prior.ravel()[pixels])
    cleared = Cleared(pixels, without_clutter(change, clutter, around), validity, around)
    background, spread = prior, np.full(mean.shape, np.median(clutter.spread))
    background.flat[pixels], spread.flat[pixels] = clutter.background, clutter.spread
    found = Normalisation(mean, np.array([shared]), clutter.rings, background, spread, np.array([USUAL]))
    moves = _own_movement(samples, found, cleared, examples, samples.active[:, train])
    return dataclasses.replace(found, own_movement=np.array([moves])), cleared


def clear_light(samples: Samples, normalisation: Normalisation, pixels: IntArray) -> Cleared:
    """The light of all months at `pixels`, ascending flat indices, as a normalisation leaves it."""
    # All months are compared with the training mean that travels with the weights.
    mean = normalisation.mean_log_light
    lit, away = _light(samples, mean, np.arange(len(samples.months))), away_from(samples.row, samples.col, mean.shape)
    shared = float(normalisation.radiometric[0])
    if shared:
        lit = dataclasses.replace(lit, sky=shared * _sky(lit, away, mean, samples.regimes))
    # In this order, as it was learned: the clutter of the training months was fitted after the radiometric change.
    around = surroundings(lit, away, pixels)
    change, validity = lit.at(pixels)
    of_pixels = (image.ravel()[pixels] for image in (normalisation.background, normalisation.spread))
    return Cleared(pixels, without_clutter(change, Clutter(normalisation.rings, *of_pixels), around), validity, around)


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
    samples: Samples, normalisation: Normalisation, cleared: Cleared, examples: IntArray, active: BoolArray
) -> float:
    """τ from the cleared light of training months, at sites whose factories work in all of them."""
    site, first = sites_of(samples)
    log_weight = log_weight_of(samples.weight, active, site, len(first))
    row, col = samples.row[first], samples.col[first]
    share = own_light_of(normalisation.mean_log_light, normalisation.background, log_weight, row, col).share
    steady = np.flatnonzero(is_steady(log_weight))
    if not len(steady):
        return USUAL

    def at(pixels: IntArray) -> tuple[FloatArray, FloatArray]:
        chosen = cleared.positions(pixels)
        return np.clip(cleared.change[:, chosen], -CLIP, CLIP).T, cleared.validity[:, chosen].T

    here, seen = at((row * normalisation.shape[1] + col)[steady])
    return own_movement(here, seen, share[steady], samples.district[first[steady]], lasting(*at(examples)))
