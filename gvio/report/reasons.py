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
from gvio.words import listed, marked, sentences, tr

MOVING: Mapping[str, str] = {
    "season": marked("season"),
    "calendar": marked("holidays and working days"),
    "common": marked("movement of all districts"),
    "own": marked("the district's own movement"),
}
"""Parts that move, as people call them in English; the level does not."""
_SMALL = 0.005  # a part of less than half a per cent is not worth a word
_BELIEVED = (
    (0.05, marked("it settled almost nothing of what the figures leave open")),
    (0.35, marked("it settled little of what the figures leave open")),
    (0.65, marked("it settled about half of what the figures leave open")),
    (1.01, marked("it settled most of what the figures leave open")),
)


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
        return tr("Nothing is said about {area} in {month}.", area=name, month=month_text(month))
    row = found.iloc[0]
    total = float(row["total"])
    where = tr("at its own mean") if abs(total) < 100 * _SMALL else _against_mean(total)
    reasons = sorted(MOVING, key=lambda part: -abs(float(row[part])))
    said = [
        tr("{part} {change}", part=tr(MOVING[part]), change=signed_percent(float(row[part])))
        for part in reasons
        if abs(float(row[part])) >= 100 * _SMALL
    ]
    told = {"month": month_text(month), "area": name, "where": where}
    first = tr("In {month}, {area} is {where}, and no part of it stands out.", **told)
    if said:
        first = tr("In {month}, {area} is {where}: {parts}.", **told, parts=listed(said))
    return sentences([first, _light(float(row["light"]), float(row["believed"]))])


def _light(moved: float, believed: float) -> str:
    settled = tr(next(words for limit, words in _BELIEVED if believed < limit))
    if abs(moved) < 100 * _SMALL:
        return tr("Light did not move it; {settled}.", settled=settled)
    return tr("Light moved it by {change}; {settled}.", change=signed_percent(moved), settled=settled)


def light_table(explanations: pd.DataFrame, names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """How much light does in each district, most first: `name`, `moved` (mean |per cent|), `believed` (mean share)."""
    by_area = explanations.assign(moved=_percent(explanations["light"]).abs()).groupby("area_id", sort=True)
    table = by_area[["moved", "believed"]].mean()
    table.insert(0, "name", [(names or {}).get(str(area), str(area)) for area in table.index])
    return table.sort_values("moved", ascending=False, kind="stable").reset_index()


def light_told(table: pd.DataFrame) -> pd.DataFrame:
    """`light_table` as texts, for a picture."""
    told = {
        tr("District"): table["name"],
        tr("Moved by"): [f"{value:.2f} %" for value in table["moved"]],
        tr("Settled"): [f"{100 * value:.0f} %" for value in table["believed"]],
    }
    return pd.DataFrame(told)


def _percent(part: pd.Series) -> pd.Series:
    percent: pd.Series = 100.0 * np.expm1(part)
    return percent


def _against_mean(percent: float) -> str:
    size = f"{abs(percent):.1f}"
    return tr("{size} % above its own mean", size=size) if percent > 0 else tr("{size} % below its own mean", size=size)
