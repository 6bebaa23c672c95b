"""What a run's result depends on, as hashes: the same inputs give the same release, so nothing is done twice."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from gvio.config import Params, digest
from gvio.ledger.rows import Ledger, as_of
from gvio.ledger.sums import Sums, sums_matrix
from gvio.pipeline.job import Job, read_json
from gvio.region.pack import RegionPack, read_pack
from gvio.sample.samples import Samples, load_samples
from gvio.types import Month


@dataclasses.dataclass(frozen=True, eq=False)
class Inputs:
    """Everything the stages after sampling work on; `hashes` names it."""

    pack: RegionPack
    ledger: Ledger  # as of the day
    samples: Samples
    sums: Sums
    month: Month
    hashes: dict[str, Any]

    @property
    def key(self) -> str:
        """Hash (16 hex digits) of all hashes."""
        return hashlib.sha256(repr(sorted(self.hashes.items())).encode()).hexdigest()[:16]


def load_inputs(job: Job) -> Inputs:
    """Read pack, ledger as of the job's day, and samples.

    Raises:
        InputRefused: An earlier stage has not run, or its files are damaged.
    """
    pack = read_pack(job.pack)
    ledger = as_of(pack.ledger, job.as_of)
    samples = load_samples(job.path("samples.npz"))
    month = samples.months[-1]
    sums = sums_matrix(ledger, samples.area_ids, job.config.city_id, samples.months)
    return Inputs(pack, ledger, samples, sums, month, input_hashes(job, pack, ledger, month))


def input_hashes(job: Job, pack: RegionPack, ledger: Ledger, month: Month) -> dict[str, Any]:
    """What the release is made of. Only figures that were public count, not the day itself."""
    fetched = read_json(job, "fetch.json", "fetch")
    return {
        "month": str(month),
        "light_sha256": fetched["light"],
        "ledger_sha256": ledger_digest(ledger),
        "pack_digest": static_digest(pack),
        "params_digest": digest(job.params),
        "code": job.code,
        "figures_public_until": str(max(ledger.rows["published"])) if len(ledger) else None,
    }


def static_digest(pack: RegionPack) -> str:
    """Hash of what does not grow every month: configuration, districts, factories, urban mask."""
    rows = [digest(pack.config)]
    for frame in (pack.districts, pack.factories):
        table = frame.drop(columns="geometry").to_csv(index=False)
        rows += [table, *(geometry.wkb_hex for geometry in frame.geometry)]
    if pack.urban is not None:
        rows.append(hashlib.sha256(pack.urban.read_bytes()).hexdigest())
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def ledger_digest(ledger: Ledger) -> str:
    """Hash (16 hex digits) of the figures, in a fixed order."""
    text = ledger.rows.sort_values(list(ledger.rows.columns), kind="stable").to_csv(index=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def architecture_digest(params: Params) -> str:
    """Hash of the parameters whose change forbids fine-tuning."""
    return digest(params.model) + digest(params.sample)
