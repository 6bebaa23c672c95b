"""Inputs of the SA-CNN: patches and rings of light at factories, against a mean that only training months set.

Factories that share a pixel and a district share a patch: they become one *site*. Pure numpy; torch begins in
`gvio.model.sacnn`.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.model.own_movement import USUAL, lasting, own_movement
from gvio.model.site_weights import site_weights
from gvio.model.sites import NONE, deblended_at, is_steady, log_weight_of, own_light_of, sites_of
from gvio.sample.anomaly import anomaly, log_light, training_mean
from gvio.sample.clutter import Clutter, fit_clutter, without_clutter
from gvio.sample.patches import gather_patches, patch_rings
from gvio.sample.radiometry import radiometric_change, shared_part, without_radiometric
from gvio.sample.rings import away_from, like_factories
from gvio.sample.samples import Samples
from gvio.types import BoolArray, FloatArray, IntArray

STATIC_CHANNELS = ("mean_log_light", "factory_share")
DYNAMIC_CHANNELS = ("believed_anomaly", "validity")
# Months of weather can move a pixel far beyond what output does; beyond ±2 (a factor of 7) it is fire, flare or error.
_CLIP = 2.0
_FEWEST = np.log(1e-3)  # weight of factories below which a site counts as having none
TRAITS = ("background_share", "log_spread", "log_excess", "log_factories")


@dataclasses.dataclass(frozen=True, eq=False)
class Normalisation:
    """What must travel with the weights: the light a pixel is compared with. `mean_log_light` (y, x), NaN never seen;
    `radiometric` (1,) in [0, 1], how far factories' light shares in what sky and sensor do (`gvio.sample.radiometry`);
    `rings` (1 + R,), `background` and `spread` (y, x) as in `Clutter`; `own_movement` (1,), τ of
    `gvio.model.own_movement`.
    """

    mean_log_light: FloatArray
    radiometric: FloatArray
    rings: FloatArray
    background: FloatArray
    spread: FloatArray
    own_movement: FloatArray


@dataclasses.dataclass(frozen=True, eq=False)
class Panel:
    """Inputs of one region for one normalisation. U sites, T months, D districts, R rings of surroundings.

    `static` (U, 2, p, p) float32; `dynamic` (U, T, 2, 1 + q // 2) float32, the site and the mean of every square ring
    round it in a patch of q pixels; `around` (U, T, 1 + R) float32 anomalies of the city and of the site's rings, both
    away from factories; `traits` (U, 4) float32 in the order of `TRAITS`;
    `log_excess` (U,) log own light of the site's factories against usual ones; `log_weight` (U, T) log of the weight of
    active factories, −inf where none; `site_weights` (U,) factor on a site's anomaly in the log-linear reading, 0 where
    factories open or close; `district` (U,).
    """

    static: FloatArray
    dynamic: FloatArray
    around: FloatArray
    traits: FloatArray
    log_excess: FloatArray
    log_weight: FloatArray
    site_weights: FloatArray
    district: IntArray
    n_areas: int


@dataclasses.dataclass(frozen=True, eq=False)
class Cleared:
    """Light of months against the training mean: `change` (T, y, x) float32 anomaly without radiometric change and
    clutter, `validity` (T, y, x) how far to believe it, in [0, 1]; `around` (F, T, 1 + R) float32 anomalies of the
    surroundings of every factory's pixel.
    """

    change: FloatArray
    validity: FloatArray
    around: FloatArray


def fit_normalisation(samples: Samples, train: BoolArray) -> Normalisation:
    """Training means over the months where `train` (T,) holds; the other months have no influence."""
    return fit_and_clear(samples, train)[0]


def fit_and_clear(samples: Samples, train: BoolArray) -> tuple[Normalisation, Cleared]:
    """`fit_normalisation`, and the light of the training months as it leaves it: what `build_panel` makes of them."""
    log_radiance, observations = log_light(samples.radiance[train]), samples.observations[train]
    mean = training_mean(log_radiance, observations, np.ones(len(log_radiance), dtype=bool))
    change, validity = anomaly(log_radiance, mean, observations)
    del log_radiance, observations
    away = away_from(samples.row, samples.col, mean.shape)
    shift = radiometric_change(change, validity, mean, away, tuple(np.array(samples.regimes)[train]))
    shared = _radiometric_share(samples, mean, change, validity, shift)
    change = without_radiometric(change, validity, shift, shared)
    del shift  # as large as the light itself, and what follows needs the room
    clutter, change, around = fit_clutter(change, validity, mean, away, samples.row, samples.col)
    found = Normalisation(
        mean_log_light=mean,
        radiometric=np.array([shared]),
        **vars(clutter),
        own_movement=np.array([USUAL]),
    )
    moves = _own_movement(samples, found, np.clip(change, -_CLIP, _CLIP), validity, samples.active[:, train])
    return dataclasses.replace(found, own_movement=np.array([moves])), Cleared(change, validity, around)


def clear_light(samples: Samples, normalisation: Normalisation) -> Cleared:
    """The light of all months, as a normalisation leaves it."""
    # All months are compared with the training mean that travels with the weights.
    mean = normalisation.mean_log_light
    change, validity = anomaly(log_light(samples.radiance), mean, samples.observations)
    change, around = _cleared(samples, change, validity, normalisation)
    return Cleared(change, validity, around)


def build_panel(
    samples: Samples, normalisation: Normalisation, static_px: int, dynamic_px: int, cleared: Cleared | None = None
) -> Panel:
    """Cut every patch once.

    Args:
        samples: Light at pixels and factories.
        normalisation: From `fit_normalisation`, of this fold or of the model being applied.
        static_px: Side of the static patch, odd.
        dynamic_px: Side of the patch whose rings show the anomaly, odd.
        cleared: `clear_light` of both, where it is known.
    """
    light = clear_light(samples, normalisation) if cleared is None else cleared
    _, first = sites_of(samples)
    dynamic = _dynamic(light, samples.row[first], samples.col[first], dynamic_px)
    return _panel_of_rings(samples, normalisation, static_px, dynamic, light.around[first])


def _dynamic(light: Cleared, row: IntArray, col: IntArray, dynamic_px: int) -> FloatArray:
    """(U, T, 2, 1 + q // 2) float32 in the order of `DYNAMIC_CHANNELS`; one month at a time, as images are large."""
    dynamic = np.empty((len(row), len(light.change), len(DYNAMIC_CHANNELS), 1 + dynamic_px // 2), np.float32)
    for t, (change, validity) in enumerate(zip(light.change, light.validity, strict=True)):
        # Clipped before weighting, so that the limit does not depend on how often a pixel was seen.
        believed = np.clip(np.where(validity > 0, change, 0.0), -_CLIP, _CLIP) * validity
        for channel, image in enumerate((believed, validity)):
            dynamic[:, t, channel] = patch_rings(image, row, col, dynamic_px)
    return dynamic


def first_months_of(panel: Panel, samples: Samples, normalisation: Normalisation) -> Panel:
    """What `build_panel` makes of the first months of a panel's light; `samples` are those months and no later one."""
    n = len(samples.months)
    return _panel_of_rings(samples, normalisation, panel.static.shape[-1], panel.dynamic[:, :n], panel.around[:, :n])


def _panel_of_rings(
    samples: Samples, normalisation: Normalisation, static_px: int, dynamic: FloatArray, around: FloatArray
) -> Panel:
    site, first = sites_of(samples)
    row, col, district = samples.row[first], samples.col[first], samples.district[first]
    log_weight = log_weight_of(samples.weight, samples.active, site, len(first))
    own = own_light_of(normalisation.mean_log_light, normalisation.background, log_weight, row, col)
    most = np.maximum(log_weight, NONE).max(axis=1)
    weights = site_weights(
        share=own.share,
        spread=normalisation.spread[row, col],
        own_movement=float(normalisation.own_movement[0]),
        output=np.exp(own.log_excess + most),
        steady=is_steady(log_weight),
        district=district,
        n_areas=len(samples.area_ids),
    )
    spread, background = (getattr(normalisation, name)[row, col] for name in ("spread", "background"))
    traits = np.stack([background, np.log(spread), own.log_excess, np.maximum(most, _FEWEST)], axis=1)
    images = _static_images(normalisation.mean_log_light, own.shares)
    return Panel(
        static=gather_patches(images, row, col, static_px).astype(np.float32),
        dynamic=dynamic,
        around=around,
        traits=traits.astype(np.float32),
        log_excess=own.log_excess,
        log_weight=log_weight,
        site_weights=weights,
        district=district.astype(np.int64),
        n_areas=len(samples.area_ids),
    )


def sites_of_panel(panel: Panel, chosen: BoolArray, district: IntArray, n_areas: int) -> Panel:
    """Some sites of a panel, (U,), in other districts; `district` (of the chosen,) in [0, `n_areas`)."""
    names = ("static", "dynamic", "around", "traits", "log_excess", "log_weight", "site_weights")
    return dataclasses.replace(
        panel,
        **{name: getattr(panel, name)[chosen] for name in names},
        district=district,
        n_areas=n_areas,
    )


def _cleared(
    samples: Samples, change: FloatArray, validity: FloatArray, normalisation: Normalisation
) -> tuple[FloatArray, FloatArray]:
    """(T, y, x) anomaly without the radiometric change and without clutter, and (F, T, 1 + R) that of surroundings."""
    away = away_from(samples.row, samples.col, change.shape[1:])
    if normalisation.radiometric.any():
        shift = radiometric_change(change, validity, normalisation.mean_log_light, away, samples.regimes)
        change = without_radiometric(change, validity, shift, float(normalisation.radiometric[0]))
    # In this order, as it was learned: the clutter of the training months was fitted after the radiometric change.
    clutter = Clutter(normalisation.rings, normalisation.background, normalisation.spread)
    return without_clutter(change, validity, away, clutter, samples.row, samples.col)


def _radiometric_share(
    samples: Samples, mean: FloatArray, change: FloatArray, validity: FloatArray, shift: FloatArray
) -> float:
    """How far factories' own light shares in the radiometric change."""
    pixels, _, _, _, share = deblended_at(mean, samples.row, samples.col, np.ones(len(samples.row)))
    y, seen, driven = (part.reshape(len(part), -1)[:, pixels].astype(np.float64) for part in (change, validity, shift))
    return shared_part(y, seen, driven, share.ravel()[pixels])


def _own_movement(
    samples: Samples, normalisation: Normalisation, change: FloatArray, validity: FloatArray, active: BoolArray
) -> float:
    """τ from the cleared anomaly (T, y, x) of training months, at sites whose factories work in all of them."""
    site, first = sites_of(samples)
    log_weight = log_weight_of(samples.weight, active, site, len(first))
    share = own_light_of(
        normalisation.mean_log_light, normalisation.background, log_weight, samples.row[first], samples.col[first]
    ).share
    steady = np.flatnonzero(is_steady(log_weight))
    at = first[steady]
    mean = normalisation.mean_log_light
    away = away_from(samples.row, samples.col, mean.shape)
    alike = like_factories(mean, away, mean[samples.row, samples.col])
    if not len(at):
        return USUAL
    beside = lasting(*(part.reshape(len(part), -1)[:, alike].T for part in (change, validity)))
    here, seen = (part[:, samples.row[at], samples.col[at]].T for part in (change, validity))
    return own_movement(here, seen, share[steady], samples.district[at], beside)


def _static_images(mean_log_light: FloatArray, shares: FloatArray) -> FloatArray:
    """(2, y, x) in the order of `STATIC_CHANNELS`."""
    seen = mean_log_light[np.isfinite(mean_log_light)]
    # A pixel never seen gets the usual light: zero would be a dark spot that the network could learn from.
    typical = float(np.median(seen)) if seen.size else 0.0
    return np.stack([np.where(np.isfinite(mean_log_light), mean_log_light, typical), shares])
