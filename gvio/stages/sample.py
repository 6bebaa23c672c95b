"""Sample: from light, districts and factories to buffers, rings, statistics and the ground of the patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gvio.config import digest
from gvio.region.urban import read_urban
from gvio.run.artifacts import SAMPLES, Checked, Fetched, Sampled, SampledHead
from gvio.run.code import source_of
from gvio.run.made import Kept, Made
from gvio.sample.build import build_samples
from gvio.sample.samples import Samples, read_samples, samples_bytes, sealed

if TYPE_CHECKING:
    from gvio.run.context import Context

STAGE = "sample"


def sample(context: Context, fetched: Fetched, checked: Checked) -> Sampled:
    """Turn light that passed its checks into samples.

    Raises:
        PackError: No factory, one outside the grid or every district, or a district without a pixel.
        ConfigError: `area_crs` does not measure in metres.
    """
    del checked  # its existence is the permission
    made = _made(context, fetched)
    head = context.workspace.find(SampledHead, STAGE, made)
    if head is not None:
        return kept_samples(context, head)
    samples = sealed(_build(context, fetched))
    head = SampledHead(
        made=made,
        month=str(fetched.month),
        n_factories=len(samples.factory_ids),
        n_districts=len(samples.area_ids),
        urban_derived=samples.urban_derived,
    )
    return Sampled(context.workspace.keep(head, {SAMPLES: samples_bytes(samples)}), Kept.here(samples))


def kept_samples(context: Context, head: SampledHead) -> Sampled:
    """The artifact of a head, its samples read when they are asked for."""
    return Sampled(head, Kept(lambda: sealed(read_samples(context.workspace.data(head, SAMPLES)))))


def _build(context: Context, fetched: Fetched) -> Samples:
    places, stack = context.places, fetched.stack.get()
    return build_samples(
        stack,
        places.districts,
        places.factories,
        read_urban(places, stack.geobox),
        context.params.sample,
        context.config.area_crs,
        context.path("operators"),
        context.progress,
        context.config.working_calendar,
    )


def _made(context: Context, fetched: Fetched) -> Made:
    inputs = {
        "light": fetched.head.light,
        "month": fetched.head.month,
        "pack": context.pack_digest,
        "params": digest(context.params.sample),
    }
    return Made(stage=STAGE, inputs=inputs, source=source_of(STAGE))
