"""The bulletin of a release: one page that a reader needs nothing else for, as text in one language.

Pure: tables in, sentences and cells out. `bulletin_html` and `bulletin_pdf` lay the same value out; the Chinese words
are in `bulletin_chinese`. A release is named by its content, of which the bulletin is a part, so the page cannot name
the release: it cites the estimates by their hash, which the manifest beside it lists.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

from gvio.config import INVENTED
from gvio.report.bulletin_trend import Trend
from gvio.report.changes import Change
from gvio.report.month_table import change_in, month_table
from gvio.report.news import newest_month, news_table
from gvio.report.numbers import UNKNOWN, decimals_for, interval_percent, level, signed_percent
from gvio.report.story import story
from gvio.report.tables import checks_sentence, month_text
from gvio.report.verdict import SKILLS, skill_of, verdict
from gvio.revisions.news import PARTS
from gvio.scoreboard.board import Scoreboard
from gvio.types import CheckResult

Language = Literal["en", "zh"]
MARKS: Mapping[int, str] = {1: "▲ ", -1: "▼ ", 0: ""}
NEWS_TOLD = 2  # districts whose change since the release before is told
CHANGED_PERCENT = 0.05
"""What one decimal shows as no change."""
_HASH = 12  # digits of a hash that a person compares


@dataclasses.dataclass(frozen=True, eq=False)
class Facts:
    """What a bulletin is made of.

    Attributes:
        region: Name (slug) of the region.
        title: What people call it.
        month: YYYY-MM.
        unit: Of the estimates.
        invented: The data are simulated.
        city: The area that means the whole region; None where there is none.
        names: Of areas, by id.
        estimates: Table of contract §3, whole; with `gvio.report.changes.LIMITS` where they are known.
        figures: Official figures, see `gvio.report.new_year`; None where they are not published.
        news: Why estimates changed since the release before, see `gvio.report.news`; None where that is not known.
        scoreboard: Of the model.
        checks: Outcomes of every check.
        sha256: Of `estimates.parquet`.
        code: Version of the program.
        public_until: Day of the newest figure that was known; None where it is not said.
        square_km: Side of a square of the map, km.
    """

    region: str
    title: str
    month: str
    unit: str
    invented: bool
    city: str | None
    names: Mapping[str, str]
    estimates: pd.DataFrame
    figures: pd.DataFrame | None
    news: pd.DataFrame | None
    scoreboard: Scoreboard
    checks: Sequence[CheckResult]
    sha256: str
    code: str
    public_until: str | None
    square_km: float


@dataclasses.dataclass(frozen=True)
class Labels:
    """Fixed words of the page."""

    what: str
    map: str
    map_note: str
    trend: str
    trend_note: str
    nowcast_note: str
    table: str
    head: tuple[str, ...]
    table_note: str
    news: str
    verdict: str
    cite: str
    data: str
    no_pdf: str

    def filled(self, unit: str, month: str, km: float) -> Labels:
        """With the unit, the month and the side of a square in their places."""
        texts = {
            name: text.format(unit=unit, month=month, km=km) for name, text in vars(self).items() if name != "head"
        }
        return Labels(head=self.head, **texts)


@dataclasses.dataclass(frozen=True)
class Bulletin:
    """The page in one language; what has nothing to say is empty.

    `rows` are the areas of the month as cells under `labels.head`, the city first; `links` are files of the release.
    """

    language: Language
    title: str
    subtitle: str
    mark: str
    headline: str
    details: tuple[str, ...]
    warning: str
    rows: tuple[tuple[str, ...], ...]
    news: tuple[str, ...]
    verdict: tuple[str, ...]
    citation: str
    made: str
    labels: Labels


LINKS = ("estimates.csv", "districts.geojson", "checks.json", "model-card.md", "terms.md", "manifest.json")
"""Files beside the bulletin that it names."""

_ENGLISH = Labels(
    what="Industrial output from night light",
    map="Where",
    map_note="Sum of each square of {km:.2g} km, {unit} a month. Grey: no industry known.",
    trend="The whole region",
    trend_note="{unit} a month. Line: estimate. Band: 80 % interval. Dots: official figures. January and February are "
    "one point.",
    nowcast_note="Grey: nowcast.",
    table="Districts in {month}, {unit}",
    head=("", "Estimate", "80 % interval", "On the year", "On the month", "Status"),
    table_note="▲ ▼ beyond noise: the 80 % interval of the change does not hold zero.",
    news="Since the release before",
    verdict="How far to trust it",
    cite="Cite as",
    data="In the same folder",
    no_pdf="no PDF: no font with these characters where this was published",
)


def english(facts: Facts) -> Bulletin:
    """The page in English."""
    told = story(facts.estimates, facts.month, facts.city, facts.names, facts.unit)
    title, remark = SKILLS[skill_of(facts.scoreboard)]
    month = month_text(facts.month)
    return Bulletin(
        language="en",
        title=f"{short_title(facts.title)}, {month}",
        subtitle=_ENGLISH.what,
        mark=INVENTED if facts.invented else "",
        headline=told.headline,
        details=tuple(filter(None, (told.basis, told.movers))),
        warning=told.disagreement,
        rows=table_rows(facts),
        news=_news(facts),
        verdict=(f"{title}. {remark}", verdict(facts.scoreboard), checks_sentence(facts.checks)),
        citation=f"{facts.title}: monthly industrial output from night light, {month}. gvio {facts.code}, region "
        f"{facts.region}, estimates.parquet with SHA-256 {by_hash(facts.sha256)}….",
        made=f"Official figures known until {facts.public_until}." if facts.public_until else "",
        labels=_ENGLISH.filled(facts.unit, month, facts.square_km),
    )


def curve_note(labels: Labels, shown: Trend) -> str:
    """What stands under the curve; of grey only where there is any."""
    return f"{labels.trend_note} {labels.nowcast_note}" if shown.nowcast else labels.trend_note


def table_rows(facts: Facts, status: Mapping[str, str] | None = None, to: str = " to ") -> tuple[tuple[str, ...], ...]:
    """Cells of every area under six heads; `status` translates the last one, `to` stands between bounds."""
    table = month_table(facts.estimates, facts.month, facts.city, facts.names)
    decimals = decimals_for(table["estimate"])
    return tuple(
        (
            str(row["name"]),
            level(row["estimate"], decimals),
            f"{level(row['lower80'], decimals)}{to}{level(row['upper80'], decimals)}",
            changed(change_in(row, "year"), to),
            changed(change_in(row, "month"), to),
            (status or {}).get(str(row["status"]), str(row["status"])),
        )
        for _, row in table.iterrows()
    )


def changed(change: Change, to: str) -> str:
    """A change with its interval, and a mark where it is beyond noise."""
    if not change.known:
        return UNKNOWN
    interval = interval_percent(change.low, change.high).replace(" to ", to)
    return f"{MARKS[change.direction]}{signed_percent(change.percent)} ({interval})"


def moved_districts(facts: Facts) -> pd.DataFrame | None:
    """Rows of `gvio.report.news.news_table` of the newest month that both releases have, of the districts that moved
    most; empty where none moved, None where nothing is known of changes.
    """
    if facts.news is None or facts.news.empty:
        return None
    rows = news_table(facts.news, newest_month(facts.news), facts.names).head(NEWS_TOLD)
    parts = rows[list(PARTS)].abs().max(axis=1)
    return rows[(rows["change"].abs() >= CHANGED_PERCENT) & (parts >= CHANGED_PERCENT)]


def _news(facts: Facts) -> tuple[str, ...]:
    rows = moved_districts(facts)
    if rows is None:
        return ()
    return tuple(map(str, rows["sentence"])) or ("No district's newest estimate changed.",)


def short_title(title: str) -> str:
    """The title without what stands in brackets behind it: the citation has it whole."""
    return title.partition(" (")[0]


def unbroken(text: str) -> str:
    """With no line that begins with a per cent sign."""
    return text.replace(" %", "\u00a0%")


def by_hash(sha256: str) -> str:
    """The digits of a hash that a person compares."""
    return sha256[:_HASH]
