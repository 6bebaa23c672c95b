"""What the fit of a fold is made from, as one value: to be fitted, or to be found again by its key."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable

import numpy as np

from gvio.assimilate.hyper import Hyper
from gvio.config import ModelParams
from gvio.content import content_digest
from gvio.ledger.select import select_rows
from gvio.ledger.sums import Sums
from gvio.sample.samples import Samples, first_months
from gvio.source import code_digest
from gvio.train.fit import Fitted, fit_model
from gvio.types import Month

_CODE = ("gvio.train.fit", "gvio.train.package")  # what fits a model, and what keeps it


@dataclasses.dataclass(frozen=True, eq=False)
class FitRequest:
    """Everything that `fit_model` is given; `fit_request` makes it.

    Attributes:
        samples: Light of the training months and of no later one, shuffled or hidden as the fold wants it.
        sums: Visible figures of the training months.
        params: Architecture and optimisation.
        patch_px: Side of the static patch.
        size: Members.
        statistics: False fits the plain CNN.
        fixed: Hyperparameters to take as they are, or None.
    """

    samples: Samples
    sums: Sums
    params: ModelParams
    patch_px: int
    size: int
    statistics: bool = True
    fixed: Hyper | None = None

    @property
    def trained(self) -> Month:
        """Last month of the training."""
        return self.samples.months[-1]

    @functools.cached_property
    def key(self) -> str:
        """Digest (16 hex digits) of every field to the last bit, and of the source and libraries that fit."""
        return content_digest(self, code_digest(*_CODE))

    def fit(self) -> Fitted:
        """The model.

        Raises:
            ModelError: No figure is visible, or training failed.
        """
        return fit_model(
            self.samples,
            self.sums,
            len(self.samples.months),
            self.params,
            self.patch_px,
            size=self.size,
            statistics=self.statistics,
            fixed=self.fixed,
        )


Fit = Callable[[FitRequest], Fitted]
"""Returns the model of a request, from a cache when it has it. May be called from several threads."""


def fit_anew(request: FitRequest) -> Fitted:
    """A `Fit` without a cache; raises as `FitRequest.fit`."""
    return request.fit()


def fit_request(
    samples: Samples,
    sums: Sums,
    n_train: int,
    params: ModelParams,
    patch_px: int,
    size: int,
    *,
    statistics: bool = True,
    fixed: Hyper | None = None,
) -> FitRequest:
    """The request to fit on the first `n_train` months; what lies after them is not in it.

    Args:
        samples: Light of all months of the region.
        sums: Visible figures over the same months.
        n_train: Months of the training.
        params: Architecture and optimisation.
        patch_px: Side of the static patch.
        size: Members.
        statistics: False fits the plain CNN.
        fixed: Hyperparameters to take as they are, or None.
    """
    before = select_rows(sums, np.ones(len(sums.values), dtype=bool), slice(0, n_train))
    return FitRequest(first_months(samples, n_train), before, params, patch_px, size, statistics, fixed)
