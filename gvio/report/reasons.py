"""Why a district's number is what it is, for people: the parts of `explanations.parquet` as changes and as a sentence.

Pure. Parts are logarithms, so they multiply: a part of 0.1 is a factor of 1.105. Each is shown against the district's
own mean over all months, which is what the level says.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gvio.report.numbers import signed_percent
from gvio.report.tables import month_text

MOVING: Mapping[str, str] = {
    "season": "season",
    "calendar": "holidays and working days",
    "common": "movement of all districts",
    "own": "the district's own movement",
}
"""Parts that move, as people call them; the level does not."""
_SMALL = 0.005  # a part of less than half a per cent is not worth a word
_BELIEVED = ((0.05, "almost nothing"), (0.35, "little"), (0.65, "about half"), (1.01, "most"))


def moving_parts(explanations: pd.DataFrame, area: str) -> pd.DataFrame:
    """One district's months in order: `date`, `month`, each of `MOVING`, `total` and `light`, all in per cent.

    Parts are against their own mean over months, `total` is all of them together; each is 100 · (exp(part) − 1), so
    parts multiply, and for small ones add up. `light` is what light changed of that month. `believed` is a share.
    """
    rows = explanations[explanations["area_id"] == area].sort_values("month").reset_index(drop=True)
    parts = rows[list(MOVING)] - rows[list(MOVING)].mean()
    shown = {name: _percent(parts[name]) for name in MOVING}
    return pd.DataFrame(
        {
            "date": pd.to_datetime(rows["month"] + "-01", format="%Y-%m-%d"),
            "month": rows["month"],
            **shown,
            "total": _percent(parts.sum(axis=1)),
            "light": _percent(rows["light"]),
            "believed": rows["believed"],
        }
    )


def reason_sentence(parts: pd.DataFrame, month: str, name: str) -> str:
    """One month of `moving_parts` in words, largest part first; `name` is the district's."""
    found = parts[parts["month"] == month]
    if found.empty:
        return f"Nothing is said about {name} in {month_text(month)}."
    row = found.iloc[0]
    total = float(row["total"])
    where = "at its own mean" if abs(total) < 100 * _SMALL else f"{_size(total)} its own mean"
    reasons = sorted(MOVING, key=lambda part: -abs(float(row[part])))
    said = [
        f"{MOVING[part]} {signed_percent(float(row[part]))}"
        for part in reasons
        if abs(float(row[part])) >= 100 * _SMALL
    ]
    because = f": {', '.join(said)}" if said else ", and no part of it stands out"
    light = float(row["light"])
    moved = "did not move it" if abs(light) < 100 * _SMALL else f"moved it by {signed_percent(light)}"
    return f"In {month_text(month)}, {name} is {where}{because}. Light {moved}; {_settled(float(row['believed']))}."


def light_table(explanations: pd.DataFrame, names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """How much light does in each district, most first: `name`, `moved` (mean |per cent|), `believed` (mean share)."""
    by_area = explanations.assign(moved=_percent(explanations["light"]).abs()).groupby("area_id", sort=True)
    table = by_area[["moved", "believed"]].mean()
    table.insert(0, "name", [(names or {}).get(str(area), str(area)) for area in table.index])
    return table.sort_values("moved", ascending=False, kind="stable").reset_index()


def _percent(part: pd.Series) -> pd.Series:
    percent: pd.Series = 100.0 * np.expm1(part)
    return percent


def _size(percent: float) -> str:
    return f"{abs(percent):.1f} % {'above' if percent > 0 else 'below'}"


def _settled(share: float) -> str:
    words = next(word for limit, word in _BELIEVED if share < limit)
    return f"it settled {words} of what the figures leave open"
