"""What a release says of its change, in sentences for people who ask a store."""

from __future__ import annotations

from collections.abc import Mapping

from gvio.drift.checks import alarm_sentences
from gvio.report.errata import erratum_sentence
from gvio.report.news import newest_month, news_table, no_news
from gvio.store.drift import read_drift_of
from gvio.store.objects import ObjectStore
from gvio.store.revisions import predecessor_named, read_errata_of, read_news_of
from gvio.types import Manifest


def change_sentences(store: ObjectStore, manifest: Manifest) -> list[str]:
    """Why the newest estimates that both have changed since the release before: a sentence a district, largest first.

    One sentence that says why nothing can be said where the release carries no news; raises as `read_revisions`.
    """
    news = read_news_of(store, manifest)
    if news is None:
        return [no_news(predecessor_named(manifest))]
    return list(news_table(news.rows, newest_month(news.rows), _names(manifest), news.together)["sentence"])


def errata_sentences(store: ObjectStore, manifest: Manifest) -> list[str]:
    """Every erratum until a release in a sentence, the newest first; raises as `read_revisions`."""
    names = _names(manifest)
    return [erratum_sentence(erratum, names) for erratum in reversed(read_errata_of(store, manifest))]


def drift_sentences(store: ObjectStore, manifest: Manifest) -> list[str]:
    """The alarms of drift that stand in a release, the newest first, each with what to do.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: What the release says of drift is absent or damaged.
    """
    drift = read_drift_of(store, manifest)
    return [] if drift is None else list(alarm_sentences(drift, _names(manifest)))


def _names(manifest: Manifest) -> dict[str, str]:
    areas = manifest.inputs.get("areas")
    return {str(k): str(v) for k, v in areas.items()} if isinstance(areas, Mapping) else {}
