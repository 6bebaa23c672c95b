"""The monthly job of one region."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gvio.ledger.rows import as_of
from gvio.pipeline.inputs import input_hashes
from gvio.pipeline.job import Job, StageReport, held, read_json
from gvio.pipeline.learn import champion_of
from gvio.pipeline.product import last_release
from gvio.pipeline.stages import STAGES
from gvio.region.pack import read_pack
from gvio.types import Month, Progress


@dataclasses.dataclass(frozen=True)
class RunReport:
    """`outcome`: published, or unchanged (the store holds this month from these inputs already)."""

    region: str
    month: str
    outcome: str
    release: str
    stages: tuple[StageReport, ...]
    figures: Mapping[str, Any]


def run_month(job: Job, progress: Progress | None = None) -> RunReport:
    """Fetch → validate → sample → train or fine-tune → evaluate → promote or keep → map → publish.

    Raises:
        RunHeld: Another run holds the region.
        GvioError: Whatever a stage raises; nothing is published then.
    """
    with held(job):
        reports = [STAGES[0][1](job, progress)]
        release = unchanged_release(job)
        if release is not None:
            return RunReport(job.region, reports[0].month, "unchanged", release, tuple(reports), {})
        for _, stage in STAGES[1:]:
            reports.append(stage(job, progress))
    figures = {**reports[-2].figures, **reports[-1].figures, "decision": reports[-3].figures.get("reason")}
    outcome = "unchanged" if reports[-1].outcome == "unchanged" else "published"
    return RunReport(job.region, reports[-1].month, outcome, figures["release"], tuple(reports), figures)


def unchanged_release(job: Job) -> str | None:
    """The latest release if it was made from exactly what is fetched, public and champion now."""
    release = last_release(job)
    if release is None or job.retrain:
        return None
    pack = read_pack(job.pack)
    month = Month.parse(read_json(job, "fetch.json", "fetch")["month"])
    hashes = input_hashes(job, pack, as_of(pack.ledger, job.as_of), month)
    inputs = release.manifest["inputs"]
    if any(inputs.get(name) != value for name, value in hashes.items()):
        return None
    if not {str(m) for m in job.also} <= set(release.grids):
        return None
    champion = champion_of(job)
    if champion is not None and champion[1].weights_sha256 != release.manifest["model"]["weights_sha256"]:
        return None
    return release.release
