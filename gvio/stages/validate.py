"""Validate: every check of pack, statistics and light. One gate decides; a required check that failed ends the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gvio.config import digest
from gvio.ledger.checks import check_ledger
from gvio.ledger.cross_section import DistrictSizes
from gvio.region.light_checks import check_against_light
from gvio.region.pack import Places, check_factories, check_stated
from gvio.run.artifacts import Checked, CheckedHead, Fetched
from gvio.run.code import source_of
from gvio.run.made import Made
from gvio.sample.lifecycle import active_months
from gvio.sample.owner import factory_district, factory_pixel, pixel_owner
from gvio.types import BoolArray, CheckResult, IntArray, LightStack
from gvio.validate.arrays import check_light
from gvio.validate.beside import check_beside
from gvio.validate.frames import districts_table, factories_table, ledger_table, light_table
from gvio.validate.gate import refuse_failed
from gvio.validate.report import checks_html
from gvio.validate.sizes import district_sizes
from gvio.validate.summary import summarise_light

if TYPE_CHECKING:
    from gvio.run.context import Context

STAGE, PAGE = "validate", "checks.html"


def validate(context: Context, fetched: Fetched) -> Checked:
    """Check pack, ledger and light; leave a page for people and the Data Docs; refuse when a required check failed.

    Raises:
        GateRefused: A required check failed.
    """
    made = _made(context, fetched)
    head = context.workspace.find(CheckedHead, STAGE, made)
    if head is not None:
        return Checked(head)
    context.workspace.forget(STAGE)  # a refused run must not leave an older month's checks behind it
    results = tuple(run_checks(context, fetched))
    title = f"{context.config.title}: {fetched.month}"
    page = checks_html(results, title, f"as of {context.as_of}", context.config.invented).encode()
    head = context.workspace.keep(CheckedHead(made=made, month=str(fetched.month), results=results), {PAGE: page})
    refused = [result for result in results if result.required and not result.passed]
    if refused:
        context.workspace.forget(STAGE)
    refuse_failed(results)
    return Checked(head)


def run_checks(context: Context, fetched: Fetched) -> list[CheckResult]:
    """Every check before the model, without judging them."""
    config, params, places, ledger = context.config, context.params, context.places, context.ledger
    stack, progress = fetched.stack.get(), context.progress
    owner, industry, sizes = look_at_industry(places, stack)
    summary = summarise_light(stack, owner, industry, places.area_ids)
    tables = [
        factories_table(places.factories, config.bounds),
        districts_table(places.districts, config.area_crs),
        ledger_table(context.vintages.rows),  # `ledger` holds the newest of each figure only
        light_table(summary, len(stack.months), len(places.area_ids), params.validate_),
    ]
    tabled = check_beside(tables, context.workspace.folder, config.invented, documented=not context.replayed)
    notes = [
        *check_stated(context.root, config),
        *places.notes,
        *check_factories(config, places, ledger),
        *check_against_light(config, places, stack),
        *fetched.head.notes,
    ]
    results = [*notes, *check_figures(context, sizes)]
    results += check_light(stack, fetched.month, owner, industry, places.area_ids, params.validate_)
    if progress is not None:
        progress("validate", 1, 2)
    results += tabled()
    if progress is not None:
        progress("validate", 2, 2)
    return _unique(results)


def check_figures(context: Context, sizes: DistrictSizes) -> list[CheckResult]:
    """The ledger's own checks: of every figure that was public, in areas of today."""
    config, places = context.config, context.places
    vintages = context.present_vintages
    results = check_ledger(vintages, places.area_ids, config.city_id, context.params, places.groups, sizes)
    return results + ([] if context.extents_note is None else [context.extents_note])


def _made(context: Context, fetched: Fetched) -> Made:
    inputs = {
        "light": fetched.head.light,
        "notes": fetched.head.key,
        "pack": context.pack_digest,
        "statistics": context.ledger_digest,
        "vintages": context.vintages_digest,
        "params": digest(context.params.validate_),
    }
    return Made(stage=STAGE, inputs=inputs, source=source_of(STAGE))


def _unique(results: list[CheckResult]) -> list[CheckResult]:
    """Results in order, without a passed twin of a failed one and without repeats."""
    failed = {(r.name, r.subject) for r in results if not r.passed}
    kept: dict[tuple[str, str, str], CheckResult] = {}
    for result in results:
        if not (result.passed and (result.name, result.subject) in failed):
            kept.setdefault((result.name, result.subject, result.message), result)
    return list(kept.values())


def look_at_industry(places: Places, stack: LightStack) -> tuple[IntArray, BoolArray, DistrictSizes]:
    """(y, x) district of every pixel, −1 outside; (y, x) whether it carries a factory; how large districts look."""
    owner = pixel_owner(places.districts, stack.geobox)
    ids = tuple(places.factories["factory_id"])
    points = places.factories.geometry.representative_point()
    district = factory_district(points, places.districts, ids)
    row, col = factory_pixel(points, stack.geobox, ids)
    industry: BoolArray = np.zeros(owner.shape, dtype=bool)
    industry[row, col] = True
    opened, closed = (places.factories[name].tolist() for name in ("opened", "closed"))
    works = active_months(opened, closed, stack.months).mean(axis=1)
    weight = places.factories["weight"].to_numpy(dtype=np.float64) * works
    sizes = district_sizes(stack, owner, industry, district, weight, len(places.area_ids))
    return owner, industry, sizes
