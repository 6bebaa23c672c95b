"""Reading what a release says of its own change: news, vintages, revision statistics, and what it stands on."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pandas as pd

from gvio.errors import DamagedStore, StoreError
from gvio.publish.errata import NAME as ERRATA
from gvio.publish.errata import read_errata
from gvio.publish.evidence import FIGURES, NAMES, read_evidence, read_figures
from gvio.publish.news import NAME as NEWS
from gvio.publish.news import NewsTable, read_news
from gvio.publish.vintages import REVISIONS, VINTAGES, read_statistics, read_vintages
from gvio.revisions.errata import Erratum, affecting, stamped_errata
from gvio.revisions.evidence import Evidence
from gvio.revisions.vintages import stamped
from gvio.store.documents import read_latest, read_manifest
from gvio.store.keys import nothing_hint, repair_hint
from gvio.store.objects import ObjectStore
from gvio.store.published import read_own, understood
from gvio.types import Manifest


@dataclasses.dataclass(frozen=True, eq=False)
class Revisions:
    """What a release says of revisions; None of what it has not.

    Attributes:
        predecessor: Id of the release before; None for the first, and for one that does not name it.
        news: By how much each district-month changed since then, and by which input.
        vintages: Every estimate and every official figure until now; its own estimates name this release.
        statistics: How large revisions were, as `gvio.revisions.statistics.COLUMNS`.
    """

    predecessor: str | None
    news: NewsTable | None
    vintages: pd.DataFrame | None
    statistics: pd.DataFrame | None


def read_revisions(store: ObjectStore, manifest: Manifest) -> Revisions:
    """What a release says of revisions.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: A table is absent or damaged.
    """
    vintages, statistics = (read_own(store, manifest, name) for name in (VINTAGES, REVISIONS))
    return Revisions(
        predecessor=predecessor_named(manifest),
        news=read_news_of(store, manifest),
        vintages=None
        if vintages is None
        else _named(store, manifest, understood(store, manifest, VINTAGES, vintages, read_vintages)),
        statistics=None if statistics is None else understood(store, manifest, REVISIONS, statistics, read_statistics),
    )


def read_news_of(store: ObjectStore, manifest: Manifest) -> NewsTable | None:
    """The news of a release; None where it has none; raises as `read_revisions`."""
    data = read_own(store, manifest, NEWS)
    return None if data is None else understood(store, manifest, NEWS, data, read_news)


def predecessor_named(manifest: Manifest) -> str | None:
    """The release before, as the manifest names it."""
    name = manifest.inputs.get("predecessor")
    return None if name is None else str(name)


def read_evidence_of(store: ObjectStore, manifest: Manifest) -> Evidence | None:
    """What the estimates of a release stand on; None for a release made before that was published.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: An object is absent or damaged.
    """
    objects = {name: data for name in NAMES if (data := read_own(store, manifest, name)) is not None}
    if len(objects) < len(NAMES):
        return None
    try:
        return read_evidence(objects)
    except (KeyError, ValueError, json.JSONDecodeError) as error:
        key = f"{manifest.region}/releases/{manifest.release}/{NAMES[-1]}"
        what = f"cannot be understood ({type(error).__name__})"
        raise DamagedStore(what, where=f"{store.url}/{key}", hint=repair_hint(store.url, key)) from None


def read_figures_of(store: ObjectStore, manifest: Manifest) -> pd.DataFrame | None:
    """The official figures that a release stands on, as `gvio.publish.evidence` wrote them; None where it has none.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: The table is absent or damaged.
    """
    data = read_own(store, manifest, FIGURES)
    return None if data is None else understood(store, manifest, FIGURES, data, read_figures)


def read_errata_of(store: ObjectStore, manifest: Manifest) -> tuple[Erratum, ...]:
    """Every erratum of the region until a release, its own ones naming it; raises as `read_revisions`."""
    data = read_own(store, manifest, ERRATA)
    found = () if data is None else understood(store, manifest, ERRATA, data, read_errata)
    return stamped_errata(found, manifest.release)


def errata_affecting(store: ObjectStore, region: str, release: str) -> tuple[Erratum, ...]:
    """What the latest release says was wrong in a release: a reader of an older one asks here.

    Raises:
        StoreError: Nothing is published, or the store cannot be read.
        DamagedStore: The pointer, or what it leads to, is absent or damaged.
    """
    latest = read_latest(store, region)
    if latest is None:
        raise StoreError("nothing is published", where=f"{store.url}/{region}", hint=nothing_hint(store.url))
    return affecting(read_errata_of(store, read_manifest(store, region, latest.release)), release)


def _named(store: ObjectStore, manifest: Manifest, vintages: pd.DataFrame) -> pd.DataFrame:
    return stamped(vintages, manifest.release, _day(store, manifest))


def _day(store: ObjectStore, manifest: Manifest) -> dt.date | None:
    """The release's as-of day, which the pointer tells while it names the release."""
    try:
        latest = read_latest(store, manifest.region)
    except DamagedStore:
        return None
    if latest is None or latest.release != manifest.release or not latest.as_of:
        return None
    return dt.date.fromisoformat(latest.as_of)
