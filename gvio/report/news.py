"""Why numbers changed since the release before, for people: a sentence a district, and a table of the parts.

Pure. `news` is always the frame of `news.parquet`: area_id, month, change, and each of `PARTS`, in logarithms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gvio.report.numbers import signed_percent
from gvio.report.tables import month_text
from gvio.revisions.news import PARTS

WORDS: Mapping[str, str] = {
    "pack": "the changed region pack",
    "reprocessed_light": "light that the provider processed again",
    "model": "another model",
    "new_light": "new light",
    "revised_figures": "revised official figures",
    "new_figures": "new official figures",
    "raking": "agreement with public totals",
}
"""Parts as people call them, in the order of `PARTS`."""
_SMALL = 0.0005  # half a tenth of a per cent: what one decimal shows as nothing


def newest_month(news: pd.DataFrame) -> str:
    """The newest month that both releases have: of all it was known least."""
    return str(news["month"].max())


def news_table(
    news: pd.DataFrame, month: str, names: Mapping[str, str] | None = None, together: Sequence[str] = ()
) -> pd.DataFrame:
    """Districts of one month, largest change first: `name`, `change` and each of `PARTS` in per cent, `sentence`.

    A part is 100 · (exp(part) − 1): parts multiply, and for small ones add up.
    """
    rows = news[news["month"] == month].set_index("area_id")
    named = [(names or {}).get(str(area), str(area)) for area in rows.index]
    said = [_sentence(row, month, name, together) for name, (_, row) in zip(named, rows.iterrows(), strict=True)]
    logs = rows[["change", *PARTS]]
    shown = pd.DataFrame(100.0 * np.expm1(logs.to_numpy(np.float64)), index=logs.index, columns=logs.columns)
    order = rows["change"].abs().sort_values(ascending=False, kind="stable").index
    return shown.assign(name=named, sentence=said).loc[order, ["name", "change", *PARTS, "sentence"]].reset_index()


def news_sentence(news: pd.DataFrame, area: str, month: str, name: str, together: Sequence[str] = ()) -> str:
    """What changed a district's estimate of a month since the release before, the largest part first."""
    found = news[(news["area_id"] == area) & (news["month"] == month)]
    if found.empty:
        return f"{name}, {month_text(month)}: not in the release before."
    return _sentence(found.iloc[0], month, name, together)


def no_news(predecessor: str | None) -> str:
    """Why a release says nothing of its change."""
    if predecessor is None:
        return "Nothing is said of changes: the release names none before it."
    return (
        f"Nothing is said of changes: the release before, {predecessor}, carries no evidence, so its change cannot be "
        "split."
    )


def _sentence(row: pd.Series, month: str, name: str, together: Sequence[str]) -> str:
    where, change = f"{name}, {month_text(month)}", float(row["change"])
    moved = sorted((part for part in PARTS if abs(float(row[part])) >= _SMALL), key=lambda part: -abs(float(row[part])))
    if not moved:
        return f"{where}: as in the release before."
    amount = (
        f"{where}: {_percent(change)} against the release before" if abs(change) >= _SMALL else f"{where}: unchanged"
    )
    parts = [f"{_words(part, together)} ({_percent(float(row[part]))})" for part in moved[:2]]
    return f"{amount}, most by {parts[0]}" + (f", then by {parts[1]}." if len(parts) > 1 else ".")


def _words(part: str, together: Sequence[str]) -> str:
    """The part in words, with those that cannot be told from it."""
    return " and ".join(WORDS[name] for name in (together if together and part == together[0] else (part,)))


def _percent(part: float) -> str:
    return signed_percent(100.0 * float(np.expm1(part)))
