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
from gvio.words import marked, tr

WORDS: Mapping[str, str] = {
    "pack": marked("the changed region pack"),
    "reprocessed_light": marked("light that the provider processed again"),
    "model": marked("another model"),
    "new_light": marked("new light"),
    "revised_figures": marked("revised official figures"),
    "new_figures": marked("new official figures"),
    "raking": marked("agreement with public totals"),
}
"""Parts as people call them in English, in the order of `PARTS`."""
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
        return tr("{where}: not in the release before.", where=_where(name, month))
    return _sentence(found.iloc[0], month, name, together)


def no_news(predecessor: str | None) -> str:
    """Why a release says nothing of its change."""
    if predecessor is None:
        return tr("Nothing is said of changes: the release names none before it.")
    return tr(
        "Nothing is said of changes: the release before, {release}, carries no evidence, so its change cannot be "
        "split.",
        release=predecessor,
    )


def _sentence(row: pd.Series, month: str, name: str, together: Sequence[str]) -> str:
    where, change = _where(name, month), float(row["change"])
    moved = sorted((part for part in PARTS if abs(float(row[part])) >= _SMALL), key=lambda part: -abs(float(row[part])))
    if not moved:
        return tr("{where}: as in the release before.", where=where)
    amount = tr("{where}: unchanged", where=where)
    if abs(change) >= _SMALL:
        amount = tr("{where}: {change} against the release before", where=where, change=_percent(change))
    first, *others = [
        tr("{part} ({change})", part=_words(part, together), change=_percent(float(row[part]))) for part in moved[:2]
    ]
    if not others:
        return tr("{amount}, most by {first}.", amount=amount, first=first)
    return tr("{amount}, most by {first}, then by {second}.", amount=amount, first=first, second=others[0])


def _where(name: str, month: str) -> str:
    return tr("{area}, {month}", area=name, month=month_text(month))


def _words(part: str, together: Sequence[str]) -> str:
    """The part in words, with those that cannot be told from it."""
    names = together if together and part == together[0] else (part,)
    return tr(" and ").join(tr(WORDS[name]) for name in names)


def _percent(part: float) -> str:
    return signed_percent(100.0 * float(np.expm1(part)))
