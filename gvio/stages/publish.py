"""Publish: the product of `map` as one immutable release that says truly what made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gvio.errors import ConflictError
from gvio.publish.bulletin import NAMES as BULLETIN
from gvio.publish.knowledge import Knowledge
from gvio.publish.models import NAME as MODELS
from gvio.publish.models import ModelSpan, SpanOrigin, continue_spans, own_span
from gvio.publish.release import Release, build_release
from gvio.publish.tables import CSV
from gvio.run.artifacts import Checked, Mapped, Published, PublishedHead
from gvio.run.code import source_of
from gvio.run.made import Made
from gvio.stages.bulletin import make_bulletin
from gvio.store.offers import documents_of
from gvio.store.predecessor import MadeFrom, continued
from gvio.store.published import PublishedRelease, last_readable
from gvio.store.standing import Standing
from gvio.store.writing import write_release
from gvio.types import CheckResult, Month
from gvio.validate.product import check_jumps

if TYPE_CHECKING:
    from gvio.run.context import Context

STAGE = "publish"
# The product's other objects are kept by `map`; `gvio repair` restores from them all.
_OWN = ("checks.json", "style.qml", "terms.md", MODELS, *BULLETIN)
_JUMP = 1.5  # an estimate that moves by this factor from one release to the next is worth a warning


def publish(context: Context, checked: Checked, mapped: Mapped, before: Standing) -> Published:
    """Write the release and move the pointer.

    Args:
        context: The run.
        checked: The checks of the inputs.
        mapped: The product.
        before: What was published when the run began: if the pointer has moved since, knowledge decides whose it is.

    Raises:
        StoreError: The store cannot be written, or does not keep conditional writes.
        ConflictError: Another publisher was faster, or published what this release should have continued.
    """
    _require_continued(context, mapped)
    last, damage = last_readable(context.store, context.region, _knowledge(mapped))
    release = make_release(context, checked, mapped, last, () if damage is None else (damage,))
    report = write_release(
        context.store,
        context.region,
        release,
        context.progress,
        before,
        supersede=context.request.supersede,
        clock=context.clock,
    )
    made = Made(stage=STAGE, inputs={"mapped": mapped.head.key, "store": context.store.url}, source=source_of(STAGE))
    head = PublishedHead(
        made=made,
        month=mapped.head.month,
        release=report.release,
        store=context.request.store,
        outcome=report.outcome,
        uploaded=report.uploaded,
        uploaded_bytes=report.uploaded_bytes,
    )
    own = {f"product/{name}": data for name, data in own_objects(release).items()}
    return Published(context.workspace.keep(head, {**own, **documents_of(release)}))


def own_objects(release: Release) -> dict[str, bytes]:
    """Objects of the release that are made here, by name: checks, models, bulletin, CSV twins, thumbnails."""
    folder = f"releases/{release.id}/"
    named = {key.removeprefix(folder): data for key, data in release.payloads.items()}
    return {name: data for name, data in named.items() if name in _OWN or name.endswith((CSV, ".png"))}


def make_release(
    context: Context,
    checked: Checked,
    mapped: Mapped,
    last: PublishedRelease | None,
    damage: Sequence[CheckResult] = (),
) -> Release:
    """The release of a product: its manifest is what `map` recorded, whatever lies in the pack by now."""
    head, product, why = mapped.head, mapped.product.get(), context.request.supersede
    checks = [*checked.head.results, *head.checks, *_jumps(mapped, last), *damage]
    return build_release(
        context.config,
        Month.parse(head.month),
        product.grids,
        product.estimates,
        scoreboard=product.scoreboard,
        checks=checks,
        model_card=product.model_card,
        trends=product.trends,
        inputs=head.inputs.as_document() | ({} if why is None else {"supersedes": why}),
        model=head.model.model_dump(mode="json"),
        code=head.code,
        skill=head.skill,
        created=context.clock(),
        explanations=product.explanations,
        revisions=product.revisions,
        outlines={**product.outlines, **product.cube, **make_bulletin(context, mapped, checks)},
        models=_models(mapped, last),
        knowledge=_knowledge(mapped),
    )


def _require_continued(context: Context, mapped: Mapped) -> None:
    """Refuse a product that continues another release than readers have by now: its vintages would lack that one."""
    head, store, region = mapped.head, context.store, context.region
    by_hand = context.request.supersede is not None
    now = continued(store, region, _knowledge(mapped), _made_from(mapped), supersede=by_hand).release
    if now != head.inputs.predecessor:
        what = (
            f"the release to continue is {now}, not {head.inputs.predecessor}: it was published since the map was made"
        )
        raise ConflictError(what, where=f"{store.url}/{region}", hint="Nothing was published: run again.")


def _knowledge(mapped: Mapped) -> Knowledge:
    head = mapped.head
    return Knowledge(Month.parse(head.month), head.inputs.figures_public_until, head.as_of)


def _made_from(mapped: Mapped) -> MadeFrom:
    head = mapped.head
    return MadeFrom(head.inputs.input_key, head.model.weights_sha256, head.model.config_sha256)


def _models(mapped: Mapped, last: PublishedRelease | None) -> tuple[ModelSpan, ...]:
    """Which model made the releases until this one."""
    head = mapped.head
    made = SpanOrigin(head.month, head.inputs.figures_public_until)
    own = own_span(head.model.model_dump(mode="json"), head.skill, mapped.product.get().scoreboard, made)
    if last is None:
        return (own,)
    return continue_spans(last.models, SpanOrigin(last.month, last.manifest.public_until), own)


def _jumps(mapped: Mapped, last: PublishedRelease | None) -> list[CheckResult]:
    """Against the last release; when that was made of the same, its own verdict: it cannot have jumped from itself."""
    estimates = mapped.product.get().estimates
    if last is None:
        return check_jumps(estimates, None, _JUMP)
    kept = [c for c in last.checks if c.name == "product.jump"] if _made_from(mapped).of(last.manifest) else []
    return kept or check_jumps(estimates, last.estimates, _JUMP)
