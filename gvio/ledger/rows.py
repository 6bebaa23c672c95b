"""The ledger of official figures as a value: rows of published sums, and what of them was public on a day.

Reading a ledger from a file is `gvio.region.statistics`; plausibility is `gvio.ledger.checks`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd

COLUMNS = ("area_id", "start", "end", "value", "kind", "published", "series", "source")
CITY, GROUP = -1, -2  # in place of a district's index: a figure of the city, of several districts together
Groups = Mapping[str, Sequence[str]]  # districts by the name of a group, of which there may be figures
NO_GROUPS: Groups = MappingProxyType({})
_NAMED = 5  # lines that a message names
GROUP_SIGN = " + "  # joins the ids of districts of which a figure is the sum (`gvio.ledger.extents`)
KEY = ["area_id", "start", "end", "kind", "series"]  # rows equal in these are vintages of one figure


@dataclasses.dataclass(frozen=True, eq=False)
class Ledger:
    """Published sums, one a row; the index is the line number of the file they were read from.

    `rows` has the columns `area_id` (str), `start` and `end` (int, `Month.ordinal`, both included), `value` (float64,
    the pack's unit, the sum over the whole period), `kind` ("current" | "cumulative"), `published` (`datetime.date`),
    `series` and `source` (str, "" when not given).
    """

    rows: pd.DataFrame

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def areas(self) -> frozenset[str]:
        """Every area with at least one figure."""
        return frozenset(self.rows["area_id"])


def public_on(ledger: Ledger, day: dt.date) -> Ledger:
    """Every row that was public on `day`, all vintages."""
    public = np.array([published <= day for published in ledger.rows["published"]], dtype=bool)
    return Ledger(ledger.rows[public])


def as_of(ledger: Ledger, day: dt.date) -> Ledger:
    """The ledger as it was known on `day`: later rows hidden, and of every figure only its newest vintage.

    Two vintages published on the same day: the later line of the file counts.
    """
    ordered = public_on(ledger, day).rows.sort_values("published", kind="stable")
    newest = ordered.drop_duplicates(KEY, keep="last")
    return Ledger(newest.sort_index(kind="stable"))


def name_lines(index: Iterable[object]) -> str:
    """`lines 3, 7, 9 and 12 more`, for messages about rows; `index` holds the line numbers."""
    numbers = [str(line) for line in index]
    more = f" and {len(numbers) - _NAMED} more" if len(numbers) > _NAMED else ""
    return f"{'line' if len(numbers) == 1 else 'lines'} {', '.join(numbers[:_NAMED])}{more}"


def span(rows: pd.DataFrame) -> pd.Series[int]:
    """Months each row covers (≥ 1)."""
    return (rows["end"] - rows["start"] + 1).astype(int)


def positions(area_ids: Sequence[str], city_id: str) -> dict[str, int]:
    """Index of every area: districts in order, the city −1."""
    return {**{area: i for i, area in enumerate(area_ids)}, city_id: CITY}
