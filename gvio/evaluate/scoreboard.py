"""`scoreboard.json`: every model under every protocol, the maps, and one plain sentence about them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gvio.compare.table import NAIVE
from gvio.evaluate.metrics import diebold_mariano
from gvio.evaluate.scores import OURS, FoldScores, calibrate, district_skill, score_folds, squared_errors, standardised

SCHEMA_VERSION = 1
SIGNIFICANT = 0.05
AS_USED, BLIND = "rolling_origin_as_used", "rolling_origin_blind"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """`skill`: proven, weak or none against the best naive forecast; `sentence` for people; `p_value` of the test."""

    skill: str
    sentence: str
    best_naive: str | None
    p_value: float | None


def build_scoreboard(
    folds: Mapping[str, Sequence[FoldScores]],
    maps: Mapping[str, Any],
    area_names: Sequence[str],
    head: Mapping[str, Any],
) -> dict[str, Any]:
    """The whole document. `folds` by protocol (empty ones are left out), `maps` from `gvio.map.score`, `head` region,
    months and as-of day.
    """
    protocols: dict[str, Any] = {
        name: {"models": score_folds(some), "folds": [fold.name for fold in some]}
        for name, some in folds.items()
        if some
    }
    protocols["maps"] = dict(maps)
    found = judge(folds.get(AS_USED, ()), area_names)
    return {
        "schema_version": SCHEMA_VERSION,
        **head,
        "verdict": found.sentence,
        "skill": found.skill,
        "best_naive": found.best_naive,
        "p_value": found.p_value,
        "interval_scale": {str(level): scale for level, scale in interval_scale(folds).items()},
        "protocols": protocols,
    }


def interval_scale(folds: Mapping[str, Sequence[FoldScores]]) -> dict[int, float]:
    """Factors on the posterior's standard deviation, from rolling-origin residuals of both protocols."""
    residuals = [standardised(folds[name]) for name in (AS_USED, BLIND) if folds.get(name)]
    return calibrate(np.concatenate(residuals) if residuals else np.empty(0))


def judge(folds: Sequence[FoldScores], area_names: Sequence[str]) -> Verdict:
    """Skill as used: proven when better than the best naive forecast beyond chance, weak when only in the mean.

    The test is Diebold–Mariano on monthly mean squared log errors of all origins, with a year of autocorrelation.
    """
    if not folds:
        sentence = "The series is too short for a rolling-origin test: nothing is known about skill out of time."
        return Verdict("none", sentence, None, None)
    scores = score_folds(folds)
    within = {name: scores[name]["within_r2"] for name in NAIVE}
    known = {name: value for name, value in within.items() if value is not None}
    ours = scores[OURS]["within_r2"]
    if ours is None or not known:
        return Verdict("none", "Too few district figures to score anything out of time.", None, None)
    best = max(known, key=lambda name: known[name])
    p_value = _test(folds, best)
    beyond_chance = p_value is not None and p_value < SIGNIFICANT
    skill = "none" if ours <= known[best] else "proven" if beyond_chance else "weak"
    return Verdict(skill, _sentence(folds, best, ours, known[best], area_names), best, p_value)


def _test(folds: Sequence[FoldScores], rival: str) -> float | None:
    ours, theirs = _monthly(folds, OURS), _monthly(folds, rival)
    result = diebold_mariano(ours, theirs, horizon=12)
    return None if result is None else result.p_value


def _monthly(folds: Sequence[FoldScores], model: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    errors = squared_errors(folds, model)
    seen = np.isfinite(errors).any(axis=1)
    total = np.nansum(errors, axis=1) / np.maximum(np.isfinite(errors).sum(axis=1), 1)
    return np.asarray(total[seen])


def _sentence(folds: Sequence[FoldScores], rival: str, ours: float, theirs: float, area_names: Sequence[str]) -> str:
    skill = district_skill(folds, rival)
    worse = [area_names[d] for d, value in skill.items() if value <= 0]
    name = {"last-year-shares": "last year's shares × the city total", "seasonal-naive": "the seasonal naive forecast"}
    text = (
        f"Out of time, as used: better than {name.get(rival, rival)} in {len(skill) - len(worse)} of {len(skill)} "
        f"districts (within-district R² {ours:.2f} against {theirs:.2f})"
    )
    if worse:
        shown = ", ".join(worse[:5]) + (f" and {len(worse) - 5} more" if len(worse) > 5 else "")
        return f"{text}; no better in {shown}."
    return f"{text}."
