"""From the products of a run to a release: every object's name and bytes, the manifest and the pointer. Pure.

A release is named by its content, so the same results give the same release, whenever and wherever they are made:
times of the clock enter `latest.json` only. A failed required check, or no check at all, gives no release.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gvio.config import RegionConfig
from gvio.errors import GateRefused
from gvio.publish.canonical import SCHEMA_VERSION, canonical_json
from gvio.publish.colours import qgis_style
from gvio.publish.estimates import estimates_parquet
from gvio.publish.explanations import NAME as EXPLANATIONS
from gvio.publish.explanations import explanations_parquet
from gvio.publish.grids import GridObject, describe
from gvio.publish.knowledge import Knowledge
from gvio.publish.latest import latest_json
from gvio.publish.manifest import ITEM_TYPE, PNG_TYPE, facts_of, manifest_json, media_type, release_id
from gvio.publish.models import NAME as MODELS
from gvio.publish.models import ModelSpan, models_json
from gvio.publish.stac import build_item, catalog_json, collection_json
from gvio.publish.tables import csv_twins
from gvio.publish.terms import NAME as TERMS
from gvio.publish.terms import terms_md
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import Skill
from gvio.types import Asset, CheckResult, Manifest, Month
from gvio.validate.gate import refuse_failed


@dataclasses.dataclass(frozen=True, eq=False)
class Release:
    """A whole release, not yet written. Keys are relative to `<store>/<region>/`.

    Attributes:
        id: `<YYYY-MM>-<12 hex digits of the content>`.
        region: Name of the region.
        month: The release's (last) month.
        knowledge: What was known when it was made; decides whether it may take `latest.json` from another release.
        objects: What the manifest lists, sorted by key.
        payloads: Bytes of every object, by key.
        manifest: `releases/<id>/manifest.json`.
        latest: `latest.json`; the only bytes that hold the as-of day and a time of publication.
        catalogue: `catalog.json` and `collection.json`, derived from the release.
        title: Of the region, for the catalogue above all regions.
    """

    id: str
    region: str
    month: Month
    knowledge: Knowledge
    objects: tuple[Asset, ...]
    payloads: Mapping[str, bytes]
    manifest: bytes
    latest: bytes
    catalogue: Mapping[str, bytes]
    title: str = ""


def build_release(
    config: RegionConfig,
    month: Month,
    grids: Sequence[GridObject],
    estimates: pd.DataFrame,
    *,
    knowledge: Knowledge,
    scoreboard: Scoreboard,
    checks: Sequence[CheckResult],
    model_card: str,
    trends: bytes | None,
    inputs: Mapping[str, Any],
    model: Mapping[str, Any],
    code: str,
    skill: Skill,
    created: dt.datetime,
    explanations: pd.DataFrame | None = None,
    revisions: Mapping[str, bytes] | None = None,
    outlines: Mapping[str, bytes] | None = None,
    models: Sequence[ModelSpan] = (),
) -> Release:
    """Name and describe everything that a run publishes.

    Args:
        config: The region.
        month: The release's month: the last one of `estimates`.
        grids: Encoded grids, one per month published.
        estimates: Table of contract §3, see `estimates_parquet`.
        knowledge: The month again, the newest statistic used, and the run's as-of day.
        scoreboard: Evaluation of the model that made the release.
        checks: Outcomes of every check of the run.
        model_card: Markdown.
        trends: `trends.tif` encoded as COG; None where the series is too short for trends.
        inputs: What went in (hashes, as-of date, …); no times of the clock, or no two releases are equal.
        model: Version, weights' hash and so on of the model that made the maps.
        code: Version of the code.
        skill: The model against the best naive forecast.
        created: When it is published; enters `latest.json` only, as does the as-of day.
        explanations: What the estimates are made of, see `explanations_parquet`; None to publish none.
        revisions: Encoded objects that say why and how numbers change, by name; None to publish none.
        outlines: The districts (`publish.outlines`), the cube (`publish.cube`) and the bulletin (`publish.bulletin`),
            by name; None to publish none.
        models: Which model made the releases until this one, see `publish.models`; empty to publish none.

    Raises:
        GateRefused: A required check failed, no check was made, there is no grid of `month` or two of one month, or
            the estimates or explanations are not whole (see `estimates_parquet`, `explanations_parquet`).
        ValueError: `knowledge` is of another month.
    """
    if knowledge.month != month:
        raise ValueError(f"knowledge of {knowledge.month} for a release of {month}")
    _require_checked(checks, month)
    _require_grids(grids, month)
    named = {
        "estimates.parquet": estimates_parquet(
            estimates, config.city_id, config.start, month, config.unit, config.invented
        ),
        "scoreboard.json": canonical_json(scoreboard.document()),
        "checks.json": canonical_json(_checks_document(config, month, checks)),
        "model-card.md": model_card.encode(),
        **({} if trends is None else {"trends.tif": trends}),
    }
    if explanations is not None:
        named[EXPLANATIONS] = explanations_parquet(explanations, config.start, month, config.invented)
    named |= {**(revisions or {}), **(outlines or {})}
    named |= {MODELS: models_json(config.name, models)} if models else {}
    about = Manifest("", config.name, month, (), inputs, model, code, skill, knowledge.public_until, config.invented)
    return _assemble(config, knowledge, sorted(grids, key=lambda g: g.month), named, about, created)


def _assemble(
    config: RegionConfig,
    knowledge: Knowledge,
    grids: Sequence[GridObject],
    named: Mapping[str, bytes],
    about: Manifest,
    created: dt.datetime,
) -> Release:
    """Names for the bytes: grids and items by their own content, tables under the release, which all of it names."""
    style = qgis_style(_brightest(grids), config.unit)
    named = {**named, "style.qml": style, TERMS: terms_md(config), **csv_twins(named)}
    items = [build_item(config, grid) for grid in grids]
    shown = {grid.thumbnail_key: grid.look.thumbnail for grid in grids if grid.look.thumbnail}
    shared = [
        *(grid.asset for grid in grids),
        *(describe(item.key, item.data, ITEM_TYPE) for item in items),
        *(describe(key, data, PNG_TYPE) for key, data in shown.items()),
    ]
    release = release_id(about.month, facts_of(about), [*shared, *_tables("unnamed", named).values()])
    tables = _tables(release, named)
    whole = dataclasses.replace(about, release=release, objects=_ordered(*shared, *tables.values()))
    return Release(
        id=release,
        region=config.name,
        month=about.month,
        knowledge=knowledge,
        objects=whole.objects,
        payloads={
            **{grid.key: grid.data for grid in grids},
            **{item.key: item.data for item in items},
            **shown,
            **{tables[name].key: data for name, data in named.items()},
        },
        manifest=manifest_json(whole),
        latest=latest_json(config.name, release, knowledge, created),
        catalogue={
            "catalog.json": catalog_json(config),
            "collection.json": collection_json(config, whole, items, tables),
        },
        title=config.title,
    )


def _ordered(*objects: Asset) -> tuple[Asset, ...]:
    return tuple(sorted(objects, key=lambda asset: asset.key))


def _tables(release: str, named: Mapping[str, bytes]) -> dict[str, Asset]:
    return {n: describe(f"releases/{release}/{n}", data, media_type(n)) for n, data in named.items()}


def _brightest(grids: Sequence[GridObject]) -> float:
    """The highest estimate of a pixel in the newest grid; 0 where nothing is known of it."""
    statistics = max(grids, key=lambda grid: grid.month).look.statistics
    return statistics[0].get("maximum", 0.0) if statistics else 0.0


def _require_checked(checks: Sequence[CheckResult], month: Month) -> None:
    if not checks:
        raise GateRefused("no check was made", where=str(month), hint="Run the validate stage first.")
    refuse_failed(checks)


def _require_grids(grids: Sequence[GridObject], month: Month) -> None:
    months = [grid.month for grid in grids]
    if month not in months:
        raise GateRefused("the release has no grid of its own month", where=str(month), hint="Run the map stage first.")
    twice = sorted({m for m in months if months.count(m) > 1})
    if twice:
        raise GateRefused("two grids of one month", where=str(twice[0]), hint="Publish one grid a month.")


def _checks_document(config: RegionConfig, month: Month, checks: Sequence[CheckResult]) -> dict[str, Any]:
    listed = [{f.name: getattr(check, f.name) for f in dataclasses.fields(check)} for check in checks]
    return {"schema_version": SCHEMA_VERSION, "region": config.name, "month": month, "checks": listed}
