"""Errata: corrections of what was published that go beyond usual revisions, found by the machine.

Estimates are revised all the time, and the predicted band says by how much. An erratum is for what no band foresees:
the provider wrote light again, or a figure was corrected by more than figures usually are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence, Set
from typing import Literal

import numpy as np
import pandas as pd

from gvio.ledger.rows import KEY, Ledger
from gvio.revisions.news import News
from gvio.revisions.vintages import ESTIMATE
from gvio.revisions.vintages import KEY as CELL
from gvio.types import FloatArray, Month

Cause = Literal["reprocessed_light", "revised_figures"]
CAUSES: tuple[Cause, ...] = ("reprocessed_light", "revised_figures")
BEYOND = 4.0
"""A correction of a figure beyond this many usual revisions is none."""
USUAL = 0.01
"""Usual size of a revision, in logarithms, where figures were never or hardly revised."""
_COUNTS_FOR = 9
"""Earlier revisions that `USUAL` counts for: one correction, however large, does not make the next one usual."""
_OF_MEDIAN = 1.4826  # standard deviation of a Gaussian over the median of its absolute value


@dataclasses.dataclass(frozen=True)
class Corrected:
    """An estimate that a correction moved: `before`, `after` in the unit of the pack; `part` what it did, in logs."""

    area_id: str
    month: str
    before: float
    after: float
    part: float


@dataclasses.dataclass(frozen=True)
class Erratum:
    """A correction.

    Attributes:
        cause: What was corrected.
        releases: Ids of the releases that hold what was wrong, as far as the vintages tell.
        replaced_by: Id of the release that replaces them; None: the one that carries the erratum.
        estimates: What it moved beyond the predicted revision.
    """

    cause: Cause
    releases: tuple[str, ...]
    replaced_by: str | None
    estimates: tuple[Corrected, ...]


def find_errata(
    news: News,
    history: pd.DataFrame,
    published: tuple[Mapping[tuple[str, str], float], Mapping[tuple[str, str], float]],
    figures: tuple[Ledger, Ledger, Ledger],
) -> tuple[Erratum, ...]:
    """The errata of a release.

    Args:
        news: Its change since the release before.
        history: The vintages until then, with the predicted revisions.
        published: Estimates before and now by area and month.
        figures: Official figures before and now, and all their vintages.

    Returns:
        One for each cause that moved an estimate beyond its predicted revision, of figures only where one was corrected
        beyond the usual. Parts that were not told apart give none: nobody knows what they are.
    """
    band, corrected = _band(history), corrected_figures(*figures)
    own = _covered(corrected)
    found = []
    for cause in CAUSES:
        if cause in news.together or (cause == "revised_figures" and not len(corrected)):
            continue
        moved = _moved(news, cause, own if cause == "revised_figures" else frozenset())
        rows = [
            Corrected(*cell, published[0][cell], published[1][cell], part)
            for cell, part in moved.items()
            if abs(part) > band.get(cell, np.inf)
        ]
        if rows:
            found.append(Erratum(cause, _holding(history, min(row.month for row in rows)), None, tuple(rows)))
    return tuple(found)


def corrected_figures(before: Ledger, now: Ledger, vintages: Ledger) -> pd.DataFrame:
    """The figures that were revised by more than `BEYOND` times the usual revision: columns of the ledger's key.

    The usual one is the spread of all earlier revisions, from their median, which a few corrections hardly move
    (median absolute deviation), and never below `USUAL`, which counts for some revisions itself. A figure that is not
    positive any more was corrected.

    Args:
        before: Figures known to the release before, of each its newest vintage.
        now: The same now.
        vintages: All vintages public now.
    """
    both = before.rows.merge(now.rows, on=KEY, suffixes=("_before", "_now"))
    old, new = both["value_before"].to_numpy(np.float64), both["value_now"].to_numpy(np.float64)
    ratio = np.divide(new, old, out=np.full(len(old), np.inf), where=(old > 0) & (new > 0))
    past = _revisions(vintages, set(both[old != new][[*KEY, "value_now"]].itertuples(index=False, name=None)))
    usual = max(USUAL, _OF_MEDIAN * float(np.median([*past, *[USUAL / _OF_MEDIAN] * _COUNTS_FOR])))
    corrected: pd.DataFrame = both.loc[(old != new) & ~(np.abs(np.log(ratio)) <= BEYOND * usual), KEY]
    return corrected


def _revisions(vintages: Ledger, without: Set[tuple[object, ...]]) -> FloatArray:
    """|log| of every vintage of a figure over the one before it, where it was another value; `without` key and value of
    those that do not count."""
    told = vintages.rows[[*KEY, "value"]].itertuples(index=False, name=None)
    counts = np.array([row not in without for row in told], dtype=bool) & (vintages.rows["value"] > 0)
    rows = vintages.rows[counts].sort_values([*KEY, "published"], kind="stable")
    logs = pd.Series(np.log(rows["value"].to_numpy(np.float64)), index=rows.index)
    first = ~rows.duplicated(KEY)  # sorted: the vintages of a figure stand together
    size = logs.diff().mask(first).abs().to_numpy(np.float64)
    return np.asarray(size[np.isfinite(size) & (size > 0)])


def stamped_errata(errata: Sequence[Erratum], release: str) -> tuple[Erratum, ...]:
    """The errata of a release, its own ones naming it."""
    return tuple(dataclasses.replace(e, replaced_by=e.replaced_by or release) for e in errata)


def affecting(errata: Sequence[Erratum], release: str) -> tuple[Erratum, ...]:
    """The errata of what a release holds."""
    return tuple(erratum for erratum in errata if release in erratum.releases)


def _covered(figures: pd.DataFrame) -> frozenset[tuple[str, str]]:
    """Areas and months of some figures."""
    every = figures[["area_id", "start", "end"]].itertuples(index=False)
    return frozenset((str(a), str(Month.from_ordinal(m))) for a, s, e in every for m in range(int(s), int(e) + 1))


def _moved(news: News, cause: Cause, own: frozenset[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """What a cause did to every area and month.

    Where an area's `own` figure was corrected, honouring it is part of that: the posterior hardly follows a figure that
    contradicts all others.
    """
    table, raking = news.parts[cause], news.parts["raking"]
    cells = {(a, str(m)): (i, j) for i, a in enumerate(news.area_ids) for j, m in enumerate(news.months)}
    return {cell: float(table[at] + (raking[at] if cell in own else 0.0)) for cell, at in cells.items()}


def _band(history: pd.DataFrame) -> dict[tuple[str, str], float]:
    """The predicted 80 % half-width of every area and month, as last published; where none was, there is no erratum."""
    rows = history[(history["kind"] == ESTIMATE) & history["revision80"].notna()]
    last = rows.drop_duplicates(CELL, keep="last")
    return {(str(a), str(m)): float(h) for a, m, h in last[[*CELL, "revision80"]].itertuples(index=False)}


def _holding(history: pd.DataFrame, month: str) -> tuple[str, ...]:
    """Releases of this month and later: their ids begin with their month."""
    named = history["release"].dropna().unique()
    return tuple(sorted(str(release) for release in named if str(release)[:7] >= month))
