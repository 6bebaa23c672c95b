"""The picture of where the network looks: drawn where it looks, none where it does not, equal bytes for equal maps."""

from __future__ import annotations

import io

import matplotlib.image
import numpy as np
import pytest

from gvio.report.saliency_picture import saliency_png
from gvio.types import FloatArray


def maps(at: tuple[int, int]) -> dict[str, FloatArray]:
    dynamic, static = np.zeros((2, 5, 5)), np.zeros((2, 9, 9))
    dynamic[:, at[0], at[1]] = 0.04
    return {"believed_anomaly": dynamic, "validity": 0 * dynamic, "factory_share": static, "unheard-of": static}


@pytest.mark.slow
def test_it_is_a_picture_that_shows_where() -> None:
    first, second = (saliency_png(maps(at)) for at in ((2, 2), (0, 4)))
    assert first is not None
    assert second is not None
    assert first == saliency_png(maps((2, 2)))
    one, other = (matplotlib.image.imread(io.BytesIO(png)) for png in (first, second))
    assert one.shape == other.shape
    assert (one != other).any()
    assert len(np.unique(one.reshape(-1, one.shape[-1]), axis=0)) > 20


def test_a_network_that_looks_nowhere_has_no_picture() -> None:
    assert saliency_png({"factory_share": np.zeros((3, 5, 5))}) is None
    assert saliency_png({"factory_share": np.full((3, 5, 5), np.nan)}) is None
    assert saliency_png({}) is None
