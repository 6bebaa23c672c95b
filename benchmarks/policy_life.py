"""One policy living through a world's months: when it trains, what it promotes, what it says. For `bench_policy`."""

from __future__ import annotations

import dataclasses
import time
from typing import Literal

import numpy as np
import pandas as pd

from gvio.assimilate.posterior import Posterior
from gvio.config import Params
from gvio.drift.figures import FigureError, carried, figure_errors, new_figures
from gvio.drift.light import light_series
from gvio.drift.monitors import Alarm, Seen, find_drift
from gvio.evaluate.fit_request import FitRequest, fit_request
from gvio.evaluate.fold import Material
from gvio.evaluate.interval_calibration import interval_table
from gvio.evaluate.later_origins import later_origins
from gvio.evaluate.metrics import diebold_mariano
from gvio.ledger.rows import Ledger
from gvio.ledger.sums import Sums, log_misfit, official_monthly, sums_matrix
from gvio.map.intervals import flat_table, product_half_widths, reach_official, split_sd
from gvio.map.official import Estimates, honour, with_intervals
from gvio.sample.samples import Samples
from gvio.scoreboard.names import SIGNIFICANT
from gvio.scoreboard.scores import IntervalTable
from gvio.stages.decide import recent_errors
from gvio.train.fit import Fitted, estimate, fit_model
from gvio.types import FloatArray

CITY = "CITY"
Action = Literal["none", "fine-tune", "retrain"]


@dataclasses.dataclass(frozen=True, eq=False)
class Look:
    """What is known at a look: light of all months until now, public figures, and both as a material to fit on."""

    samples: Samples
    ledger: Ledger
    sums: Sums
    official: FloatArray
    params: Params
    _said: dict[int, tuple[Fitted, Posterior]] = dataclasses.field(default_factory=dict)

    def posterior(self, fitted: Fitted) -> Posterior:
        """What a model says, asked once: policies may share one."""
        if id(fitted) not in self._said:
            self._said[id(fitted)] = fitted, estimate(fitted, self.samples, self.sums)
        return self._said[id(fitted)][1]


@dataclasses.dataclass(frozen=True, eq=False)
class Said:
    """What a policy's champion says at a look; `raw80` (D + 1,) half-widths of the newest month without factors."""

    estimates: Estimates
    raw80: FloatArray


def look_at(samples: Samples, ledger: Ledger, params: Params) -> Look:
    """A look's knowledge as sums and official monthly figures."""
    sums = sums_matrix(ledger, samples.area_ids, CITY, samples.months)
    official, _ = official_monthly(ledger, samples.area_ids, CITY, samples.months)
    return Look(samples, ledger, sums, official, params)


_fits: dict[str, tuple[Fitted, float]] = {}


def fit_once(request: FitRequest) -> tuple[Fitted, float]:
    """A model from scratch and the CPU seconds it took: policies that train alike share it."""
    if request.key not in _fits:
        began = time.process_time()
        fitted = request.fit()
        _fits[request.key] = fitted, time.process_time() - began
    return _fits[request.key]


def table_of_january(look: Look) -> IntervalTable | None:
    """Factors of intervals from the rolling origins that are known."""
    material = Material(look.samples, look.sums, look.official[-1], look.params)
    return interval_table(later_origins(material, lambda request: fit_once(request)[0], first=0))


class Life:
    """A policy with its champion, and what it has cost."""

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self.champion: Fitted | None = None
        self._table: IntervalTable | None = None
        self._seconds, self._champions, self._kept_epochs = 0.0, 0, list[float]()
        self._trained: dict[str, int] = {"fine-tune": 0, "retrain": 0}
        self._before: tuple[Look, pd.DataFrame] | None = None
        self._errors: tuple[FigureError, ...] = ()
        self._alarms = list[Alarm]()

    def cost(self) -> dict[str, object]:
        """Trainings, champions, CPU seconds of training and gate, alarms, and how often fine-tuning moved weights."""
        moved = [epoch > 0 for epoch in self._kept_epochs]
        return {
            "policy": self.policy,
            "trained": self._trained,
            "champions": self._champions,
            "cpu_seconds": round(self._seconds, 1),
            "fine_tuned_moved": sum(moved),
            "fine_tuned": len(moved),
            "alarms": [f"{a.monitor} {a.area_id} {a.month}" for a in self._alarms],
        }

    def learn(self, look: Look, params: Params, table: IntervalTable | None) -> None:
        """Train where the policy says so, and promote what is not worse beyond noise."""
        action = self._action(look)
        if action == "none":
            return
        fitted = self._fit(look, params, self.champion if action == "fine-tune" else None)
        self._trained[action] += 1
        began = time.process_time()
        if self.champion is None or not_worse(look, fitted, self.champion):
            self.champion, self._table = fitted, table
            self._champions += 1
        self._seconds += time.process_time() - began

    def _fit(self, look: Look, params: Params, start: Fitted | None) -> Fitted:
        n, model, px = len(look.samples.months), params.model, params.sample.patch_px
        if start is None:
            fitted, seconds = fit_once(fit_request(look.samples, look.sums, n, model, px, model.seeds))
            self._seconds += seconds
            return fitted
        began = time.process_time()
        fitted = fit_model(look.samples, look.sums, n, model, px, start=start)
        self._seconds += time.process_time() - began
        self._kept_epochs.append(max(member.best_epoch for member in fitted.ensemble.members))
        return fitted

    def estimate(self, look: Look) -> Said:
        """What the champion says, as a run publishes it."""
        if self.champion is None:
            raise RuntimeError("no champion yet")
        posterior = look.posterior(self.champion)
        table = self._table or flat_table(self.champion.interval_scale)
        split = split_sd(look.sums, look.samples.months, posterior.city_mean)
        hyper, own = self.champion.ensemble.hyper, np.isfinite(look.official)
        noise = float(np.hypot(hyper.noise, hyper.shock))
        widths = [
            product_half_widths(one, look.sums, posterior.sd, posterior.city_sd, split, own, noise)
            for one in (table, flat_table(self.champion.interval_scale))
        ]
        told = honour(posterior.mean, look.official)
        estimates = with_intervals(told, reach_official(widths[0], look.sums, log_misfit(look.sums, told)))
        if self.policy == "drift":
            self._before = (look, frame_of(look, estimates))
        return Said(estimates, widths[1][80][:, -1])

    def _action(self, look: Look) -> Action:
        if self.champion is None:
            return "retrain"
        new = int(look.ledger.rows["end"].max()) > self.champion.trained.ordinal
        january = look.samples.months[-1].month == 1
        if self.policy == "retrain" and new:
            return "retrain"
        if self.policy in ("rule", "january") and january:
            return "retrain"
        if self.policy in ("rule", "fine-tune") and new:
            return "fine-tune"
        if self.policy == "drift" and self._drifted(look):
            return "retrain"
        return "none"

    def _drifted(self, look: Look) -> bool:
        """Whether a monitor alarms that had not before."""
        if self._before is None:
            return False
        before, frame = self._before
        fresh = figure_errors(new_figures(before.ledger, look.ledger), frame, published=True)
        samples = look.samples
        self._errors = carried(self._errors, fresh, samples.months[-1])
        listed = dict(zip(samples.area_ids, np.bincount(samples.district).tolist(), strict=True))
        series = light_series(
            samples.radiance, samples.observations, samples.owner, samples.row, samples.col, len(samples.area_ids)
        )
        seen = Seen(samples.months, samples.area_ids, CITY, series, samples.regimes, listed, listed, self._errors)
        known = {(one.monitor, one.area_id, one.month) for one in self._alarms}
        told = [a for a in find_drift(seen).alarms if (a.monitor, a.area_id, a.month) not in known]
        self._alarms += told
        return bool(told)


def not_worse(look: Look, challenger: Fitted, champion: Fitted) -> bool:
    """The gate's comparison on the last year of figures."""
    ours, theirs = (recent_errors(look.samples, look.sums, fitted) for fitted in (challenger, champion))
    test = diebold_mariano(ours, theirs) if len(ours) >= 6 else None
    return not (test is not None and test.difference > 0 and test.p_value < SIGNIFICANT)


def frame_of(look: Look, estimates: Estimates) -> pd.DataFrame:
    """The columns that errors on figures are found with."""
    areas, months = [*look.samples.area_ids, CITY], [str(m) for m in look.samples.months]
    return pd.DataFrame(
        {
            "area_id": np.repeat(areas, len(months)),
            "month": np.tile(months, len(areas)),
            "estimate": estimates.estimate.ravel(),
            "lower80": estimates.lower[80].ravel(),
            "upper80": estimates.upper[80].ravel(),
        }
    )
