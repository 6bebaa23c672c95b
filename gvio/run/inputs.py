"""What the stages of the model work on, put together from earlier artifacts, and the hashes that name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gvio.config import digest
from gvio.ledger.sums import Sums, sums_matrix
from gvio.run.artifacts import Sampled
from gvio.run.code import source_of_release
from gvio.train.about import InputDigests

if TYPE_CHECKING:
    from gvio.run.context import Context


def sums_of(context: Context, sampled: Sampled) -> Sums:
    """The statistics known on the day as sums over the samples' districts and months."""
    samples = sampled.samples.get()
    return sums_matrix(context.ledger, samples.area_ids, context.config.city_id, samples.months)


def input_digests(context: Context, light: str, month: str) -> InputDigests:
    """The hashes of everything that a release of this run depends on."""
    return InputDigests(
        month=month,
        light_sha256=light,
        ledger_sha256=context.ledger_digest,
        pack_digest=context.pack_digest,
        params_digest=context.params_digest,
        source=source_of_release(),
        figures_public_until=context.public_until,
    )


def architecture_digest(context: Context) -> str:
    """Hash of the parameters whose change forbids fine-tuning."""
    return digest(context.params.model) + digest(context.params.sample)
