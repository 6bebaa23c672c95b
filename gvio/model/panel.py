"""Inputs of the SA-CNN: patches and rings of light at factories, against a mean that only training months set.

Factories that share a pixel and a district share a patch: they become one *site*. Pure numpy; torch begins in
`gvio.model.sacnn`.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.model.looking import Looked
from gvio.model.normalisation import Normalisation, look_at
from gvio.model.site_weights import site_weights
from gvio.model.sites import NONE, is_steady, log_weight_of, own_light_of, sites_of
from gvio.sample.patches import gather_patches
from gvio.sample.samples import Samples
from gvio.types import FloatArray, IntArray

STATIC_CHANNELS = ("mean_log_light", "factory_share")
DYNAMIC_CHANNELS = ("believed_anomaly", "validity")
_FEWEST = np.log(1e-3)  # weight of factories below which a site counts as having none
TRAITS = ("background_share", "log_spread", "log_excess", "log_factories")


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


def build_panel(
    samples: Samples,
    normalisation: Normalisation,
    static_px: int,
    dynamic_px: int,
    looked: Looked | None = None,
    only: IntArray | None = None,
) -> Panel:
    """Look at every site once.

    Args:
        samples: Light at pixels and factories.
        normalisation: From `fit_normalisation`, of this fold or of the model being applied.
        static_px: Side of the static patch, odd.
        dynamic_px: Side of the patch whose rings show the anomaly, odd.
        looked: `look_at` of both and of the same sites, where it is known.
        only: Sites of which the panel is, in the order of `sites_of`; all when None.
    """
    chosen = np.arange(len(sites_of(samples)[1])) if only is None else only
    light = looked or look_at(samples, normalisation, dynamic_px, only)
    return _panel_of_rings(samples, normalisation, static_px, light.dynamic, light.around, chosen)


def first_months_of(panel: Panel, samples: Samples, normalisation: Normalisation) -> Panel:
    """What `build_panel` makes of the first months of a panel's light; `samples` are those months and no later one."""
    n = len(samples.months)
    dynamic, around = panel.dynamic[:, :n], panel.around[:, :n]
    return _panel_of_rings(
        samples, normalisation, panel.static.shape[-1], dynamic, around, np.arange(len(panel.district))
    )


def _panel_of_rings(
    samples: Samples,
    normalisation: Normalisation,
    static_px: int,
    dynamic: FloatArray,
    around: FloatArray,
    chosen: IntArray,
) -> Panel:
    """The panel of the `chosen` sites, whose light is given; all sites of a district weigh on one another."""
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
        static=gather_patches(images, row[chosen], col[chosen], static_px).astype(np.float32),
        dynamic=dynamic,
        around=around,
        traits=traits[chosen].astype(np.float32),
        log_excess=own.log_excess[chosen],
        log_weight=log_weight[chosen],
        site_weights=weights[chosen],
        district=district[chosen].astype(np.int64),
        n_areas=len(samples.area_ids),
    )


def _static_images(mean_log_light: FloatArray, shares: FloatArray) -> FloatArray:
    """(2, y, x) in the order of `STATIC_CHANNELS`."""
    seen = mean_log_light[np.isfinite(mean_log_light)]
    # A pixel never seen gets the usual light: zero would be a dark spot that the network could learn from.
    typical = float(np.median(seen)) if seen.size else 0.0
    return np.stack([np.where(np.isfinite(mean_log_light), mean_log_light, typical), shares])
