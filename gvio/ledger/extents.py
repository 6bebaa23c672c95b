"""Figures of districts as they used to be, turned into figures of today's districts.

Where districts merge, split or exchange land, the sum of the former ones covers the same land as the sum of today's.
That sum alone is known for certain, so it is what enters: as a figure of the one district that there is now, or of a
group of districts. Nothing is divided by a guess.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gvio.config import ExtentChange
from gvio.errors import LedgerError
from gvio.ledger.rows import COLUMNS, GROUP_SIGN, KEY, Ledger, name_lines
from gvio.types import CheckResult, Month

_PERIOD = ["start", "end", "kind", "series"]


def former_areas(changes: Sequence[ExtentChange]) -> tuple[str, ...]:
    """Ids that figures may have although no district of today does, each once."""
    return tuple(dict.fromkeys(area for change in changes for area in change.former))


def require_former_ended(ledger: Ledger, changes: Sequence[ExtentChange], area_ids: Sequence[str], where: str) -> None:
    """Refuse figures of a former district for periods after it had ended.

    Raises:
        LedgerError: There is one.
    """
    for change in changes:
        gone = [area for area in change.former if area not in area_ids and area not in _came(changes)]
        late = ledger.rows[ledger.rows["area_id"].isin(gone) & (ledger.rows["end"] > change.last.ordinal)]
        if len(late):
            row = late.iloc[0]
            what = f"{row['area_id']} has a figure of {Month.from_ordinal(int(row['end']))}, but ended {change.until}"
            hint = "Correct the area_id, or `until` of this change in region.yaml."
            raise LedgerError(what, where=f"{where}, {name_lines(late.index)}", hint=hint)


def at_present_extents(ledger: Ledger, changes: Sequence[ExtentChange]) -> tuple[Ledger, CheckResult | None]:
    """The ledger in areas of today, and what of it had to be left out; None where the pack names no change.

    Of the rows that end by a change's `until`, those of its former areas are replaced by the sum of their newest
    vintages, period by period. A period for which one of them has no figure is left out. Changes apply from the
    earliest to the latest: an area that came by one may go by the next, and a sum of which a part goes takes the rest
    of that change with it. A figure that was published in the present extent stands, and the sum is not needed.
    """
    if not changes:
        return ledger, None
    rows, lost = ledger.rows, list[int]()
    for change in sorted(changes, key=lambda c: c.last.ordinal):
        touched = [not set(change.former).isdisjoint(area.split(GROUP_SIGN)) for area in rows["area_id"]]
        before = np.array(touched, dtype=bool) & (rows["end"] <= change.last.ordinal)
        newest = rows[before].sort_values("published", kind="stable").drop_duplicates(KEY, keep="last")
        summed = [_sum(part, change) for _, part in newest.groupby(_PERIOD, sort=False)]
        lost += [line for part in summed if isinstance(part, list) for line in part]
        whole = [part for part in summed if not isinstance(part, list)]
        sums = pd.concat(whole) if whole else rows.iloc[:0]
        stands = pd.MultiIndex.from_frame(rows.loc[~before, KEY])
        sums = sums[~pd.MultiIndex.from_frame(sums[KEY]).isin(stands)]
        rows = pd.concat([rows[~before], sums]).sort_index(kind="stable")
    return Ledger(rows[list(COLUMNS)]), _note(changes, sorted(lost))


def _note(changes: Sequence[ExtentChange], lost: list[int]) -> CheckResult:
    names = ", ".join(former_areas(changes))
    message = f"every figure of former districts ({names}) is in a sum that today's districts have"
    if lost:
        message = (
            f"{name_lines(lost)}: {len(lost)} figure(s) of former districts ({names}) are left out: for their "
            "periods not every district of the change has a figure; add those, or remove these rows"
        )
    return CheckResult("ledger.former_extents", not lost, False, "ledger", message, {"rows": lost})


def _sum(part: pd.DataFrame, change: ExtentChange) -> pd.DataFrame | list[int]:
    """One row for the sum of the areas that a change touches, or the lines of a period that lacks one of them."""
    covered = [area for row in part["area_id"] for area in row.split(GROUP_SIGN)]
    if not set(change.former) <= set(covered) or len(set(covered)) < len(covered):
        return [int(line) for line in part.index]
    others = [area for area in covered if area not in change.former and area not in change.now]
    row = part.iloc[[0]].copy()
    row["area_id"] = GROUP_SIGN.join(sorted({*others, *change.now}))
    row["value"] = part["value"].sum()
    row["published"] = max(part["published"])
    row["source"] = "; ".join(dict.fromkeys(source for source in part["source"] if source))
    return row


def _came(changes: Sequence[ExtentChange]) -> set[str]:
    return {area for change in changes for area in change.now}
