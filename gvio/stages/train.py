"""Train: from scratch or from the champion, by rule (ADR 0007). The challenger is a package; nothing is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gvio.run.artifacts import Champion, Fetched, Sampled, Trained, TrainedHead
from gvio.run.code import source_of
from gvio.run.inputs import architecture_digest, input_digests
from gvio.run.made import Kept, Made
from gvio.sample.samples import Samples
from gvio.stages.sums import sums_of
from gvio.stages.workers import one_thread_each, workers_of
from gvio.train.about import About, InputDigests
from gvio.train.fit import Fitted, fit_model, mean_member
from gvio.train.package import Package, make_package, read_package
from gvio.types import Month

if TYPE_CHECKING:
    from gvio.run.context import Context

STAGE = "train"
NOTHING_NEW = "nothing to learn: no figure is new since the champion"
WEIGHTS, CONFIG = "challenger/model.safetensors", "challenger/model.json"


def train(context: Context, fetched: Fetched, sampled: Sampled, champion: Kept[Champion | None]) -> Trained:
    """Train on the samples and on the statistics known on the day; a challenger of the same inputs is found again.

    A champion that was trained on exactly these inputs is the challenger: a month run again gives no second model. So
    is one to which nothing is new but light of later months (`nothing_to_learn`).

    Args:
        context: The run.
        fetched: The light behind the samples.
        sampled: The samples.
        champion: The model that may be fine-tuned.

    Raises:
        ModelError: Training failed.
        ConfigError, WorkersUnavailable, TaskFailed: Workers cannot be used, are lost, or fail.
    """
    made = _made(context, sampled)
    head = None if context.request.retrain else context.workspace.find(TrainedHead, STAGE, made)
    if head is not None:
        return kept_challenger(context, head)
    one_thread_each()
    inputs = input_digests(context, fetched.head.light, sampled.head.month)
    usable = None if context.request.retrain else champion.get()
    start, idle = None, usable is not None and nothing_to_learn(context, fetched, inputs, usable)
    if usable is not None and (idle or usable.package.about.inputs == inputs):
        package = usable.package
        reason = f"{NOTHING_NEW} of {package.fitted.trained}" if idle else package.about.reason
    else:
        reason, start = training_rule(context, sampled, usable)
        package = _fit(context, inputs, sampled, reason, None if start is None else start.package.fitted)
    head = TrainedHead(
        made=made,
        month=sampled.head.month,
        reason=reason,
        weights_sha256=package.weights_sha256,
        mean_best_epoch=mean_member(package.fitted.ensemble.members),
        started_from="" if start is None else start.version.weights_sha256,
        nothing_new=idle,
    )
    files = {WEIGHTS: package.weights, CONFIG: package.document}
    return Trained(context.workspace.keep(head, files), Kept.here(package))


def kept_challenger(context: Context, head: TrainedHead) -> Trained:
    """The artifact of a head, its package read when it is asked for."""
    files = context.workspace
    return Trained(head, Kept(lambda: read_package(files.data(head, WEIGHTS), files.data(head, CONFIG))))


def nothing_to_learn(context: Context, fetched: Fetched, inputs: InputDigests, champion: Champion) -> bool:
    """Whether all that is new since the champion was trained is light of later months of its own year.

    The network learns from figures. Without a new one, further steps would only follow noise, and nothing that is known
    could judge them. A figure of a later month that was public already is new: the champion's months had no place for
    it.
    """
    known, month = champion.package.about.inputs, Month.parse(inputs.month)
    before = Month.parse(known.month)
    same = inputs.model_copy(update={"month": known.month, "light_sha256": known.light_sha256}) == known
    later = before < month and before.year == month.year  # January's run trains from scratch
    if not same or not later or fetched.head.light_until.get(known.month) != known.light_sha256:
        return False
    return max(context.ledger.rows["end"], default=0) <= before.ordinal


def training_rule(context: Context, sampled: Sampled, champion: Champion | None) -> tuple[str, Champion | None]:
    """The recorded reason, and the model to fine-tune (None: train from scratch). See ADR 0007."""
    if context.request.retrain:
        return "retrain: asked for", None
    if champion is None:
        return "retrain: no usable champion", None
    about, trained, month = champion.package.about, champion.package.fitted.trained, sampled.samples.get().months[-1]
    if about.architecture_digest != architecture_digest(context):
        return "retrain: model or sample parameters changed", None
    if about.inputs.pack_digest != context.pack_digest:
        return "retrain: the region pack changed", None
    if trained > month:
        return "retrain: the champion has seen later months", None
    if month.month == 1 and trained < month:
        return "retrain: January's run", None
    return f"fine-tune: champion of {trained} on the newest figures", champion


def _fit(context: Context, inputs: InputDigests, sampled: Sampled, reason: str, start: Fitted | None) -> Package:
    samples, params = sampled.samples.get(), context.params
    with workers_of(context, samples) as workers:
        fitted = fit_model(
            samples,
            sums_of(context, sampled),
            len(samples.months),
            params.model,
            params.sample.patch_px,
            start=start,
            workers=workers,
        )
    about = About(
        region=context.region,
        reason=reason,
        inputs=inputs,
        architecture_digest=architecture_digest(context),
        parameters=context.params,
        code=context.code,
        grid=grid_of(samples),
    )
    return make_package(fitted, about)


def grid_of(samples: Samples) -> str:
    """The pixels of the samples as text: two models with the same one were trained on the same pixels."""
    box = samples.geobox
    return f"{box.crs} {tuple(box.shape)} {tuple(box.affine)[:6]}"


def _made(context: Context, sampled: Sampled) -> Made:
    inputs = {
        "samples": sampled.head.key,
        "statistics": context.ledger_digest,
        "params": architecture_digest(context),
    }
    return Made(stage=STAGE, inputs=inputs, source=source_of(STAGE))
