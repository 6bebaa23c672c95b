"""Whether intervals hold what they say, by how many months ahead the figure lies."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from gvio.evaluate.interval_calibration import FoldWidths
from gvio.evaluate.metrics import coverage
from gvio.evaluate.scores import CityScores, FoldScores, fold_scales, half_widths
from gvio.scoreboard.names import CITY, DISTRICTS, HORIZONS, LEVELS, OURS
from gvio.scoreboard.scores import HeldShares, Horizons
from gvio.types import BoolArray, FloatArray, IntArray


def coverage_by_horizon(folds: Sequence[FoldScores], widths: Sequence[FoldWidths] | None = None) -> Horizons:
    """Share of figures inside our calibrated intervals.

    Args:
        folds: Of a rolling origin; each is calibrated on the others.
        widths: Half-widths of every fold; None calibrates by one factor a level (`half_widths`).

    Returns:
        `DISTRICTS` and, where its figures were withheld, `CITY` → band of `HORIZONS` → shares; None where nothing was
        scored.
    """
    found = _pooled(folds) if widths is None else widths
    pairs = list(zip(folds, found, strict=True))
    out = {DISTRICTS: _bands([_of_districts(fold, wide.districts) for fold, wide in pairs])}
    asked = [(f.city, f.last_known, w.city) for f, w in pairs]
    cities = [
        _of_city(city, last_known, wide) for city, last_known, wide in asked if city is not None and wide is not None
    ]
    if cities:
        out[CITY] = _bands(cities)
    return out


def _pooled(folds: Sequence[FoldScores]) -> list[FoldWidths]:
    """One factor a level for districts and city alike."""
    out = []
    for fold, wide, scale in zip(folds, half_widths(folds), fold_scales(folds), strict=True):
        city = None if fold.city is None else np.stack([width * fold.city.sd for width in scale], axis=-1)
        out.append(FoldWidths(wide, city))
    return out


@dataclasses.dataclass(frozen=True, eq=False)
class _Part:
    """Of one fold: `truth`, `ours`, `scored` (N, T), `half` (N, T, levels), `ahead` (T,) months since the origin."""

    truth: FloatArray
    ours: FloatArray
    half: FloatArray
    scored: BoolArray
    ahead: IntArray


def _of_districts(fold: FoldScores, half: FloatArray) -> _Part:
    ahead = np.arange(fold.truth.shape[1]) - fold.last_known
    return _Part(fold.truth, fold.predicted[OURS], half, fold.scored, ahead)


def _of_city(city: CityScores, last_known: int, half: FloatArray) -> _Part:
    ahead = np.arange(len(city.truth)) - last_known
    return _Part(city.truth[None], city.predicted[None], half[None], city.scored[None], ahead)


def _bands(parts: Sequence[_Part]) -> dict[str, HeldShares]:
    return {name: _held(parts, first, last) for name, (first, last) in HORIZONS.items()}


def _held(parts: Sequence[_Part], first: int, last: int) -> HeldShares:
    truth, ours, half = (np.concatenate([getattr(p, name) for p in parts]) for name in ("truth", "ours", "half"))
    counted = np.concatenate([p.scored & (p.ahead >= first) & (p.ahead <= last) for p in parts])
    widths = np.moveaxis(half, -1, 0)  # (levels, N, T)
    held50, held80, held95 = (coverage(truth, ours * np.exp(-w), ours * np.exp(w), counted) for w in widths)
    return HeldShares(
        n=float(counted.sum()),
        coverage50=held50,
        coverage80=held80,
        coverage95=held95,
        half_width80=float(half[..., LEVELS.index(80)][counted].mean()) if counted.any() else None,
    )
