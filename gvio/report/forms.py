"""Forms in which a series can be looked at: level, index, year on year, without its season; the new year joined.

Pure. Bounds of whatever joins months, and of an index, are as wide as they can be (`gvio.report.changes`): bounds of a
sum are the sums of bounds. Those of a change on the year are the release's where it has them. A sum of January and
February that is public itself is known as well as a month with a figure of its own: its interval is the widest relative
one of such months of the area.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gvio.report.changes import ASSUMED, JOINT, intervals_of, joint_or, ratio_percent
from gvio.report.seasonal import adjusted
from gvio.report.tables import month_text
from gvio.types import Month
from gvio.words import first_of, marked, sentences, speaking, tr

LEVELS = ("estimate", "lower80", "upper80", "lower95", "upper95")
_OPPOSITE = {"estimate": "estimate", "lower80": "upper80", "upper80": "lower80", "lower95": "upper95"} | {
    "upper95": "lower95"
}
_YEAR = 12


@dataclasses.dataclass(frozen=True)
class Form:
    """One way to look at a series, in English; `percent` where its values are per cent, or an index, and no output."""

    key: str
    title: str
    explanation: str
    percent: bool


_ADJUSTED = marked(
    "Without the usual season: STL of the logarithm, robust (Cleveland et al. 1990). The lunar new year moves between "
    "January and February, so look at their sum; working days stay in; the newest months are revised by later ones; "
    "the error of the season is not in the bands. It needs three years with output in every month."
)

FORMS: Mapping[str, Form] = {
    form.key: form
    for form in (
        Form("level", marked("Level"), marked("Output a month."), percent=False),
        Form("index", marked("Index"), marked("Output against that of the chosen month, which is 100."), percent=True),
        Form("year", marked("Year on year"), marked("Change against the same month of the year before."), percent=True),
        Form("rolling", marked("12 months"), marked("Sum of the month and the eleven before it."), percent=False),
        Form(
            "density",
            marked("Per km²"),
            marked("Output a month over the whole land of the area, km² on the ellipsoid."),
            percent=False,
        ),
        Form("adjusted", marked("Seasonally adjusted"), _ADJUSTED, percent=False),
    )
}


_NEEDS: Mapping[str, str] = {
    "year": marked("a month and the same month of the year before"),
    "rolling": marked("twelve months"),
    "density": marked("the districts' outlines in the release"),
    "adjusted": marked("three years with output in every month"),
}


def left_out(names: Sequence[str], form: str) -> str:
    """Why areas have no row in a form, in a sentence."""
    needs = tr(_NEEDS[form]) if form in _NEEDS else tr("a month")
    return tr("Not in the chart: {who}. This form needs {needs}.", who=first_of(names, 4), needs=needs)


_WIDE_TWO = marked("Of a joined January and February, and of places, they are as wide as they can be.")


def intervals_of_form(form: str, estimates: pd.DataFrame) -> str:
    """What the intervals of a form that compares months are, in sentences; empty of one that does not.

    Args:
        form: A key of `FORMS`.
        estimates: Of the release, see `gvio.report.changes.with_changes`.
    """
    if form == "index":
        return tr(ASSUMED)
    if form != "year":
        return ""
    said = intervals_of(estimates)
    return sentences([said, tr(_WIDE_TWO)]) if said == tr(JOINT) else said


def shaped(
    rows: pd.DataFrame,
    form: str,
    *,
    joined: bool,
    base: str,
    sums: pd.DataFrame | None = None,
    km2: float | None = None,
) -> pd.DataFrame:
    """A `gvio.report.tables.series` in one of `FORMS`.

    Args:
        rows: One area's months in order, none missing.
        form: A key of `FORMS`.
        joined: January and February as one row, their sum (for a level, that sum a month).
        base: The month that is 100 of an index; with none of that month the first one is.
        sums: `gvio.report.new_year.public_sums`; None where none is known.
        km2: Area of the place, for output per km²; None where it is not known, and then there are no rows.

    Returns:
        Columns month, date, label, kind, `LEVELS` and official; without rows that have nothing to compare with. `sum`
        is the sum of January and February in a joined level, NaN elsewhere.
    """
    if form == "rolling":  # twelve months have both of them: joining would count one of them twice
        return _rolling(rows)
    if form == "adjusted":
        rows, sums = _without_season(rows, sums)
    if form == "density":
        rows, sums = _per_km2(rows, km2), None if sums is None else sums.assign(value=sums["value"] / (km2 or np.nan))
    if rows.empty:
        return rows.assign(label="", sum=np.nan)
    told = _joined(rows, sums) if joined else rows.assign(label=_labels(rows["month"]), sum=np.nan)
    if form == "index":
        return _index(told, base)
    return _year_on_year(told) if form == "year" else told


def _without_season(rows: pd.DataFrame, sums: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """The rows, and public sums of January and February by as much as the estimates' own sum of both changes."""
    without = adjusted(rows)
    if sums is None or without.empty:
        return without, None
    ratio = _both(without) / _both(rows)
    return without, sums.assign(value=sums["value"] * sums["month"].map(ratio))


def _both(rows: pd.DataFrame) -> pd.Series:
    """By January, the sum of it and the next month."""
    values = rows.set_index("month")["estimate"].astype(np.float64)
    return values + values.shift(-1)


def _per_km2(rows: pd.DataFrame, km2: float | None) -> pd.DataFrame:
    if not km2:
        return rows.iloc[:0]
    return rows.assign(**{name: rows[name].astype(np.float64) / km2 for name in (*LEVELS, "official")})


def _joined(rows: pd.DataFrame, sums: pd.DataFrame | None) -> pd.DataFrame:
    """January and February of a year as one row with the mean of the two, dated between them; alone they stay."""
    columns, months = [*LEVELS, "official"], rows["month"].tolist()
    first = np.array([month.endswith("-01") for month in months[:-1]] + [False])  # none is missing: February is next
    (january,) = np.nonzero(first)
    values, kinds, dates = rows[columns].to_numpy(np.float64), rows["kind"].to_numpy(object), rows["date"].to_numpy()
    means = (values[january] + values[january + 1]) / 2.0
    both, labels = np.full(len(rows), np.nan), np.array(_labels(rows["month"]), object)
    values, dates = values.copy(), dates.copy()
    values[january], both[january] = means, 2.0 * means[:, 0]
    kinds[january] = kinds[january + 1]  # one nowcast month of the two makes it one
    labels[january] = [new_year_label(months[place][:4]) for place in january]
    dates[january] += np.timedelta64(15, "D")
    told = rows.assign(**dict(zip(columns, values.T, strict=True)), kind=kinds, date=dates, label=labels, sum=both)
    told = told[~np.concatenate([[False], first[:-1]])].reset_index(drop=True)
    return told if sums is None else _with_sums(told, sums)


def _with_sums(told: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Joined rows whose sum is public: that figure as a mean of both months, and the interval that a figure leaves."""
    own = sums[sums["area_id"].isin(told["area_id"])].set_index("month")["value"]
    public = told["month"].map(own).where(told["sum"].notna()) / 2.0
    told["official"] = told["official"].fillna(public)
    known = told["official"].notna() & told["sum"].isna() & (told["estimate"] > 0)
    there = public.notna().to_numpy(dtype=bool)
    for column in LEVELS[1:] if known.any() else ():
        ratios = told.loc[known, column] / told.loc[known, "estimate"]
        ratio = ratios.min() if column.startswith("lower") else ratios.max()
        told.loc[there, column] = told.loc[there, "estimate"] * ratio
    return told


def new_year_label(year: str) -> str:
    """How January and February of a year are called where they are one row."""
    return tr("January + February {year}", year=year)


def joins_new_year(date: pd.Timestamp) -> bool:
    """Whether a row of `shaped` with this date is January and February in one: it is dated between them."""
    return date.day != 1


def english_labels(rows: pd.DataFrame, form: str) -> list[str]:
    """The labels of `shaped` rows as files have them, whatever language is spoken."""
    joined = [joins_new_year(date) for date in rows["date"]]
    with speaking("en"):
        if form == "rolling":
            return _years_to(rows["month"])
        return [
            new_year_label(month[:4]) if both else month_text(month)
            for both, month in zip(joined, rows["month"], strict=True)
        ]


def _years_to(months: pd.Series) -> list[str]:
    return [tr("12 months to {month}", month=label) for label in _labels(months)]


def _labels(months: pd.Series) -> list[str]:
    return [month_text(month) for month in months]


def _index(rows: pd.DataFrame, base: str) -> pd.DataFrame:
    place = _place(rows, base)
    told = rows.copy()
    for column in LEVELS:
        told[column] = 100.0 + ratio_percent(rows[column], np.full(len(rows), rows[_OPPOSITE[column]].iloc[place]))
    told["official"] = 100.0 + ratio_percent(rows["official"], np.full(len(rows), rows["estimate"].iloc[place]))
    told.loc[told.index[place], list(LEVELS)] = 100.0  # by definition, without error
    return told.assign(sum=np.nan)


def base_label(rows: pd.DataFrame, base: str) -> str:
    """How the row that an index makes 100 is called; `rows` of `shaped`."""
    return str(rows["label"].iloc[_place(rows, base)])


def _place(rows: pd.DataFrame, base: str) -> int:
    months = rows["month"].tolist()
    if base in months:
        return months.index(base)
    january = f"{base[:4]}-01"
    return months.index(january) if base[5:] == "02" and january in months else 0


def _year_on_year(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows are matched by month, so that a lone February is never compared with a joined new year."""
    keys = pd.MultiIndex.from_arrays([rows["month"], rows["sum"].notna()])
    earlier = [(str(Month.parse(month) + -_YEAR), joined) for month, joined in keys]
    before = rows.set_index(keys).reindex(pd.MultiIndex.from_tuples(earlier)).reset_index(drop=True)
    told = rows.reset_index(drop=True).copy()
    alone = rows["sum"].isna().to_numpy(dtype=bool)  # of a joined new year no release has a joint interval
    for column in LEVELS:
        widest = ratio_percent(rows[column], before[_OPPOSITE[column]])
        told[column] = np.where(alone, joint_or(rows, "year", column, widest), widest)
    told["official"] = ratio_percent(rows["official"], before["official"])
    return told[told["estimate"].notna()].assign(sum=np.nan).reset_index(drop=True)


def _rolling(rows: pd.DataFrame) -> pd.DataFrame:
    columns = [*LEVELS, "official"]
    sums = rows[columns].astype(np.float64).rolling(_YEAR, min_periods=_YEAR).sum()
    nowcast = (rows["kind"] == "nowcast").astype(float).rolling(_YEAR, min_periods=1).max() > 0
    told = rows.assign(
        **{name: sums[name] for name in columns}, sum=np.nan, kind=np.where(nowcast, "nowcast", "fitted")
    )
    told["label"] = _years_to(rows["month"])
    return told[told["estimate"].notna()].reset_index(drop=True)
