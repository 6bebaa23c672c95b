"""Drift of errors on published figures: honest decades, and shutdowns that no light shows.

    python -m benchmarks.drift_figures --seeds 101 102 [--kinds plain lockdown clean hard mild] [--json FILE]

The estimate of every month is the posterior without any light, as of the 10th of the month after, from the figures of
four years that were public by then; its figure follows on the 17th. Planted is the stop of a part of a district's
output for nine months: light that stays on shows as little as no light.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.bench_drift import BEFORE, JUDGED, KINDS, spec_of
from gvio.assimilate.calendar import calendar_features
from gvio.assimilate.hyper import START
from gvio.assimilate.observed import Setting
from gvio.assimilate.posterior import assimilate
from gvio.drift.coverage import watch_coverage
from gvio.drift.figures import KEPT, Z80, FigureError, figure_errors, new_figures, watch_errors
from gvio.drift.monitors import CITY_ERRORS, ERRORS
from gvio.ledger.rows import Ledger, as_of
from gvio.ledger.sums import official_monthly, sums_matrix
from gvio.map.official import honour
from gvio.simulate.spec import WorldSpec
from gvio.simulate.statistics import CITY_ID, publish_figures
from gvio.simulate.world import simulate_world
from gvio.types import FloatArray, Month

LOOKED_BACK, DAY, STOPPED = 48, 10, 9
SHARES = (0.2, 0.3, 0.5)


def ledger_of(rows: pd.DataFrame) -> Ledger:
    """Rows of `statistics.csv` as a ledger."""
    parsed = {name: [Month.parse(text).ordinal for text in rows[name]] for name in ("start", "end")}
    days = [pd.Timestamp(day).date() for day in rows["published"]]
    return Ledger(rows.assign(**parsed, published=days))


def errors_at(ledger: Ledger, areas: list[str], month: Month) -> tuple[FigureError, ...]:
    """The errors on the figures that come out in the month after `month`."""
    months = [month + (i - LOOKED_BACK + 1) for i in range(LOOKED_BACK)]
    known, then = (as_of(ledger, (month + ahead).first_day.replace(day=DAY)) for ahead in (1, 2))
    sums = sums_matrix(known, areas, CITY_ID, months)
    share = np.full(len(areas), 1 / len(areas))
    posterior = assimilate(Setting(sums, None, share, calendar_features(months)), START)
    estimate = honour(posterior.mean, official_monthly(known, areas, CITY_ID, months)[0])
    every = np.concatenate([estimate, estimate.sum(axis=0, keepdims=True)])
    half = Z80 * np.concatenate([posterior.sd, posterior.city_sd[None]])
    frame = pd.DataFrame(
        {
            "area_id": np.repeat([*areas, CITY_ID], LOOKED_BACK),
            "month": np.tile([str(m) for m in months], len(areas) + 1),
            "estimate": every.ravel(),
            "lower80": (every * np.exp(-half)).ravel(),
            "upper80": (every * np.exp(half)).ravel(),
        }
    )
    return figure_errors(new_figures(known, then), frame, published=True)


@dataclasses.dataclass(frozen=True)
class Found:
    """One world: the errors of its honest decade, and of each stopped share the errors from the stop on."""

    kind: str
    seed: int
    honest: list[tuple[str, str, float, float]]
    month: str
    area: str
    stopped: dict[str, list[tuple[str, str, float, float]]]


def measure(kind: str, seed: int) -> Found:
    """Errors of an honest decade, and after a stop of a part of one district's output."""
    spec = spec_of(kind)
    world = simulate_world(spec.model_copy(update={"bounds": (121.0, 31.0, 121.3, 31.25)}), seed)
    areas, labels = [str(area) for area in world.places.districts["area_id"]], world.labels
    honest = ledger_of(published(spec, labels, areas, seed))
    errors = [one for t in range(LOOKED_BACK, spec.months - 1) for one in errors_at(honest, areas, spec.span[t])]
    rng = np.random.default_rng([seed, 97])
    t, d = int(rng.integers(BEFORE + KEPT, BEFORE + JUDGED - 14)), int(rng.integers(len(areas)))
    stopped = {}
    for share in SHARES:
        less = labels.copy()
        less[d, t : t + STOPPED] *= 1 - share
        ledger = ledger_of(published(spec, less, areas, seed))
        stopped[str(share)] = rows([e for ahead in range(6) for e in errors_at(ledger, areas, spec.span[t + ahead])])
    return Found(kind, seed, rows(errors), str(spec.span[t]), areas[d], stopped)


def published(spec: WorldSpec, labels: FloatArray, areas: list[str], seed: int) -> pd.DataFrame:
    """Figures of some labels, their errors as the world's own."""
    return publish_figures(spec, labels, areas, np.random.default_rng([seed, 3]))


def rows(errors: list[FigureError]) -> list[tuple[str, str, float, float]]:
    return [(e.area_id, e.month, e.error, e.half80) for e in errors]


def errors_of(listed: list[tuple[str, str, float, float]], first: str, last: str) -> list[FigureError]:
    return [FigureError(a, m, e, h, True) for a, m, e, h in listed if first <= m <= last]


def false_alarms(found: Found) -> dict[str, int]:
    """Alarms of an honest decade, as releases tell them: each from the errors of its last `KEPT` months."""
    months = sorted({row[1] for row in found.honest})
    told: dict[str, set[tuple[str, str]]] = {"errors": set(), "errors_city": set(), "coverage": set()}
    for month in months:
        if month < str(Month.parse(months[0]) + (BEFORE - LOOKED_BACK)):
            continue
        errors = errors_of(found.honest, str(Month.parse(month) + (1 - KEPT)), month)
        for one in watch_errors(errors, CITY_ID, ERRORS, CITY_ERRORS).missed:
            if one.month == month:
                told["errors_city" if one.area_id == CITY_ID else "errors"].add((one.area_id, month))
        told["coverage"] |= {("", at) for _, at in watch_coverage(errors).alarms if at == month}
    return {name: len(alarms) for name, alarms in told.items()}


def delay(found: Found, share: str) -> int | None:
    """Figures of the stopped district until its stop is told; None: not within half a year."""
    before = [row for row in found.honest if row[1] < found.month]
    after = [row for row in found.stopped[share] if row[1] >= found.month]
    own = sorted({row[1] for row in after if row[0] == found.area})
    for count, month in enumerate(own, 1):
        errors = errors_of([*before, *after], str(Month.parse(month) + (1 - KEPT)), month)
        missed = watch_errors(errors, CITY_ID, ERRORS, CITY_ERRORS).missed
        if any(one.area_id == found.area and found.month <= one.month <= month for one in missed):
            return count
    return None


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found = []
    for seed in asked.seeds:
        for kind in asked.kinds:
            found.append(measure(kind, seed))
            print(kind, seed, false_alarms(found[-1]), {s: delay(found[-1], s) for s in found[-1].stopped}, flush=True)
            if asked.json:
                asked.json.write_text(json.dumps([dataclasses.asdict(one) for one in found]))
    for kind in [*asked.kinds, "all"]:
        tell(kind, [one for one in found if kind in ("all", one.kind)])


def tell(name: str, found: list[Found]) -> None:
    """False alarms in ten years; the share of stops told by the first, second, third and sixth figure."""
    per = [false_alarms(one) for one in found]
    held = np.mean([abs(e) <= h for one in found for _, _, e, h in one.honest])
    total = [sum(one.values()) for one in per]
    mean = {key: round(float(np.mean([one[key] for one in per])), 3) for key in per[0]}
    print(
        f"== {name}: {len(found)} worlds, held {held:.2f}; false alarms {np.mean(total):.2f} {mean}, most {max(total)}"
    )
    for share in map(str, SHARES):
        delays = np.array([np.inf if (d := delay(one, share)) is None else d for one in found])
        print(f"   stop of {share}: { {n: round(float((delays <= n).mean()), 2) for n in (1, 2, 3, 6)} }")


if __name__ == "__main__":
    main()
