"""Whether intervals hold what they say, by how many months ahead the figure lies."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from gvio.evaluate.interval_calibration import FoldWidths
from gvio.evaluate.metrics import coverage
from gvio.evaluate.scores import OURS, CityScores, FoldScores, fold_scales, half_widths
from gvio.map.intervals import LEVELS
from gvio.types import BoolArray, FloatArray, IntArray

BANDS: Mapping[str, tuple[int, int]] = {"1": (1, 2), "3": (3, 5), "12": (10, 14), "all": (1, 10**6)}
"""Months ahead at which a figure's period ends, both included. Bands, because single months hold too few figures, and
because January and February are often one figure, which ends two months ahead."""


def coverage_by_horizon(
    folds: Sequence[FoldScores], widths: Sequence[FoldWidths] | None = None
) -> dict[str, dict[str, dict[str, float | None]]]:
    """Share of figures inside our calibrated intervals.

    Args:
        folds: Of a rolling origin; each is calibrated on the others.
        widths: Half-widths of every fold; None calibrates by one factor a level (`half_widths`).

    Returns:
        "districts" and, where its figures were withheld, "city" → band → `coverage50`, `coverage80`, `coverage95`,
        `half_width80` (mean, of the logarithm) and `n`; None where nothing was scored.
    """
    found = _pooled(folds) if widths is None else widths
    pairs = list(zip(folds, found, strict=True))
    out = {"districts": _bands([_of_districts(fold, wide.districts) for fold, wide in pairs])}
    asked = [(f.city, f.last_known, w.city) for f, w in pairs]
    cities = [
        _of_city(city, last_known, wide) for city, last_known, wide in asked if city is not None and wide is not None
    ]
    if cities:
        out["city"] = _bands(cities)
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
