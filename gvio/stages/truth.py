"""The truth of a known-truth pack, which nothing but the evaluation may see."""

from __future__ import annotations

import io

import numpy as np

from gvio.region.files import PackFile
from gvio.sample.samples import Samples
from gvio.types import FloatArray


def read_truth(file: PackFile, samples: Samples) -> FloatArray | None:
    """(T, y, x) true output on the samples' months and grid; None where the pack has none or it does not fit."""
    if not file.parts:
        return None
    with np.load(io.BytesIO(file.data), allow_pickle=False) as kept:
        truth, months = kept["truth"], [str(m) for m in kept["months"]]
    wanted = [str(m) for m in samples.months]
    if truth.shape[1:] != samples.owner.shape or not set(wanted) <= set(months):
        return None
    chosen: FloatArray = truth[[months.index(m) for m in wanted]]
    return chosen
