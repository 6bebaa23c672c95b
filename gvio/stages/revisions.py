"""What a release says of its own change, for `map`: evidence, news against the release before, vintages, revisions."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gvio.assimilate.foresight import foresee
from gvio.assimilate.observed import Setting
from gvio.errors import ModelError
from gvio.ledger.forward import YEAR
from gvio.publish.errata import NAME as ERRATA
from gvio.publish.errata import errata_json
from gvio.publish.evidence import evidence_objects
from gvio.publish.knowledge import Knowledge
from gvio.publish.news import NAME as NEWS
from gvio.publish.news import news_parquet
from gvio.publish.vintages import REVISIONS, VINTAGES, revisions_json, vintages_parquet
from gvio.registry.by_weights import read_by_weights
from gvio.revisions.band import band_frame, half_widths
from gvio.revisions.errata import find_errata
from gvio.revisions.evidence import Evidence
from gvio.revisions.exchange import Changed, reading_steps, reprocessed, split_change
from gvio.revisions.news import News
from gvio.revisions.reading import evidence_of, read_known
from gvio.revisions.statistics import revisions_by_age
from gvio.revisions.vintages import extended, official_rows, own_rows
from gvio.run.artifacts import Decided, Fetched
from gvio.run.code import source_of_release
from gvio.run.inputs import release_digests
from gvio.sample.samples import Samples
from gvio.store.predecessor import Continued, MadeFrom, Predecessor, continued, history_before, read_predecessor
from gvio.store.published import read_own
from gvio.train.fit import Fitted
from gvio.train.package import read_package
from gvio.types import FloatArray, Month

if TYPE_CHECKING:
    from gvio.run.context import Context


@dataclasses.dataclass(frozen=True, eq=False)
class Estimated:
    """An estimate with all it was made from: light, model, setting, posterior mean (D, T), and the table."""

    samples: Samples
    fitted: Fitted
    setting: Setting
    log_mean: FloatArray
    table: pd.DataFrame


def release_before(context: Context, fetched: Fetched, decided: Decided) -> Continued:
    """Which release this run continues."""
    head = fetched.head
    digests = release_digests(context, head.light, head.month)
    known = Knowledge(Month.parse(head.month), digests.figures_public_until, str(context.as_of))
    version = decided.champion.version
    made = MadeFrom(digests.key, version.weights_sha256, version.config_sha256)
    by_hand = context.request.supersede is not None
    return continued(context.store, context.region, known, made, supersede=by_hand)


def revision_objects(context: Context, decided: Decided, estimated: Estimated, before: Continued) -> dict[str, bytes]:
    """The objects by name: evidence, vintages and statistics in every release, news where the one before has evidence,
    errata where there is any.

    Raises:
        ModelError: An exchange is not finite.
        GateRefused: The parts of the news do not sum to the change.
    """
    config, invented = context.config, context.config.invented
    evidence = _evidence(context, estimated)
    history = history_before(context.store, context.region, before)
    vintages = _vintages(context, estimated, history)
    last = estimated.samples.months[-1]
    objects = evidence_objects(evidence, config.unit, invented)
    objects[VINTAGES] = vintages_parquet(vintages, config.unit, invented)
    objects[REVISIONS] = revisions_json(revisions_by_age(vintages, last, config.city_id))
    return objects | (_kept(context, before) or _compared(context, decided, estimated, evidence, before, history))


def _evidence(context: Context, estimated: Estimated) -> Evidence:
    return evidence_of(
        estimated.setting,
        estimated.fitted,
        estimated.samples,
        context.ledger,
        context.config.city_id,
        context.places.groups,
        estimated.log_mean,
    )


def _vintages(context: Context, estimated: Estimated, history: pd.DataFrame | None) -> pd.DataFrame:
    areas, months = [*estimated.samples.area_ids, context.config.city_id], estimated.samples.months
    band = None
    if len(months) >= YEAR:
        foresight = foresee(estimated.setting, estimated.fitted.ensemble.hyper, estimated.log_mean)
        band = band_frame(half_widths(foresight), areas, [str(month) for month in months])
    return extended(
        history,
        own_rows(estimated.table, months[-1], band),
        official_rows(context.present_vintages, areas, list(months)),
    )


def _kept(context: Context, before: Continued) -> dict[str, bytes]:
    """News and errata of the release that was made of the same: what it compared with may be gone by now."""
    if before.again is None:
        return {}
    read = {name: read_own(context.store, before.again, name) for name in (NEWS, ERRATA)}
    return {name: data for name, data in read.items() if data is not None}


def _compared(
    context: Context,
    decided: Decided,
    estimated: Estimated,
    after: Evidence,
    before: Continued,
    history: pd.DataFrame | None,
) -> dict[str, bytes]:
    """News against the release before, and the errata until now: its own and those that the comparison finds."""
    found = None if before.release is None else read_predecessor(context.store, context.region, before.release)
    if found is None:
        return {}
    objects, errata = dict[str, bytes](), found.errata
    if found.evidence is not None:
        news = news_between(context, decided, estimated, found, found.evidence, after)
        objects[NEWS] = news_parquet(news, context.config.invented)
        published = (_by_cell(found.estimates), _by_cell(estimated.table))
        figures = (found.evidence.figures, after.figures, context.present_vintages)
        if history is not None:
            errata += find_errata(news, history, published, figures)
    return objects | ({ERRATA: errata_json(errata)} if errata else {})


def _by_cell(estimates: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Estimate by area and month."""
    rows = estimates[["area_id", "month", "estimate"]].itertuples(index=False)
    return {(str(area), str(month)): float(value) for area, month, value in rows}


def news_between(
    context: Context, decided: Decided, estimated: Estimated, found: Predecessor, before: Evidence, after: Evidence
) -> News:
    """The change since the release before, split."""
    manifest, samples, groups = found.manifest, estimated.samples, context.places.groups
    changed = Changed(
        pack=manifest.inputs.get("pack_digest") != context.pack_digest,
        reprocessed=reprocessed(before, after.seen, after.months[0]),
        model=manifest.model.get("weights_sha256") != decided.champion.version.weights_sha256,
        method=manifest.inputs.get("source") != source_of_release(),
    )

    def read_before() -> Evidence | None:
        weights = str(manifest.model.get("weights_sha256"))
        kept = read_by_weights(context.registry_uri, context.region, weights)
        if kept is None:
            return None
        try:
            return read_known(before, read_package(kept.weights, kept.config).fitted, samples, groups)
        except ModelError:  # of other districts or another grid: there is no run between
            return None

    readings = reading_steps(changed, read_before, lambda: read_known(before, estimated.fitted, samples, groups))
    published = (_log_table(found.estimates, before), _log_table(estimated.table, after))
    return split_change(before, after, readings, published, method=changed.method)


def _log_table(estimates: pd.DataFrame, evidence: Evidence) -> FloatArray:
    """(D, T) log of the published estimates of the evidence's districts and months."""
    wide = estimates.pivot(index="area_id", columns="month", values="estimate")
    table = wide.reindex(index=list(evidence.area_ids), columns=[str(month) for month in evidence.months])
    return np.asarray(np.log(table.to_numpy(dtype=np.float64)))
