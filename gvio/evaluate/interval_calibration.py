"""Factors of intervals from rolling-origin residuals: by kind of estimate and months ahead, recent ones first.

Split conformal quantiles (Angelopoulos & Bates 2023, §1), weighted by age so that they follow a change of the world
(Barber et al. 2023), in cells that are shrunk towards their kind, the kind towards all residuals together, and those
towards the posterior.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from gvio.errors import RETRAIN, ModelError
from gvio.evaluate.scores import FoldScores
from gvio.map.intervals import BANDS, KINDS, gaussian_half_width, half_width
from gvio.scoreboard.names import AS_USED, BLIND, LEVELS, OURS
from gvio.scoreboard.scores import IntervalTable
from gvio.types import BoolArray, FloatArray, IntArray, Month

FEWEST = 20
"""With fewer residuals the posterior is taken at its word."""

_HALF_LIFE = 12.0  # months; docs/intervals.md has the measurement
_SHRINK = 20.0  # independent residuals that a cell's parent counts for
_MOST_ALIKE = 0.95
_CITY = KINDS.index("city_blind")


@dataclasses.dataclass(frozen=True, eq=False)
class Residuals:
    """Log errors of our forecasts over their standard deviation, one an entry, all (n,).

    `z` the error, signed; `kind` index into `KINDS`; `ahead` months since the area's own last figure; `area` district
    or −1; `end` month index of the figure; `fold` index into `januaries`, the month at which the fold's model was
    fitted.
    """

    z: FloatArray
    kind: IntArray
    ahead: IntArray
    area: IntArray
    end: IntArray
    fold: IntArray
    januaries: tuple[Month | None, ...]

    def take(self, chosen: BoolArray) -> Residuals:
        """Some of them."""
        columns = ("z", "kind", "ahead", "area", "end", "fold")
        return dataclasses.replace(self, **{name: getattr(self, name)[chosen] for name in columns})


def residuals_of(*sources: Mapping[str, Sequence[FoldScores]]) -> Residuals:
    """Residuals of the rolling origins, as used and blind; other protocols are not looked at.

    Raises:
        ModelError: A residual is not finite.
    """
    rows: list[FloatArray] = [np.empty((6, 0))]
    januaries: list[Month | None] = []
    for source in sources:
        for kind, protocol in enumerate((AS_USED, BLIND)):
            for fold in source.get(protocol, ()):
                found = np.concatenate([_districts(fold, kind), _city(fold)], axis=1)
                rows.append(np.concatenate([found, np.full((1, found.shape[1]), len(januaries))]))
                januaries.append(fold.january)
    z, *counted = np.concatenate(rows, axis=1)
    if not np.isfinite(z).all():
        what = f"{int((~np.isfinite(z)).sum())} of {len(z)} residuals are not finite"
        raise ModelError(what, where="calibration of intervals", hint=RETRAIN)
    kind_, ahead, area, end, number = (column.astype(np.int64) for column in counted)
    return Residuals(z, kind_, ahead, area, end, number, tuple(januaries))


def learn_table(residuals: Residuals) -> IntervalTable | None:
    """The factors; None with fewer than `FEWEST` residuals.

    Shrinking is geometric, by n / (n + 20), of all residuals together towards the posterior at its word. Residuals that
    follow each other are alike, so n is the effective number: figures, each once however many origins forecast it, less
    what their weights and their autocorrelation take away.
    """
    if len(residuals.z) < FEWEST:
        return None
    weight = 0.5 ** ((residuals.end.max() - residuals.end) / _HALF_LIFE)
    everything = np.ones(len(weight), dtype=bool)
    whole = _shrunk(residuals, weight, everything, np.ones(len(LEVELS)))
    factors, n = {}, {}
    for i, kind in enumerate(KINDS):
        mine = residuals.kind == i
        own = _shrunk(residuals, weight, mine, whole)
        cells = [_shrunk(residuals, weight, mine & _in_band(residuals, band), own) for band in BANDS]
        nested = np.maximum.accumulate(np.stack(cells) * _GAUSSIAN, axis=1) / _GAUSSIAN
        factors[kind] = {level: tuple(nested[:, j].tolist()) for j, level in enumerate(LEVELS)}
        n[kind] = len(np.unique(np.stack([residuals.area[mine], residuals.end[mine]]), axis=1).T)
    return IntervalTable(factors, n)


def interval_table(*sources: Mapping[str, Sequence[FoldScores]]) -> IntervalTable | None:
    """The table of all rolling folds, for publication."""
    return learn_table(residuals_of(*sources))


@dataclasses.dataclass(frozen=True, eq=False)
class FoldWidths:
    """Half-widths per standard level of one fold, calibrated elsewhere: `districts` (D, T, levels), `city` (T, levels)
    where the fold asks for it."""

    districts: FloatArray
    city: FloatArray | None


def held_out_widths(
    folds: Mapping[str, Sequence[FoldScores]], later: Mapping[str, Sequence[FoldScores]]
) -> dict[str, list[FoldWidths]]:
    """Half-widths of every rolling fold from the residuals of other Januaries only, whatever the protocol."""
    residuals = residuals_of(folds, later)
    out = {}
    for kind, protocol in enumerate((AS_USED, BLIND)):
        out[protocol] = [
            fold_widths(learn_table(residuals.take(_of_others(residuals, fold))), fold, kind)
            for fold in folds.get(protocol, ())
        ]
    return out


def _of_others(residuals: Residuals, fold: FoldScores) -> BoolArray:
    """(n,) residuals of models of other Januaries than the fold's."""
    other = np.array([january != fold.january for january in residuals.januaries], dtype=bool)
    return np.asarray(other[residuals.fold])


def fold_widths(table: IntervalTable | None, fold: FoldScores, kind: int) -> FoldWidths:
    """Half-widths of a fold by a table."""
    ahead = _months_since(fold.known)
    wide = np.stack([half_width(table, KINDS[kind], ahead, fold.sd, level) for level in LEVELS], axis=2)
    if fold.city is None:
        return FoldWidths(wide, None)
    ahead, sd = np.arange(len(fold.city.sd)) - fold.last_known, fold.city.sd
    return FoldWidths(wide, np.stack([half_width(table, KINDS[_CITY], ahead, sd, level) for level in LEVELS], axis=1))


_GAUSSIAN = np.array([gaussian_half_width(level) for level in LEVELS])


def _districts(fold: FoldScores, kind: int) -> FloatArray:
    area, end = np.nonzero(fold.scored)
    z = (np.log(fold.truth) - np.log(fold.predicted[OURS]))[area, end] / fold.sd[area, end]
    return np.stack([z, np.full(len(z), kind), _months_since(fold.known)[area, end], area, end])


def _city(fold: FoldScores) -> FloatArray:
    if fold.city is None:
        return np.empty((5, 0))
    end, city = np.flatnonzero(fold.city.scored), fold.city
    z = (np.log(city.truth[end]) - np.log(city.predicted[end])) / city.sd[end]
    return np.stack([z, np.full(len(z), _CITY), end - fold.last_known, np.full(len(z), -1), end])


def _months_since(known: FloatArray) -> IntArray:
    """(D, T) months since the last visible figure; the last band's where a district has none."""
    n = known.shape[1]
    seen = np.isfinite(known)
    last = np.where(seen.any(axis=1), n - 1 - np.argmax(seen[:, ::-1], axis=1), -BANDS[-1][0] - n)
    ahead: IntArray = np.arange(n) - last[:, None]
    return ahead


def _in_band(residuals: Residuals, band: tuple[int, int]) -> BoolArray:
    ahead = np.maximum(residuals.ahead, 1)
    return np.asarray((ahead >= band[0]) & (ahead <= band[1]))


def _shrunk(residuals: Residuals, weight: FloatArray, chosen: BoolArray, parent: FloatArray) -> FloatArray:
    """(levels,) factors of some residuals, shrunk towards their parent's."""
    if not chosen.any():
        return parent
    some = residuals.take(chosen)
    n = _figures(some, weight[chosen]) * _independence(some)
    own = np.log(_quantiles(some, weight[chosen]))
    return np.exp(np.log(parent) + n / (n + _SHRINK) * (own - np.log(parent)))


def _quantiles(residuals: Residuals, weight: FloatArray) -> FloatArray:
    """(levels,) weighted conformal quantiles of |z| over the Gaussian ones; never zero."""
    size = np.abs(residuals.z)
    order = np.argsort(size, kind="stable")
    reached = np.cumsum(weight[order]) / weight.sum()
    n = _figures(residuals, weight)
    rank = np.minimum(np.array(LEVELS) / 100 * (n + 1) / n, 1.0)
    at = np.minimum(np.searchsorted(reached, rank - 1e-12), len(size) - 1)
    factors: FloatArray = np.maximum(size[order][at], 1e-3) / _GAUSSIAN
    return factors


def _figures(residuals: Residuals, weight: FloatArray) -> float:
    """Effective number of figures under weights (Kish 1965), each counted once however many origins forecast it."""
    distinct = np.unique(np.stack([residuals.area, residuals.end]), axis=1).shape[1]
    return float(max(distinct * weight.sum() ** 2 / (weight**2).sum() / len(weight), 1.0))


def _independence(residuals: Residuals) -> float:
    """(1 − ρ) / (1 + ρ): the part of residuals that is new, by the correlation ρ of those that follow each other."""
    order = np.lexsort((residuals.end, residuals.area, residuals.fold))
    z, area, fold = residuals.z[order], residuals.area[order], residuals.fold[order]
    follows = (area[1:] == area[:-1]) & (fold[1:] == fold[:-1])
    if not follows.any() or not (z**2).sum():
        return 1.0
    alike = (z[1:] * z[:-1])[follows].mean() / (z**2).mean()
    rho = float(np.clip(alike, 0.0, _MOST_ALIKE))
    return (1 - rho) / (1 + rho)
