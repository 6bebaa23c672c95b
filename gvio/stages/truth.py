"""The truth of a known-truth pack, which nothing but the evaluation may see."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gvio.sample.samples import Samples
from gvio.types import FloatArray


def read_truth(root: Path, samples: Samples) -> FloatArray | None:
    """(T, y, x) true output on the samples' months and grid; None where the pack has none or it does not fit."""
    path = root / "truth" / "truth.npz"
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as kept:
        truth, months = kept["truth"], [str(m) for m in kept["months"]]
    wanted = [str(m) for m in samples.months]
    if truth.shape[1:] != samples.owner.shape or not set(wanted) <= set(months):
        return None
    chosen: FloatArray = truth[[months.index(m) for m in wanted]].astype(np.float64)
    return chosen
