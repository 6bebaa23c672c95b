"""A dynamic factor model of districts, the city and light.

Bańbura & Modugno (2014), J. Appl. Econom. 29:133–160, as `statsmodels` has it in `DynamicFactorMQ`: common factors with
their own dynamics, autoregressive rests, gaps and the ragged edge by the Kalman filter, parameters by EM. What is
modelled is the change of log output from month to month less its usual season. Longer sums come in as the months they
were taken apart into: as the library's quarterly series they did worse (docs/measurements/judges-tried.md). The usual
growth of every district is the city's: over two years its own is noise.
"""

from __future__ import annotations

import functools
import warnings
from typing import Any

import numpy as np
import pandas as pd

from gvio.compare.forecast import Forecast, light_of_a_year, to_city
from gvio.compare.known import YEAR, CompareInput, Known, best_known, complete, seasonal_fill
from gvio.types import FloatArray

_FACTORS = 2
_FEWEST = 2 * YEAR  # changes that a series needs
_STEPS = 50  # of EM; more changed no score of the tuning worlds by 0.01
_MOST_SERIES = 120  # beyond, the filter takes minutes
_NO_MODEL = 0.2  # standard deviation of the logarithm where there are too few months for a model
_MAX_LOG_STEP = 0.5  # a month's change beyond it is an accident
_STILL = 1e-6  # standard deviation of a series that does not change


def dynamic_factors(given: CompareInput) -> Forecast:
    """Districts by the model's changes after the origin, reconciled to the city where it is public: path, sd (D, T).

    Its parameters are learned from what is known up to the origin; light and the city's figures after it are filtered.
    Too few months or too many districts: the seasonal naive.

    Raises:
        ModelError: As for `best_known`.
    """
    known = best_known(given)
    path, origin = seasonal_fill(known.districts), given.origin
    sd = np.full(path.shape, _NO_MODEL)
    rest, usual = _changes(given, known)
    own = [d for d in range(len(path)) if f"d{d}" in rest]
    if own and rest.shape[1] <= _MOST_SERIES:
        change, spread = _predicted(rest, usual, origin)
        for d in own:
            ahead = np.clip(change[f"d{d}"].to_numpy()[origin:], -_MAX_LOG_STEP, _MAX_LOG_STEP)
            path[d, origin + 1 :] = path[d, origin] * np.exp(np.cumsum(ahead))
            sd[d, origin + 1 :] = np.sqrt(np.cumsum(spread[f"d{d}"].to_numpy()[origin:] ** 2))
    return to_city(known, complete(known, path), np.clip(sd, 1e-3, None))


def _changes(given: CompareInput, known: Known) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Changes of log output from the second month on, taken apart: their rest without season, and the usual change of
    the month with the city's growth. Columns `city`, `l0`… of light, `d0`… of districts; what is known too shortly
    up to the origin, or does not change, is left out.
    """
    rows = {"city": known.city_public}
    rows |= {f"l{d}": row for d, row in enumerate(light_of_a_year(given))}
    rows |= {f"d{d}": known.districts[d] for d in np.flatnonzero(known.labelled)}
    index = pd.period_range(str(given.months[0]), periods=len(given.months), freq="M")
    table = pd.DataFrame({name: np.log(row) for name, row in rows.items()}, index=index).diff().iloc[1:]
    past = table.iloc[: given.origin]
    month = np.array([m.month for m in given.months[1:]])
    season = past.groupby(month[: len(past)]).mean().reindex(range(1, YEAR + 1)).fillna(past.mean())
    usual = season.loc[month].set_axis(table.index)
    rest = table - usual
    growth = past["city"].mean() if past["city"].notna().any() else past.mean()
    kept = ((past.notna().sum() >= _FEWEST) & (rest.iloc[: given.origin].std() > _STILL)).to_numpy()
    return rest.loc[:, kept], (usual - season.mean() + growth).loc[:, kept]


def _predicted(rest: pd.DataFrame, usual: pd.DataFrame, origin: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Changes and their standard deviations, given all of the table.

    The spread is per month of what becomes of the sum of many: (1 + φ) / (1 − φ) of the variance of a column whose rest
    returns by φ.
    """
    past = rest.iloc[:origin]
    learned = _learned(past.to_numpy().tobytes(), tuple(rest.columns), str(rest.index[0]))
    found = learned.apply(rest, retain_standardization=True).get_prediction(
        start=0, end=len(rest) - 1, information_set="smoothed"
    )
    mean = pd.DataFrame(np.asarray(found.predicted_mean), rest.index, rest.columns).fillna(0.0) + usual
    phi: FloatArray = np.clip(np.asarray(learned.params[[f"L1.eps_M.{name}" for name in rest.columns]]), -0.9, 0.5)
    spread = np.asarray(found.se_mean) * np.sqrt((1 + phi) / (1 - phi))
    return mean, pd.DataFrame(spread, rest.index, rest.columns).fillna(_NO_MODEL)


@functools.lru_cache(maxsize=4)  # blind and as used have learned the same
def _learned(data: bytes, columns: tuple[str, ...], first: str) -> Any:
    """The model's results on months up to the origin; `data` the rows of `columns` as float64."""
    from statsmodels.tsa.statespace.dynamic_factor_mq import DynamicFactorMQ

    rows = np.frombuffer(data).reshape(-1, len(columns))
    table = pd.DataFrame(rows, columns=list(columns), index=pd.period_range(first, periods=len(rows), freq="M"))
    model = DynamicFactorMQ(table, factors=min(_FACTORS, len(columns)), factor_orders=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels shows its own of convergence always, once it is loaded
        return model.fit(maxiter=_STEPS, disp=False)
