"""The scoreboard of an evaluation: every model under every protocol, the maps, and one plain sentence about them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from gvio.assimilate.learn import ENOUGH
from gvio.evaluate.horizons import coverage_by_horizon
from gvio.evaluate.interval_calibration import FoldWidths, held_out_widths, interval_table
from gvio.evaluate.light_worth import light_worth
from gvio.evaluate.moran import residual_pattern
from gvio.evaluate.paired import district_rows, level_scores, mean_log_errors, rivals_tested, tested_against
from gvio.evaluate.scores import FoldScores, calibrate, district_skill, same_models, score_folds, standardised
from gvio.scoreboard.board import Protocols, ProtocolScores, Scoreboard, Subject
from gvio.scoreboard.names import (
    AS_USED,
    BLIND,
    CITY_PUBLIC,
    LAST_YEAR_SHARES,
    LEFT_OUT,
    NAIVE,
    OURS,
    PERSISTENCE,
    SEASONAL_NAIVE,
    SIGNIFICANT,
    Skill,
)
from gvio.scoreboard.scores import LightInDistrict, MapScores, PlaceboResult
from gvio.types import IntArray

_TITLES = {
    LAST_YEAR_SHARES: "last year's shares × the city total",
    SEASONAL_NAIVE: "the seasonal naive forecast",
    PERSISTENCE: "the last known value",
}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """`skill` against the best naive forecast; `sentence` for people; `p_value` of the test."""

    skill: Skill
    sentence: str
    best_naive: str | None
    p_value: float | None


def build_scoreboard(
    folds: Mapping[str, Sequence[FoldScores]],
    maps: MapScores,
    area_names: Sequence[str],
    subject: Subject,
    owner: IntArray | None = None,
    placebos: PlaceboResult | None = None,
    later: Mapping[str, Sequence[FoldScores]] | None = None,
    light: Sequence[LightInDistrict] | None = None,
    evidence: float | None = None,
) -> Scoreboard:
    """The whole evaluation as a value.

    Args:
        folds: By protocol; empty ones are left out.
        maps: From `gvio.map.score`.
        area_names: Of the districts.
        subject: Region, months and as-of day.
        owner: (y, x) district of every pixel, for the pattern of residuals; None leaves it out.
        placebos: What the method gains on light without information; None leaves it out.
        later: Folds of origins between the Januaries, from which intervals are calibrated, too.
        light: What light does in each district; None leaves it out.
        evidence: Of the figures that light shows output, nats; None leaves it out.
    """
    later, folds = later or {}, {name: same_models(some) for name, some in folds.items()}
    widths = held_out_widths(folds, later)
    found = judge(folds.get(AS_USED, ()), area_names, placebos)
    scored = {name: some for name, some in folds.items() if some}
    protocols = {
        name: _protocol(name, some, owner, found.best_naive, area_names, widths.get(name))
        for name, some in scored.items()
    }
    board = Scoreboard(
        schema_version=1,
        region=subject.region,
        months=subject.months,
        figures_public_until=subject.figures_public_until,
        invented=subject.invented,
        verdict=" ".join([found.sentence, *_set_aside(evidence)]),
        skill=found.skill,
        best_naive=found.best_naive,
        p_value=found.p_value,
        interval_scale=interval_scale(folds),
        interval_table=interval_table(folds, later),
        placebos=placebos,
        protocols=Protocols.model_validate({**protocols, "maps": maps}),
    )
    measured = {"light_in_districts": None if light is None else tuple(light), "light_evidence": evidence}
    return board.model_copy(update={name: value for name, value in measured.items() if value is not None})


def _set_aside(evidence: float | None) -> tuple[str, ...]:
    if evidence is None or evidence >= ENOUGH:
        return ()
    said = (
        "This month's light is set aside, whatever the tests at earlier dates made of theirs: the estimate is that of "
        "the figures alone, which give no reason to believe that light shows output (evidence "
        f"{math.floor(10 * evidence) / 10:.1f} nats, {ENOUGH:.0f} are asked for)."
    )
    return (said,)


def interval_scale(folds: Mapping[str, Sequence[FoldScores]]) -> dict[int, float]:
    """Factors on the posterior's standard deviation, from rolling-origin residuals of both protocols."""
    residuals = [standardised(folds[name]) for name in (AS_USED, BLIND) if folds.get(name)]
    return calibrate(np.concatenate(residuals) if residuals else np.empty(0))


def judge(folds: Sequence[FoldScores], area_names: Sequence[str], placebos: PlaceboResult | None = None) -> Verdict:
    """Skill as used: proven when better than the best naive forecast beyond chance, weak when only in the mean.

    The test is Diebold–Mariano on monthly mean squared log errors of all origins, with a year of autocorrelation.
    Nothing is proven where a placebo gains: then it is not light that was tested; nor where our own estimate is as good
    without light: then it is not light that is good.
    """
    if not folds:
        sentence = "The series is too short for a rolling-origin test: nothing is known about skill out of time."
        return Verdict("none", sentence, None, None)
    scores = score_folds(folds)
    within = {name: scores[name].within_r2 for name in NAIVE}
    known = {name: value for name, value in within.items() if value is not None}
    ours = scores[OURS].within_r2
    if ours is None or not known:
        return Verdict("none", "Too few district figures to score anything out of time.", None, None)
    best = max(known, key=lambda name: known[name])
    test = tested_against(folds, best)
    p_value = None if test is None else test.p_value
    trusted = placebos is None or placebos.passed
    worth = light_worth(folds)
    shown = worth is None or worth.proven
    beyond_chance = p_value is not None and p_value < SIGNIFICANT and trusted and shown
    skill: Skill = "none" if ours <= known[best] else "proven" if beyond_chance else "weak"
    sentence = _sentence(folds, best, ours, known[best], area_names)
    sentence = sentence if worth is None else f"{sentence} {worth.sentence}"
    return Verdict(skill, sentence if trusted else f"{sentence} {_DISTRUST}", best, p_value)


_DISTRUST = "But the method also gains on shuffled light: do not trust this comparison."


def _protocol(
    name: str,
    folds: Sequence[FoldScores],
    owner: IntArray | None,
    rival: str | None,
    area_names: Sequence[str],
    widths: Sequence[FoldWidths] | None,
) -> ProtocolScores:
    """Scores, tests and residuals of one protocol; what needs an origin only where there is one.

    A part that is not measured is not set, so that it is absent from the document.
    """
    parts: dict[str, object] = {
        "models": score_folds(folds, None if widths is None else [w.districts for w in widths]),
        "folds": tuple(fold.name for fold in folds),
        "origins": tuple(str(fold.origin) for fold in folds if fold.origin is not None),
        "diebold_mariano": rivals_tested(folds),
    }
    if folds[0].known_until is not None:
        parts["known_until"] = str(folds[0].known_until)
    if owner is not None:
        parts["morans_i"] = residual_pattern(mean_log_errors(folds), owner)
    if name in (AS_USED, BLIND):
        parts["horizons"] = coverage_by_horizon(folds, widths)
    if name in (AS_USED, LEFT_OUT) and rival is not None:
        parts["districts"] = district_rows(folds, rival, area_names)
    if name in (LEFT_OUT, CITY_PUBLIC):
        parts["levels"] = level_scores(folds)
        parts["one_by_one"] = all(int(fold.scored.any(axis=1).sum()) <= 1 for fold in folds)
    return ProtocolScores.model_validate(parts)


def _sentence(folds: Sequence[FoldScores], rival: str, ours: float, theirs: float, area_names: Sequence[str]) -> str:
    skill = district_skill(folds, rival)
    worse = [area_names[d] for d, value in skill.items() if value <= 0]
    text = (
        f"Out of time, as used: better than {_TITLES[rival]} in {len(skill) - len(worse)} of {len(skill)} "
        f"districts (within-district R² {ours:.2f} against {theirs:.2f})"
    )
    if worse:
        shown = ", ".join(worse[:5]) + (f" and {len(worse) - 5} more" if len(worse) > 5 else "")
        return f"{text}; no better in {shown}."
    return f"{text}."
