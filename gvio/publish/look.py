"""`last-look.json`: how the last look at a region ended, small and replaced after every look. Pure.

A look ends in exactly one outcome: published, unchanged, refused (why), or late (what is awaited, since when). A run
that crashes writes none, so that the last one is seen to be old.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal, get_args

from gvio.publish.canonical import SCHEMA_VERSION, canonical_json
from gvio.publish.moves import utc_text
from gvio.types import Month
from gvio.words import listed, marked, tr, tr_count

LookOutcome = Literal["published", "unchanged", "refused", "late"]
_OUTCOMES: Mapping[LookOutcome, str] = {
    "published": marked("published"),
    "unchanged": marked("unchanged"),
    "refused": marked("refused"),
    "late": marked("late"),
}

DUE_DAYS = 75  # after a month's end its product and figures are public: the same number warns on the dashboard
_GRACE = dt.timedelta(hours=6)  # how long a look may take before the next one counts as missed


@dataclasses.dataclass(frozen=True)
class Awaited:
    """What a region waits for, e.g. `light of 2021-05`, and since which day (YYYY-MM-DD) it has been late."""

    what: str
    since: str


@dataclasses.dataclass(frozen=True)
class LastLook:
    """How the last look ended.

    Attributes:
        region: Name of the region.
        outcome: Exactly one of four.
        reason: Why, in one line; "" where the outcome says it.
        looked_at: When the look ended (ISO 8601, UTC).
        next_look: When the schedule looks next; None where there is no schedule, or it did not say.
        asked: Month (YYYY-MM) that was asked for; None: the newest with a product.
        as_of: The day of the run (YYYY-MM-DD).
        release: What `latest.json` named afterwards; None: nothing.
        month: The month of that release.
        newest_light: Newest month (YYYY-MM) whose light was seen; None where none was.
        newest_figures: Day (YYYY-MM-DD) on which the newest figure in the release came out; None where it has none.
        awaited: What is late; nothing where nothing is.
        skill: Of the model that made the release, against the best naive forecast; None in documents of before.
        drift: What the release's monitors alarm of, or "none"; None in documents of before.
        replayed: Whether all these times are a replay's, and nobody looked then.
    """

    region: str
    outcome: LookOutcome
    reason: str
    looked_at: str
    next_look: str | None
    asked: str | None
    as_of: str
    release: str | None
    month: str | None
    newest_light: str | None
    newest_figures: str | None
    awaited: tuple[Awaited, ...] = ()
    skill: str | None = None
    drift: str | None = None
    replayed: bool = False

    def light_age_days(self, now: dt.datetime) -> int | None:
        """Whole days since the end of the newest month with light; None where there is none."""
        return None if self.newest_light is None else (now.date() - Month.parse(self.newest_light).last_day).days

    def figures_age_days(self, now: dt.datetime) -> int | None:
        """Whole days since the newest figure came out; None where there is none."""
        return None if self.newest_figures is None else (now.date() - dt.date.fromisoformat(self.newest_figures)).days

    def is_missed(self, now: dt.datetime) -> bool:
        """Whether the schedule should have looked again by now, and did not."""
        return self.next_look is not None and now > dt.datetime.fromisoformat(self.next_look) + _GRACE


def overdue(newest: Month, day: dt.date) -> Awaited | None:
    """The light after the newest month, where on this day it has been due for a while; None otherwise."""
    awaited = newest + 1
    due = awaited.last_day + dt.timedelta(days=DUE_DAYS)
    return Awaited(f"light of {awaited}", str(due)) if day >= due else None


def look_json(look: LastLook) -> bytes:
    """The document."""
    document = {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(look)}
    document["awaited"] = [dataclasses.asdict(one) for one in look.awaited]
    if not look.replayed:
        del document["replayed"]  # as it was before there were replays
    return canonical_json(document)


def parse_look(document: Mapping[str, Any]) -> LastLook:
    """The value of a document whose schema version is known.

    Raises:
        KeyError, TypeError, ValueError: A field is absent, or is not what it should be.
    """
    names = {field.name for field in dataclasses.fields(LastLook)} - {"skill", "drift", "replayed"}  # absent of old
    fields = {name: document[name] for name in names}
    fields |= {"skill": document.get("skill"), "drift": document.get("drift")}
    fields |= {"replayed": bool(document.get("replayed"))}
    awaited = tuple(Awaited(str(one["what"]), str(one["since"])) for one in fields.pop("awaited"))
    look = LastLook(**fields, awaited=awaited)
    if look.outcome not in get_args(LookOutcome):
        raise ValueError(f"not an outcome: {look.outcome!r}")
    for moment in (look.looked_at, look.next_look):
        if moment is not None:
            utc_text(dt.datetime.fromisoformat(moment))
    look.light_age_days(dt.datetime.fromisoformat(look.looked_at))
    look.figures_age_days(dt.datetime.fromisoformat(look.looked_at))
    return look


def look_line(look: LastLook, now: dt.datetime, *, aged: bool = True) -> str:
    """One sentence for people: outcome, why, what is awaited, ages where `aged`, last and next look."""
    said = tr(_OUTCOMES[look.outcome])
    if look.awaited:
        waits = [tr("{what} since {day}", what=_awaited(one.what), day=one.since) for one in look.awaited]
        said = tr("{outcome}, awaiting {what}", outcome=said, what=tr(" and ").join(waits))
    if look.reason:
        said = tr("{outcome} ({reason})", outcome=said, reason=look.reason.rstrip("."))
    ages = [
        _age(tr("light"), look.newest_light, look.light_age_days(now), aged=aged),
        _age(tr("figures"), look.newest_figures, look.figures_age_days(now), aged=aged),
    ]
    days = max(0, (now - dt.datetime.fromisoformat(look.looked_at)).days)
    line = tr(
        "{kind} {moment} ({when}): {said}; {ages}",
        kind=tr("replayed look") if look.replayed else tr("last look"),
        moment=_minute(look.looked_at),
        when={0: tr("today"), 1: tr("a day ago")}.get(days) or tr("{n} days ago", n=days),
        said=said,
        ages=listed(ages),
    )
    if look.next_look is None:
        return line
    if look.is_missed(now):
        return tr(
            "{line}; the look of {moment} did not end: the schedule may have stopped",
            line=line,
            moment=_minute(look.next_look),
        )
    return tr("{line}; next look {moment}", line=line, moment=_minute(look.next_look))


def _awaited(what: str) -> str:
    kind, _, month = what.partition(" of ")
    return tr("light of {month}", month=month) if kind == "light" else what


def _age(what: str, newest: str | None, days: int | None, *, aged: bool) -> str:
    if newest is None or days is None:
        return tr("no {what}", what=what)
    if days < 0 or not aged:  # a run as of a day to come
        return tr("newest {what} {newest}", what=what, newest=newest)
    return tr_count(
        "newest {what} {newest}, {n} day old", "newest {what} {newest}, {n} days old", days, what=what, newest=newest
    )


def _minute(moment: str) -> str:
    return f"{dt.datetime.fromisoformat(moment).astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
