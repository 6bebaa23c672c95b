"""The judges by the names they carry in `scoreboard.json`, and which of them are installed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import warnings
from collections.abc import Callable, Mapping

from gvio.compare.forecast import Forecast
from gvio.compare.judges.boosted import boosted
from gvio.compare.judges.factors import dynamic_factors
from gvio.compare.judges.smoothing import auto_ets
from gvio.compare.judges.temporal import chow_lin, denton, litterman
from gvio.compare.known import CompareInput, best_known
from gvio.compare.one_at_a_time import ONE_AT_A_TIME
from gvio.compare.table import require_positive
from gvio.scoreboard.names import AUTO_ETS, BOOSTED, CHOW_LIN, DENTON, DYNAMIC_FACTORS, JUDGES, LITTERMAN

_MODELS: Mapping[str, Callable[[CompareInput], Forecast]] = {
    CHOW_LIN: chow_lin,
    LITTERMAN: litterman,
    DENTON: denton,
    DYNAMIC_FACTORS: dynamic_factors,
    AUTO_ETS: auto_ets,
    BOOSTED: boosted,
}
_LIBRARIES: Mapping[str, tuple[str, ...]] = {
    CHOW_LIN: ("tempdisagg",),
    LITTERMAN: ("tempdisagg",),
    DENTON: ("tempdisagg",),
    DYNAMIC_FACTORS: ("statsmodels",),
    AUTO_ETS: ("statsforecast", "hierarchicalforecast"),
    BOOSTED: ("gpboost",),
}


def installed() -> tuple[str, ...]:
    """Names of the judges whose libraries are here, in the order of `JUDGES`."""
    return tuple(name for name in JUDGES if all(map(importlib.util.find_spec, _LIBRARIES[name])))


def missing() -> tuple[str, ...]:
    """Names of the others."""
    here = installed()
    return tuple(name for name in JUDGES if name not in here)


def libraries() -> tuple[str, ...]:
    """`name==version` of the libraries that are here: with them answers change."""
    named = sorted({library for name in installed() for library in _LIBRARIES[name]})
    return tuple(f"{name}=={importlib.metadata.version(name)}" for name in named)


def ask_judges(given: CompareInput, names: tuple[str, ...] | None = None) -> dict[str, Forecast]:
    """Forecasts of the named judges, of all that are installed when None: name → path and sd (D, T), finite and > 0.

    A judge whose library fails on the fold is left out: its fault must not take the evaluation with it.

    Raises:
        ModelError: Nothing is known at all.
    """
    best_known(given)
    out = {}
    for name in installed() if names is None else names:
        with ONE_AT_A_TIME, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of convergence; what comes out is judged
            try:
                found = _MODELS[name](given)
                require_positive(name, found.path)
                if found.sd is not None:
                    require_positive(name, found.sd)
            except Exception:  # whatever a foreign library raises; the scoreboard names who is not there
                continue
        out[name] = found
    return out
