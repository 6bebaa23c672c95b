"""Why an estimate changed: inputs are exchanged one after the other, and each exchange is a run of its own.

A path from the inputs of the release before to those of the new one, one input at a time: each part is by how much the
posterior mean moves when that input is the new one and all later ones are still the old ones (as the news of a nowcast,
Bańbura & Modugno 2014, Journal of Applied Econometrics 29:133). Why in this order: docs/adr/0020-order-of-exchanges.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from gvio.assimilate.hyper import Hyper
from gvio.assimilate.observed import Measurement, Setting
from gvio.assimilate.posterior import assimilate
from gvio.ledger.rows import GROUP_SIGN, KEY, Ledger
from gvio.ledger.sums import sums_matrix
from gvio.revisions.evidence import UNSEEN, Evidence
from gvio.revisions.news import PARTS, News, Part
from gvio.types import FloatArray, Month

Run = Callable[[Evidence], FloatArray]
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Changed:
    """What is another than in the release before, apart from figures and light that is new.

    `pack`: configuration, districts, factories, urban land; `reprocessed`: light of months seen before; `model`:
    weights; `method`: the program.
    """

    pack: bool
    reprocessed: bool
    model: bool
    method: bool


@dataclasses.dataclass(frozen=True, eq=False)
class Step:
    """The evidence of a run after one more exchange; several `parts` where no run lies between them."""

    parts: tuple[Part, ...]
    evidence: Evidence


def setting_of(evidence: Evidence) -> Setting:
    """What the assimilation conditions on, from evidence alone."""
    areas, months = evidence.area_ids, evidence.months
    sums = sums_matrix(evidence.figures, areas, evidence.city_id, months, evidence.groups)
    light = None
    if np.isfinite(evidence.light).any():
        light = Measurement(evidence.light, evidence.precision, evidence.rough)
    return Setting(sums, light, evidence.prior_share, evidence.calendar, evidence.openings)


def posterior_mean(evidence: Evidence) -> FloatArray:
    """(D, T) posterior mean of log output that follows from evidence: what a run with these inputs estimates.

    Raises:
        ModelError: No figure is visible, or the posterior is not finite.
    """
    return assimilate(setting_of(evidence), Hyper(**evidence.hyper, sensitivity=evidence.sensitivity)).mean


def reprocessed(before: Evidence, seen: Sequence[str], first: Month) -> bool:
    """Whether light of a month seen before is another now; `seen` are digests of consecutive months from `first`."""
    now = {str(first + t): digest for t, digest in enumerate(seen)}
    then = zip(before.months, before.seen, strict=True)
    return any(digest not in (UNSEEN, now.get(str(month), digest)) for month, digest in then)


def reading_steps(
    changed: Changed, read_before: Callable[[], Evidence | None], read_after: Callable[[], Evidence]
) -> list[Step]:
    """The exchanges of pack, reprocessed light and model: of what decides how light is read.

    Args:
        changed: What is another.
        read_before: Evidence of the light known before, with the new pack and its present pixels, as the model before
            reads it; None where that model is gone or cannot read the new pack.
        read_after: The same as the new model reads it.
    """
    moved: list[Part] = ["pack"] if changed.pack else []
    moved += ["reprocessed_light"] if changed.reprocessed else []
    if moved and not changed.model:
        return [Step(tuple(moved), read_after())]
    between = read_before() if moved else None
    if moved and between is None:
        return [Step((*moved, "model"), read_after())]
    steps = [] if between is None else [Step(tuple(moved), between)]
    return [*steps, Step(("model",), read_after())] if changed.model else steps


def split_change(
    before: Evidence,
    after: Evidence,
    readings: Sequence[Step],
    published: tuple[FloatArray, FloatArray],
    *,
    method: bool = False,
    run: Run = posterior_mean,
) -> News:
    """Split the change of the log estimate between two releases.

    Args:
        before: Evidence of the release before.
        after: Evidence of the new one.
        readings: From `reading_steps`; the figures of `before`.
        published: Log estimates (D, T) as published with `before`, and with `after`, of their districts and months.
        method: Whether another program made `before`: what that changes counts as the model.
        run: Makes the posterior mean of evidence.

    Raises:
        ModelError: A run between the two is not finite.
    """
    areas, months = _common(before.area_ids, after.area_ids), _common(before.months, after.months)

    def cells(evidence: Evidence, values: FloatArray) -> FloatArray:
        rows = [evidence.area_ids.index(area) for area in areas]
        columns = [evidence.months.index(month) for month in months]
        return values[np.ix_(rows, columns)]

    steps = [*([Step(("model",), before)] if method else []), *readings]
    steps += _figures_and_new_light(before, after)
    parts: dict[Part, FloatArray] = {part: np.zeros((len(areas), len(months))) for part in PARTS}
    now = cells(before, before.log_mean)
    for i, step in enumerate(steps):
        # The last exchange makes the new release, whose own mean needs no further run.
        mean = after.log_mean if i + 1 == len(steps) else run(step.evidence)
        then, now = now, cells(after if i + 1 == len(steps) else step.evidence, mean)
        parts[step.parts[0]] = parts[step.parts[0]] + (now - then)
    log_before, log_after = cells(before, published[0]), cells(after, published[1])
    # The mean stands between: where nothing was exchanged the two are one, but for rounding.
    parts["raking"] = (log_after - now) - (log_before - cells(before, before.log_mean))
    together = next((step.parts for step in steps if len(step.parts) > 1), ())
    return News(areas, months, parts, log_after - log_before, together)


def _figures_and_new_light(before: Evidence, after: Evidence) -> list[Step]:
    """The exchanges that evidence alone allows: new light, revised figures, new figures; the last one is `after`."""
    steps = list[Step]()
    then = dict(zip(before.months, before.seen, strict=True))
    now = zip(after.months, after.seen, strict=True)
    seen_anew = any(then.get(month, UNSEEN) == UNSEEN for month, digest in now if digest != UNSEEN)
    known = usable(before.figures, after)
    if seen_anew or before.months != after.months:
        steps.append(Step(("new_light",), dataclasses.replace(after, figures=known)))
    revised = with_revised(known, after.figures)
    if not same_figures(known, revised):
        steps.append(Step(("revised_figures",), dataclasses.replace(after, figures=revised)))
    if not same_figures(revised, after.figures):
        steps.append(Step(("new_figures",), after))
    return steps


def usable(figures: Ledger, evidence: Evidence) -> Ledger:
    """The figures of areas that the evidence has, of periods inside its months."""
    areas = {*evidence.area_ids, evidence.city_id, *evidence.groups}
    rows, (first, last) = figures.rows, (evidence.months[0].ordinal, evidence.months[-1].ordinal)
    known = [area in areas or areas.issuperset(area.split(GROUP_SIGN)) for area in rows["area_id"]]
    inside = (rows["start"] >= first) & (rows["end"] <= last) & np.array(known, dtype=bool)
    return Ledger(rows[inside])


def with_revised(old: Ledger, new: Ledger) -> Ledger:
    """The old figures as they are now: revised ones with their new values, withdrawn ones gone, none that is new."""
    known = set(_keys(old, KEY))
    return Ledger(new.rows[np.array([key in known for key in _keys(new, KEY)], dtype=bool)])


def same_figures(one: Ledger, other: Ledger) -> bool:
    """Whether two ledgers say the same of the same periods; when that became public does not matter."""
    columns = [*KEY, "value"]
    return sorted(_keys(one, columns)) == sorted(_keys(other, columns))


def _keys(ledger: Ledger, columns: list[str]) -> list[tuple[object, ...]]:
    return list(ledger.rows[columns].itertuples(index=False, name=None))


def _common(one: Sequence[T], other: Sequence[T]) -> tuple[T, ...]:
    known = set(one)
    return tuple(item for item in other if item in known)
