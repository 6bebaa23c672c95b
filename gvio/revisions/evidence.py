"""What an estimate stands on, small enough to be published with it: from it alone the estimate can be made again."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gvio.ledger.rows import Ledger
from gvio.types import FloatArray, Month

if TYPE_CHECKING:
    from gvio.sample.samples import Samples

UNSEEN = ""
"""Digest of a month in which nothing was seen."""


@dataclasses.dataclass(frozen=True, eq=False)
class Evidence:
    """Everything the posterior of a region is a function of. D districts, T consecutive months.

    Attributes:
        area_ids: (D,) districts, in the order of every district axis.
        city_id: The area that means all of them.
        months: (T,) months.
        groups: Districts by the name of a group of which there may be figures.
        light: (D, T) reading of light, the log change of output that it shows; NaN where unseen.
        precision: (D, T) in (0, 1]: how well the district's factories were seen.
        rough: (D,) factor on the errors of a district's light.
        prior_share: (D,) share of each district before any figure; sums to one.
        openings: (D, T) log change of the prior by factories that open or close.
        calendar: (T, c) features of months.
        figures: The official figures used, of each its newest vintage, in areas of today.
        hyper: Hyperparameters by name; log units, `memory` in months.
        sensitivity: (D,) factor on the gain of each district's light, or empty.
        log_mean: (D, T) posterior mean of log output, before public figures are honoured exactly.
        seen: (T,) digest of each month's light at the region's pixels, `UNSEEN` where there was none.
    """

    area_ids: tuple[str, ...]
    city_id: str
    months: tuple[Month, ...]
    groups: Mapping[str, tuple[str, ...]]
    light: FloatArray
    precision: FloatArray
    rough: FloatArray
    prior_share: FloatArray
    openings: FloatArray
    calendar: FloatArray
    figures: Ledger
    hyper: Mapping[str, float]
    sensitivity: tuple[float, ...]
    log_mean: FloatArray
    seen: tuple[str, ...]


def light_seen(samples: Samples) -> tuple[str, ...]:
    """(T,) digest (16 hex digits) of the light of each month as the samples hold it; `UNSEEN` where nothing was seen.

    A file that the provider wrote again with the same pixels is no other light.
    """
    digests = []
    for radiance, observations, regime in zip(samples.radiance, samples.observations, samples.regimes, strict=True):
        text = hashlib.sha256(regime.encode())
        text.update(np.ascontiguousarray(radiance).tobytes())
        text.update(np.ascontiguousarray(observations).tobytes())
        digests.append(text.hexdigest()[:16] if np.isfinite(radiance).any() else UNSEEN)
    return tuple(digests)
