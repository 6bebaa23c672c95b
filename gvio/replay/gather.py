"""Gathers what a replay tells, from its log, its calendar, its pack and its store alone."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence

import numpy as np
import pandas as pd

from gvio.config import digest
from gvio.publish.estimates import read_estimates
from gvio.publish.news import NAME as NEWS
from gvio.publish.news import read_news
from gvio.replay.first_errors import errors_by_age
from gvio.replay.live import Replay
from gvio.replay.log import LookLine
from gvio.replay.months import figure_days, light_days, month_ended
from gvio.replay.told import Change, ErratumTold, MonthTold, ReplayReport
from gvio.revisions.news import PARTS
from gvio.store.documents import read_manifest
from gvio.store.objects import ObjectStore, open_store
from gvio.store.published import read_own
from gvio.store.revisions import read_errata_of
from gvio.types import Month


class _Store:
    """The replay's releases, each read once."""

    def __init__(self, store: ObjectStore, region: str) -> None:
        self._store, self._region = store, region
        self.manifest = functools.cache(functools.partial(read_manifest, store, region))
        self.estimates = functools.cache(self._estimates)

    def _estimates(self, release: str) -> pd.DataFrame:
        return read_estimates(self.object(release, "estimates.parquet") or b"")

    def object(self, release: str, name: str) -> bytes | None:
        return read_own(self._store, self.manifest(release), name)

    def warnings(self, release: str) -> tuple[str, ...]:
        checks = json.loads(self.object(release, "checks.json") or b'{"checks": []}')["checks"]
        return tuple(sorted({str(check["name"]) for check in checks if not check["passed"]}))

    def errata(self, release: str, days: dict[str, str]) -> tuple[ErratumTold, ...]:
        found = []
        for one in read_errata_of(self._store, self.manifest(release)):
            by = one.replaced_by or release
            months = tuple(sorted({row.month for row in one.estimates}))
            largest = max((abs(row.part) for row in one.estimates), default=0.0)
            found.append(
                ErratumTold(
                    cause=one.cause,
                    release=by,
                    day=days.get(by, ""),
                    releases=len(one.releases),
                    estimates=len(one.estimates),
                    months=months,
                    largest=round(largest, 6),
                )
            )
        return tuple(found)


def report_of(replay: Replay, lines: Sequence[LookLine]) -> ReplayReport:
    """The report of a replay that has come to its end.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: A release is not as it was published.
    """
    store = _Store(open_store(replay.request.store, replay.request.endpoint_url), replay.region)
    config, last = replay.parts.config, lines[-1]
    days = dict[str, str]()
    for line in lines:
        if line.outcome == "published" and line.release is not None:
            days.setdefault(line.release, line.day)
    changes = [_change(store, release, day) for release, day in days.items()]
    return ReplayReport(
        region=replay.region,
        title=config.title,
        unit=config.unit,
        invented=config.invented,
        first=replay.request.first,
        last=replay.request.last,
        calendar=digest(replay.calendar),
        months=tuple(_months(replay, lines, store)),
        looks=tuple(lines),
        errors=errors_by_age(_known(lines, store), config.city_id),
        changes=tuple(change for change in changes if change is not None),
        errata=() if last.release is None else store.errata(last.release, days),
    )


def _by_month(lines: Sequence[LookLine]) -> dict[Month, list[LookLine]]:
    found: dict[Month, list[LookLine]] = {}
    for line in lines:
        found.setdefault(Month.parse(line.month), []).append(line)
    return found


def _known(lines: Sequence[LookLine], store: _Store) -> list[tuple[Month, pd.DataFrame]]:
    looks = dict.fromkeys((Month.parse(line.month), line.release) for line in lines)
    return [(month, store.estimates(release)) for month, release in looks if release is not None]


def _months(replay: Replay, lines: Sequence[LookLine], store: _Store) -> list[MonthTold]:
    parts, calendar, end = replay.parts, replay.calendar, replay.looks[-1].day
    told, first = [], _first_told(lines, store, parts.config.city_id)
    final = lines[-1].release
    known = None if final is None else _city(store.estimates(final), parts.config.city_id)["official"].dropna()
    official: dict[str, float] = {} if known is None else {str(month): float(one) for month, one in known.items()}
    for month, looks in _by_month(lines).items():
        came, changed = light_days(month, calendar, month in parts.light, end)
        more: dict[str, object] = {
            "light_came": came,
            "light_changed": changed,
            "figures": figure_days(parts.figures, calendar, month, end),
            "official": official.get(str(month)),
        }
        made = [look.release for look in looks if look.outcome == "published" and look.release is not None]
        if made:
            more["warnings"] = store.warnings(made[-1])
        told.append(month_ended(month, looks, calendar).model_copy(update=more | first.get(str(month), {})))
    return told


def _first_told(lines: Sequence[LookLine], store: _Store, city_id: str) -> dict[str, dict[str, object]]:
    """Of every month the first release that has it, and the city's estimate there."""
    found: dict[str, dict[str, object]] = {}
    for line in lines:
        if line.release is None or line.outcome != "published":
            continue
        rows = _city(store.estimates(line.release), city_id)
        for month in rows.index.difference(list(found)):
            row = rows.loc[month]
            values = {name: float(row[name]) for name in ("estimate", "lower80", "upper80")}
            found[str(month)] = {"told_on": line.day, "release": line.release, **values}
    return found


def _city(table: pd.DataFrame, city_id: str) -> pd.DataFrame:
    return table[table["area_id"] == city_id].set_index("month")


def _change(store: _Store, release: str, day: str) -> Change | None:
    data = store.object(release, NEWS)
    if data is None:
        return None
    news = read_news(data)
    rows = news.rows
    gap = float((rows[list(PARTS)].sum(axis=1) - rows["change"]).abs().max()) if len(rows) else 0.0
    parts: dict[str, float] = {name: round(float(np.abs(np.expm1(rows[name])).mean()), 8) for name in PARTS}
    return Change(release=release, day=day, parts=parts, together=news.together, gap=gap)
