"""How far the model is to be trusted, in a word and in sentences: against the best naive forecast, and what of it light
has done.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from gvio.report.scores import MODELS, show
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import AS_USED, BLIND, ENOUGH_NATS, NAIVE, NO_LIGHT, OURS, SIGNIFICANT
from gvio.types import Manifest
from gvio.words import language, marked, sentences, tr

SKILLS: Mapping[str, tuple[str, str]] = {
    "proven": (
        marked("Skill proven"),
        marked("Out of time, the model beats the best naive forecast beyond what chance explains."),
    ),
    "weak": (
        marked("Skill weak"),
        marked("The model is no clear improvement on the best naive forecast: use changes with care."),
    ),
    "none": (
        marked("No skill"),
        marked("The best naive forecast does as well or better: read the map as a way to share out known totals."),
    ),
    "untested": (
        marked("Skill not tested"),
        marked(
            "There is too little history to test the model out of time: nothing says that it is better or worse than "
            "a naive forecast."
        ),
    ),
    "unknown": (
        marked("Skill unknown"),
        marked("This release does not say how its model compares with a naive forecast."),
    ),
}


def skill_of(scoreboard: Scoreboard, manifest: Manifest | None = None) -> str:
    """A key of `SKILLS`: what manifest or scoreboard says; `untested` where that is `none` because nothing was
    compared, `unknown` where neither says anything.
    """
    stated = ("" if manifest is None else manifest.skill, scoreboard.skill or "")
    said = next((skill for skill in stated if skill in SKILLS), "unknown")
    tested = scoreboard.best_naive is not None or best_naive(scoreboard) is not None
    return "untested" if said == "none" and not tested else said


def verdict(scoreboard: Scoreboard) -> str:
    """The scoreboard's own sentences, which are English; where it has none, or another language is spoken, such as are
    made from its scores.
    """
    if scoreboard.verdict and language() == "en":
        return scoreboard.verdict
    return sentences([_compared(scoreboard), *_of_light(scoreboard)])


def _compared(scoreboard: Scoreboard) -> str:
    compared = best_naive(scoreboard)
    if compared is None:
        return tr("This release has no out-of-time comparison with a naive forecast, so its skill is not known.")
    ours, best, theirs = compared
    said = {"ours": _share(ours), "best": tr(MODELS[best]).lower(), "theirs": _share(theirs)}
    if ours > theirs:
        return tr(
            "Out of time the SA-CNN explains {ours} of the change within districts, more than the best naive forecast "
            "({best}: {theirs}).",
            **said,
        )
    return tr(
        "Out of time the SA-CNN explains {ours} of the change within districts, no more than the best naive forecast "
        "({best}: {theirs}).",
        **said,
    )


def _of_light(scoreboard: Scoreboard) -> Iterator[str]:
    """What light itself adds, whether to believe that, and whether this month's is used at all."""
    lit, dark = (scoreboard.scores(AS_USED, model).within_r2 for model in (OURS, NO_LIGHT))
    if lit is not None and dark is not None:
        both = {"lit": show(lit, "number"), "dark": show(dark, "number")}
        test = scoreboard.protocol(AS_USED).diebold_mariano.get(NO_LIGHT)
        if lit <= dark:
            yield tr("Light itself adds nothing to this ({lit} with it, {dark} without).", **both)
        elif test is not None and test.p_value < SIGNIFICANT:
            yield tr("Light itself adds to this beyond chance ({lit} with it, {dark} without).", **both)
        else:
            yield tr("What light itself adds to this could be chance ({lit} with it, {dark} without).", **both)
    if scoreboard.placebos is not None and not scoreboard.placebos.passed:
        yield tr("But the method also gains on shuffled light: do not trust this comparison.")
    yield set_aside(scoreboard)


def set_aside(scoreboard: Scoreboard) -> str:
    """That the newest light was not used, and why; "" where it was."""
    evidence = scoreboard.light_evidence
    if evidence is None or evidence >= ENOUGH_NATS:
        return ""
    measured, asked = f"{math.floor(10 * evidence) / 10:.1f}".replace("-", "−"), f"{ENOUGH_NATS:.0f}"
    return tr(
        "This month's light is set aside, whatever the tests at earlier dates made of theirs: the estimate is that of "
        "the figures alone, which give no reason to believe that light shows output (evidence {evidence} nats, "
        "{enough} are asked for).",
        evidence=measured,
        enough=asked,
    )


def best_naive(scoreboard: Scoreboard) -> tuple[float, str, float] | None:
    """Out of time, as used or else blind: our within-district R², the name of the best naive forecast, and its R²."""
    for protocol in (AS_USED, BLIND):
        ours = scoreboard.scores(protocol).within_r2
        naive = {n: scoreboard.scores(protocol, n).within_r2 for n in NAIVE}
        known = {n: v for n, v in naive.items() if v is not None}
        if ours is not None and known:
            best = max(known, key=lambda n: known[n])
            return ours, best, known[best]
    return None


def _share(r2: float) -> str:
    return f"{round(100.0 * r2)} %".replace("-", "−")
