"""The evidence of an estimate: light as a model reads it, over all months or over those known to a release before."""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.assimilate.observed import Setting
from gvio.ledger.rows import Groups, Ledger
from gvio.ledger.sums import sums_matrix
from gvio.revisions.evidence import UNSEEN, Evidence, light_seen
from gvio.revisions.exchange import usable
from gvio.sample.samples import Samples, first_months
from gvio.train.fit import Fitted, lit_setting
from gvio.types import BoolArray, FloatArray


def evidence_of(
    setting: Setting,
    fitted: Fitted,
    samples: Samples,
    figures: Ledger,
    city_id: str,
    groups: Groups,
    log_mean: FloatArray,
) -> Evidence:
    """The evidence of an estimate.

    Args:
        setting: What the estimate was conditioned on: `lit_setting` of the next three.
        fitted: The model.
        samples: Light.
        figures: Official figures known, in areas of today; those that reach outside the samples' months are left out.
        city_id: The area that means all districts.
        groups: Districts by the name of their group.
        log_mean: (D, T) the posterior mean.
    """
    shape, light, hyper = log_mean.shape, setting.light, fitted.ensemble.hyper
    rough = None if light is None else light.rough
    found = Evidence(
        area_ids=samples.area_ids,
        city_id=city_id,
        months=samples.months,
        groups={name: tuple(areas) for name, areas in groups.items()},
        light=np.full(shape, np.nan) if light is None else light.z,
        precision=np.ones(shape) if light is None else light.precision,
        rough=np.ones(shape[0]) if rough is None else rough,
        prior_share=setting.prior_share,
        openings=np.zeros(shape) if setting.openings is None else setting.openings,
        calendar=setting.calendar,
        figures=figures,
        hyper=hyper.as_dict(),
        sensitivity=hyper.sensitivity,
        log_mean=log_mean,
        seen=light_seen(samples),
    )
    return dataclasses.replace(found, figures=usable(figures, found))


def read_known(before: Evidence, fitted: Fitted, samples: Samples, groups: Groups) -> Evidence:
    """The light that was known to a release before, as `fitted` reads its present pixels, with that release's figures.

    The posterior mean is left 0: an exchange runs it.

    Args:
        before: Evidence of the release before.
        fitted: A model.
        samples: The new samples.
        groups: Districts by the name of their group, in the new pack.

    Raises:
        ModelError: The model is of other districts or another grid than the samples.
    """
    known = known_light(samples, before)
    mean = np.zeros((len(known.area_ids), len(known.months)))
    nothing = sums_matrix(Ledger(before.figures.rows.iloc[:0]), known.area_ids, before.city_id, known.months)
    setting = lit_setting(fitted, known, nothing)
    return evidence_of(setting, fitted, known, before.figures, before.city_id, groups, mean)


def known_light(samples: Samples, before: Evidence) -> Samples:
    """The samples when only the months of `before` were there, without the light of those that it had not seen."""
    n = max(1, min(len(samples.months), before.months[-1] - samples.months[0] + 1))
    seen = dict(zip(before.months, before.seen, strict=True))
    known = first_months(samples, n)
    hidden = np.array([seen.get(month, UNSEEN) == UNSEEN for month in known.months], dtype=bool)
    return without_months(known, hidden) if (hidden & np.isfinite(known.region_light)).any() else known


def without_months(samples: Samples, hidden: BoolArray) -> Samples:
    """The samples when nothing was seen in the months where `hidden` (T,) holds."""
    last, first = hidden, hidden[:, None, None]
    return dataclasses.replace(
        samples,
        radiance=np.where(first, np.float32(np.nan), samples.radiance),
        observations=np.where(first, samples.observations.dtype.type(0), samples.observations),
        statistics=np.where(hidden[:, None], np.nan, samples.statistics),
        city_statistics=np.where(hidden[:, None], np.nan, samples.city_statistics),
        region_light=np.where(last, np.nan, samples.region_light),
        light=np.where(last, np.nan, samples.light),
        seen=np.where(last, 0.0, samples.seen),
        background=np.where(last, np.nan, samples.background),
        regimes=tuple("" if gone else regime for gone, regime in zip(hidden, samples.regimes, strict=True)),
    )
