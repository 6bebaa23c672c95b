"""The method end to end for one cut in time: samples and visible figures in, a fitted model out, and its estimate."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial

import numpy as np

from gvio.assimilate.calendar import calendar_features
from gvio.assimilate.explain import Explanation, explain
from gvio.assimilate.hyper import START, Hyper
from gvio.assimilate.learn import learn_hyper
from gvio.assimilate.observed import Setting
from gvio.assimilate.posterior import Posterior, assimilate
from gvio.config import ModelParams
from gvio.errors import RETRAIN, ModelError
from gvio.ledger.select import select_rows
from gvio.ledger.sums import Sums
from gvio.model.normalisation import Normalisation
from gvio.model.sacnn import Architecture
from gvio.model.saliency import Saliency, saliency
from gvio.sample.lifecycle import openings
from gvio.sample.samples import Samples, first_months
from gvio.scoreboard.scores import IntervalTable
from gvio.train.ensemble import Ensemble, measurement, train_members, weigh_light
from gvio.train.looked import lessons_of, look_at_light, panel_of, reading_of
from gvio.train.loop import Member, Optimisation, new_network
from gvio.train.workers import Workers, both, in_turn
from gvio.types import FloatArray, Month


@dataclasses.dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model: all that is needed to estimate any month of its region.

    `trained` is the last month whose light and figures it has seen; `static_px`, `dynamic_px` sides of its patches;
    `interval_scale` factors on the posterior's standard deviation per level in percent, from rolling-origin residuals
    (1.0 until calibrated); `interval_table` the same by kind of estimate and months ahead (None: not calibrated so).
    """

    area_ids: tuple[str, ...]
    trained: Month
    static_px: int
    dynamic_px: int
    ensemble: Ensemble
    normalisation: Normalisation
    interval_scale: Mapping[int, float] = dataclasses.field(default_factory=lambda: {50: 1.0, 80: 1.0, 95: 1.0})
    interval_table: IntervalTable | None = None


def fit_model(
    samples: Samples,
    sums: Sums,
    n_train: int,
    params: ModelParams,
    static_px: int,
    *,
    size: int | None = None,
    statistics: bool = True,
    start: Fitted | None = None,
    fixed: Hyper | None = None,
    workers: Workers = in_turn,
) -> Fitted:
    """Fit the SA-CNN and the assimilation on the first `n_train` months.

    Args:
        samples: Light of all months; they are cut to the first `n_train` before anything looks at them.
        sums: Visible figures over all months of `samples`; rows that end after `n_train` are not looked at.
        n_train: Months of the training window.
        params: Architecture and optimisation.
        static_px: Side of the static patch.
        size: Members; `params.seeds` when None.
        statistics: False fits the plain CNN, which sees no urban/rural light beyond its patch.
        start: Model to fine-tune; its architecture must be the same.
        fixed: Hyperparameters to take as they are instead of learning them.
        workers: Trains the members, in turn or in parallel: the result is the same.

    Raises:
        ModelError: `start` does not fit, no figure is visible, or training failed.
    """
    samples = first_months(samples, n_train)  # nothing later can enter, neither light nor an opening
    setting = _setting(samples, select_rows(sums, sums.end < n_train, slice(0, n_train)))
    size = size or params.seeds
    architecture = Architecture(params.channels, static_px, params.dynamic_px, statistics)
    if start is not None:
        _require_same(start, samples, architecture, size)
    epochs = params.epochs if start is None else params.finetune_epochs
    how = Optimisation(epochs, params.learning_rate, params.weight_decay, params.seed)
    # light knows nothing of figures, and figures nothing of light: what each says by itself is learned side by side
    light = partial(look_at_light, samples, static_px, params.dynamic_px)
    figures = partial(_look_at_figures, setting, fixed, start, params.hyper_months)
    (normalisation, panel), hyper = both(workers, "prepare", light, figures)
    lessons = lessons_of(samples, normalisation, static_px, params.dynamic_px, params.seed, workers)
    known = [m.weights for m in start.ensemble.members] if start else ()
    members = train_members(lessons, architecture, how, size, start=known, workers=workers)
    ensemble = Ensemble(architecture, members, hyper)
    if fixed is None:
        ensemble = weigh_light(ensemble, panel, setting, params.hyper_months)
    return Fitted(samples.area_ids, samples.months[-1], static_px, params.dynamic_px, ensemble, normalisation)


def _look_at_figures(setting: Setting, fixed: Hyper | None, start: Fitted | None, window: int) -> Hyper:
    known = start.ensemble.hyper if start else START
    return fixed or learn_hyper(setting, known, window=window)


def estimate(fitted: Fitted, samples: Samples, sums: Sums, *, dark: bool = False) -> Posterior:
    """Posterior of log output of every district and month of `samples`, given the figures in `sums`.

    Args:
        fitted: The model.
        samples: Light, of the same districts in the same order.
        sums: Visible figures over the months of `samples`.
        dark: As if nobody had seen the light of any month; what is left are figures, factories and pixels' means.

    Raises:
        ModelError: The model is of other districts, or the posterior is not finite.
    """
    return assimilate(lit_setting(fitted, samples, sums, dark=dark), fitted.ensemble.hyper)


def explain_estimate(fitted: Fitted, samples: Samples, sums: Sums) -> tuple[Posterior, Explanation]:
    """The result of `estimate` and its explanation; raises the same."""
    return explain(lit_setting(fitted, samples, sums), fitted.ensemble.hyper)


def look(fitted: Fitted, samples: Samples, last: int = 12) -> Saliency:
    """Saliency of the members in the patches of the `last` months that were seen."""
    members = []
    for member in fitted.ensemble.members:
        network = new_network(fitted.ensemble.architecture, 0)
        network.load_state_dict(dict(member.weights))
        members.append(network)
    return saliency(members, panel_of(samples, fitted.normalisation, fitted.static_px, fitted.dynamic_px), last)


def lit_setting(fitted: Fitted, samples: Samples, sums: Sums, *, dark: bool = False) -> Setting:
    """What the estimate of a model is conditioned on: figures, and light as the model reads it; raises as `estimate`
    does for a model of other districts.
    """
    if fitted.area_ids != samples.area_ids:
        what = f"the model knows districts {fitted.area_ids[:3]}…, the region has {samples.area_ids[:3]}…"
        raise ModelError(what, where="model package", hint=RETRAIN)
    known, here = fitted.normalisation.mean_log_light.shape, samples.owner.shape
    if known != here:
        what = f"the model knows a grid of {known} pixels, the region has {here}"
        raise ModelError(what, where="model package", hint=RETRAIN)
    panel = panel_of(samples, fitted.normalisation, fitted.static_px, fitted.dynamic_px)
    reading = reading_of(panel, fitted.ensemble)
    light = None if dark else measurement(reading)
    return dataclasses.replace(_setting(samples, sums), light=light, prior_share=reading.prior_share)


def losses(fitted: Fitted) -> dict[str, list[float]]:
    """Loss per epoch: of the plants learned from and of those held out, mean over members."""
    members = fitted.ensemble.members
    table = {"loss": [m.losses for m in members], "loss_held_out": [m.held_out for m in members if m.held_out]}
    return {name: np.mean(rows, axis=0).tolist() for name, rows in table.items() if rows and all(rows)}


def mean_member(members: tuple[Member, ...]) -> float:
    """Mean epoch whose weights were kept: 0 when every member fell back on the log-linear start."""
    return float(np.mean([m.best_epoch for m in members]))


def _setting(samples: Samples, sums: Sums) -> Setting:
    even: FloatArray = np.full(len(samples.area_ids), 1 / len(samples.area_ids))
    opened = openings(samples.weight, samples.active, samples.district, len(samples.area_ids))
    return Setting(sums, None, even, calendar_features(samples.months, samples.calendar), opened)


def _require_same(start: Fitted, samples: Samples, architecture: Architecture, size: int) -> None:
    same = start.area_ids == samples.area_ids and start.ensemble.architecture == architecture
    if not same or len(start.ensemble.members) != size:
        what = "the champion has other districts or another architecture"
        raise ModelError(what, where="fine-tuning", hint=RETRAIN)
