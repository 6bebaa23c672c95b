"""Whether intervals hold what they say, by how many months ahead the figure lies."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from gvio.evaluate.metrics import coverage
from gvio.evaluate.scores import LEVELS, OURS, CityScores, FoldScores, fold_scales, half_widths
from gvio.types import BoolArray, FloatArray, IntArray

BANDS: Mapping[str, tuple[int, int]] = {"1": (1, 2), "3": (3, 5), "12": (10, 14), "all": (1, 10**6)}
"""Months ahead at which a figure's period ends, both included. Bands, because single months hold too few figures, and
because January and February are often one figure, which ends two months ahead."""


def coverage_by_horizon(folds: Sequence[FoldScores]) -> dict[str, dict[str, dict[str, float | None]]]:
    """Share of figures inside our calibrated intervals.

    Args:
        folds: Of a rolling origin; each is calibrated on the others (`half_widths`).

    Returns:
        "districts" and, where its figures were withheld, "city" → band → `coverage50`, `coverage80`, `coverage95`,
        `half_width80` (mean, of the logarithm) and `n`; None where nothing was scored.
    """
    out = {"districts": _bands([_of_districts(f, w) for f, w in zip(folds, half_widths(folds), strict=True)])}
    pairs = zip(folds, fold_scales(folds), strict=True)
    cities = [_of_city(fold.city, fold.origin, scale) for fold, scale in pairs if fold.city is not None]
    if cities:
        out["city"] = _bands(cities)
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
    ahead = np.arange(fold.truth.shape[1]) - fold.origin
    return _Part(fold.truth, fold.predicted[OURS], half, fold.scored, ahead)


def _of_city(city: CityScores, origin: int, scale: Sequence[float]) -> _Part:
    half = np.stack([width * city.sd for width in scale], axis=-1)[None]
    ahead = np.arange(len(city.truth)) - origin
    return _Part(city.truth[None], city.predicted[None], half, city.scored[None], ahead)


def _bands(parts: Sequence[_Part]) -> dict[str, dict[str, float | None]]:
    return {name: _held(parts, first, last) for name, (first, last) in BANDS.items()}


def _held(parts: Sequence[_Part], first: int, last: int) -> dict[str, float | None]:
    truth, ours, half = (np.concatenate([getattr(p, name) for p in parts]) for name in ("truth", "ours", "half"))
    counted = np.concatenate([p.scored & (p.ahead >= first) & (p.ahead <= last) for p in parts])
    out: dict[str, float | None] = {"n": float(counted.sum())}
    for i, level in enumerate(LEVELS):
        width = half[..., i]
        out[f"coverage{level}"] = coverage(truth, ours * np.exp(-width), ours * np.exp(width), counted)
    out["half_width80"] = float(half[..., LEVELS.index(80)][counted].mean()) if counted.any() else None
    return out
