"""The hashes of everything that a model and a release depend on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gvio.config import digest
from gvio.run.artifacts import ReleaseDigests
from gvio.run.code import source_of_release
from gvio.train.about import InputDigests

if TYPE_CHECKING:
    from gvio.run.context import Context


def input_digests(context: Context, light: str, month: str) -> InputDigests:
    """The hashes of everything that a model of this run depends on."""
    return InputDigests(
        month=month,
        light_sha256=light,
        ledger_sha256=context.ledger_digest,
        pack_digest=context.pack_digest,
        params_digest=context.params_digest,
        source=source_of_release(),
        figures_public_until=context.public_until,
    )


def release_digests(context: Context, light: str, month: str) -> ReleaseDigests:
    """The hashes of everything that a release of this run depends on."""
    shared = input_digests(context, light, month).model_dump()
    return ReleaseDigests(**shared, vintages_sha256=context.vintages_digest, truth_sha256=context.truth_digest)


def architecture_digest(context: Context) -> str:
    """Hash of the parameters whose change forbids fine-tuning."""
    return digest(context.params.model) + digest(context.params.sample)
