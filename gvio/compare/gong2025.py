"""`sa-cnn-paper`: our reading of the abstract of Gong et al. (2025), as a comparator. See `gvio.model.gong2025`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gvio.compare.known import CompareInput, best_known, complete
from gvio.config import ModelParams
from gvio.sample.samples import Samples
from gvio.train.gong2025 import Learned, gong2025_inputs, learn_gong2025, read_gong2025
from gvio.types import FloatArray

Keep = Callable[[FloatArray, Callable[[], Learned]], Learned]
"""Gives what was learned from figures (D, T), or lets it be learned now."""


def learned_now(_figures: FloatArray, learn: Callable[[], Learned]) -> Learned:
    """A `Keep` that keeps nothing."""
    return learn()


def gong2025_paths(samples: Samples, given: CompareInput, params: ModelParams, keep: Keep = learned_now) -> FloatArray:
    """Output of every district and month, (D, T) > 0: learned from the figures that `given` shows, taken apart into
    months, and from the light up to `given.origin`. A district's level is set on its figures, so that what is compared
    is change; known months are the figures.

    Raises:
        ModelError: As for `best_known`.
    """
    known = best_known(given)
    figures = known.districts
    if not np.isfinite(figures).any():
        return complete(known, known.fallback)
    inputs = gong2025_inputs(samples, given.origin + 1)
    path = read_gong2025(inputs, keep(figures, lambda: learn_gong2025(inputs, figures, params.seed)))
    path = path * _level(figures, path)
    return np.where(known.labelled[:, None], complete(known, path), path)


def _level(figures: FloatArray, path: FloatArray) -> FloatArray:
    """(D, 1) sum of a district's figures over the path's in the same months; 1 without any."""
    known = np.isfinite(figures)
    theirs = np.where(known, path, 0.0).sum(axis=1, keepdims=True)
    own = np.where(known, figures, 0.0).sum(axis=1, keepdims=True)
    level: FloatArray = np.divide(own, theirs, out=np.ones_like(own), where=theirs > 0)
    return level
