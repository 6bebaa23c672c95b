"""What an invented statistics office publishes of the truth: which sums, how noisy, how late, how often revised."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from gvio.simulate.spec import WorldSpec
from gvio.types import FloatArray, Month

PUBLICATION_DAY = 17  # of the month after the period
CITY_ID = "CITY"
_Period = tuple[int, int, str]  # first month, last month (indices), kind


def publish_figures(spec: WorldSpec, labels: FloatArray, area_ids: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Rows of `statistics.csv` from true output.

    Args:
        spec: Which sums exist (`labels`), their error, revisions, gaps, and when the districts' figures stop.
        labels: (D, T) float64 true output.
        area_ids: D district ids.
        rng: Source of errors.

    Returns:
        Columns area_id, start, end, value, kind, published, series, source, ordered by day of publication.
    """
    span = spec.span
    late, lost = rng.spawn(2)
    truth = {CITY_ID: labels.sum(axis=0), **dict(zip(area_ids, labels, strict=True))}
    rows = []
    for area, first, last, kind in _periods(spec, area_ids):
        end, total = span[last], float(truth[area][first : last + 1].sum())
        value = total * float(np.exp(rng.normal(0, spec.reporting_noise)))
        revised = rng.random() < spec.revised_share
        further = float(np.exp(late.normal(0, spec.revision_spread)))
        if lost.random() < spec.missing_share and area != CITY_ID:
            continue
        rows.append(_row(area, span[first], end, value * (further if revised else 1.0), kind, end + 1))
        if revised:
            rows.append(_row(area, span[first], end, total, kind, end + 7))
    frame = pd.DataFrame(rows)
    return frame.sort_values(["published", "area_id", "start"], kind="stable", ignore_index=True)


def _row(area: str, start: Month, end: Month, value: float, kind: str, published: Month) -> dict[str, object]:
    return {
        "area_id": area,
        "start": str(start),
        "end": str(end),
        "value": round(value, 4),
        "kind": kind,
        "published": published.first_day.replace(day=PUBLICATION_DAY).isoformat(),
        "series": "above-designated-size",
        "source": "invented",
    }


def _periods(spec: WorldSpec, area_ids: list[str]) -> Iterator[tuple[str, int, int, str]]:
    """Area and period of every figure; a period that light does not cover wholly has none."""
    for first, last, kind in _monthly(spec):
        yield CITY_ID, first, last, kind
    for index, area in enumerate(area_ids):
        for first, last, kind in _district_periods(spec, index):
            if last < spec.months - spec.districts_end_early:
                yield area, first, last, kind


def _district_periods(spec: WorldSpec, index: int) -> Iterator[_Period]:
    if spec.labels == "rich":
        return _monthly(spec)
    if spec.labels == "few" and index % 2 == 0:
        return _from_january(spec, (3, 6, 9, 12), "cumulative")
    return _from_january(spec, (12,), "current")


def _monthly(spec: WorldSpec) -> Iterator[_Period]:
    """Single months, January and February as one."""
    for t, month in enumerate(spec.span):
        if month.month > 2:
            yield t, t, "current"
        elif month.month == 2 and t > 0:
            yield t - 1, t, "current"


def _from_january(spec: WorldSpec, ends: tuple[int, ...], kind: str) -> Iterator[_Period]:
    for t, month in enumerate(spec.span):
        if month.month in ends and t >= month.month - 1:
            yield t - month.month + 1, t, kind
