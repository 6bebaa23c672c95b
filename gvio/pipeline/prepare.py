"""The stages before the model: fetch, validate, sample."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import numpy as np

from gvio.ledger.agreement import check_vintages
from gvio.ledger.checks import check_ledger
from gvio.ledger.rows import as_of, public_on
from gvio.pipeline.gather import Gathered, gather_light
from gvio.pipeline.job import Job, StageReport, read_json, write_bytes, write_json
from gvio.pipeline.light_file import light_digest, load_light, save_light
from gvio.region.pack import RegionPack, read_pack
from gvio.region.urban import read_urban
from gvio.sample.build import build_samples
from gvio.sample.owner import factory_district, factory_pixel, pixel_owner
from gvio.sample.samples import save_samples
from gvio.types import BoolArray, CheckResult, IntArray, LightStack, Month, Progress
from gvio.validate.arrays import check_light
from gvio.validate.frames import districts_table, factories_table, ledger_table, light_table
from gvio.validate.gate import refuse_failed
from gvio.validate.report import checks_html
from gvio.validate.summary import summarise_light


def fetch(job: Job, progress: Progress | None = None) -> StageReport:
    """Read every month of the region's light up to the run's month onto its grid.

    Raises:
        UpstreamUnavailable: The source has no product of the month, or does not answer.
        ProductError: A file is damaged or off the grid, or a fallback cannot be compared.
        ConfigError: The source cannot be read, or credentials are wrong or absent.
        StoreError: A source under `s3://` cannot be read.
    """
    gathered = gather_light(job, progress)
    stack = gathered.stack
    save_light(job.path("light.npz"), stack)
    month = stack.months[-1]
    files = [dataclasses.asdict(p) for month_files in stack.provenance for p in month_files]
    light = _digest(gathered)
    document = {"month": str(month), "light": light, "files": files, "notes": [_plain(n) for n in gathered.notes]}
    document |= {"switches": list(gathered.switches)} if gathered.switches else {}
    write_json(job.path("fetch.json"), document)
    figures = {"months": len(stack.months), "missing": [str(m) for m in stack.missing], "light": light}
    return StageReport("fetch", str(month), "done", {"light": str(job.path("light.npz"))}, figures)


def validate(job: Job, progress: Progress | None = None) -> StageReport:
    """Check pack, ledger and light; write `checks.json`, `checks.html` and the Data Docs; refuse when one failed.

    Raises:
        GateRefused: A required check failed.
    """
    results, month = run_checks(job, progress)
    write_json(job.path("checks.json"), [_plain(r) for r in results])
    page = checks_html(results, f"{job.config.title}: {month}", f"as of {job.as_of}")
    write_bytes(job.path("checks.html"), page.encode())
    refuse_failed(results)
    outputs = {"checks": str(job.path("checks.html")), "data_docs": str(job.path("data-docs/index.html"))}
    warned = [r.message for r in results if not r.passed]
    return StageReport("validate", str(month), "done", outputs, {"checks": len(results), "warnings": warned})


def run_checks(job: Job, progress: Progress | None) -> tuple[list[CheckResult], Month]:
    """Every check before the model, without judging them."""
    from gvio.validate.tables import check_tables  # Great Expectations takes seconds to import

    pack, stack = read_pack(job.pack), load_light(job.path("light.npz"))
    month = stack.months[-1]
    ledger = as_of(pack.ledger, job.as_of)
    owner, industry = _owner_and_industry(pack, stack)
    summary = summarise_light(stack, owner, industry, pack.area_ids)
    tables = [
        factories_table(pack.factories, job.config.bounds),
        districts_table(pack.districts, job.config.area_crs),
        ledger_table(ledger.rows),
        light_table(summary, len(stack.months), len(pack.area_ids), job.params.validate_),
    ]
    notes = [read_check(note) for note in read_json(job, "fetch.json", "fetch")["notes"]]
    results = [*pack.notes, *notes, *check_ledger(ledger, pack.area_ids, job.config.city_id, job.params)]
    vintages = check_vintages(public_on(pack.ledger, job.as_of))  # `ledger` holds the newest of each figure only
    results += [] if vintages.passed else [vintages]
    results += check_light(stack, month, owner, industry, pack.area_ids, job.params.validate_)
    if progress is not None:
        progress("validate", 1, 2)
    results += check_tables(tables, job.folder)
    if progress is not None:
        progress("validate", 2, 2)
    return _unique(results), month


def sample(job: Job, progress: Progress | None = None) -> StageReport:
    """Turn light into samples: buffers, rings, statistics, patches' ground."""
    pack, stack = read_pack(job.pack), load_light(job.path("light.npz"))
    urban = read_urban(pack, stack.geobox)
    cache = job.path("operators")
    samples = build_samples(
        stack, pack.districts, pack.factories, urban, job.params.sample, job.config.area_crs, cache, progress
    )
    save_samples(job.path("samples.npz"), samples)
    figures: dict[str, Any] = {
        "factories": len(samples.factory_ids),
        "districts": len(samples.area_ids),
        "urban_mask": "derived from the light" if samples.urban_derived else "from the pack",
    }
    return StageReport("sample", str(stack.months[-1]), "done", {"samples": str(job.path("samples.npz"))}, figures)


def read_check(document: dict[str, Any]) -> CheckResult:
    """A check as `checks.json` keeps it."""
    return CheckResult(**document)


def _plain(result: CheckResult) -> dict[str, Any]:
    return {**dataclasses.asdict(result), "observed": dict(result.observed)}


def _unique(results: list[CheckResult]) -> list[CheckResult]:
    """Results in order, without a passed twin of a failed one and without repeats."""
    failed = {(r.name, r.subject) for r in results if not r.passed}
    kept: dict[tuple[str, str, str], CheckResult] = {}
    for result in results:
        if not (result.passed and (result.name, result.subject) in failed):
            kept.setdefault((result.name, result.subject, result.message), result)
    return list(kept.values())


def _owner_and_industry(pack: RegionPack, stack: LightStack) -> tuple[IntArray, BoolArray]:
    owner = pixel_owner(pack.districts, stack.geobox)
    ids = tuple(pack.factories["factory_id"])
    points = pack.factories.geometry.representative_point()
    factory_district(points, pack.districts, ids)
    row, col = factory_pixel(points, stack.geobox, ids)
    industry: BoolArray = np.zeros(owner.shape, dtype=bool)
    industry[row, col] = True
    return owner, industry


def _digest(gathered: Gathered) -> str:
    """Hash of the product files; months on another product's level also depend on how they were brought there."""
    files = light_digest(gathered.stack.provenance)
    if not gathered.switches:
        return files
    text = json.dumps([files, *gathered.switches], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
