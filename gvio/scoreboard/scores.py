"""The parts of a scoreboard: scores of models, tests, intervals by horizon, districts, maps."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from pydantic import Field, StrictFloat, StrictInt, StrictStr

from gvio.scoreboard.document import Part, Score


class ModelScores(Part):
    """A model under a protocol; `n` figures were scored.

    Only ours has published intervals, hence coverage. `crps` (continuous ranked probability score) and
    `interval_score80` (of the central 80 % interval) are of log output and set for models that have a distribution:
    each model's own, before any calibration (Gneiting & Raftery 2007). Lower is better.
    """

    pooled_r2: Score = None
    within_r2: Score = None
    yoy_r2: Score = None
    mape: Score = None
    mase: Score = None
    n: Score = None
    coverage50: Score = None
    coverage80: Score = None
    coverage95: Score = None
    crps: Score = None
    interval_score80: Score = None

    def value(self, metric: str) -> float | None:
        """The score of that name, a field of this class."""
        found: float | None = getattr(self, metric)
        return found


class DieboldMariano(Part):
    """Whether model A loses less than B (Diebold & Mariano 1995, corrected as Harvey et al. 1997).

    Attributes:
        difference: Mean loss of A minus mean loss of B; negative favours A.
        statistic: Corrected t statistic, n − 1 degrees of freedom.
        p_value: Two-sided.
        n: Months compared.
    """

    difference: StrictFloat
    statistic: StrictFloat
    p_value: StrictFloat
    n: StrictInt


class Moran(Part):
    """Moran's I of the districts' mean log errors.

    Attributes:
        i: Near 1: neighbours err alike; near `expected`: no pattern; negative: neighbours err oppositely.
        expected: −1 / (n − 1), without any pattern.
        p_value: Two-sided, share of random rearrangements at least as far from `expected`.
        n: Districts.
    """

    i: StrictFloat
    expected: StrictFloat
    p_value: StrictFloat
    n: StrictInt


class HeldShares(Part):
    """What the intervals of `n` figures held, and the mean half-width of the logarithm at 80 %."""

    n: Score = None
    coverage50: Score = None
    coverage80: Score = None
    coverage95: Score = None
    half_width80: Score = None

    def coverage(self, level: int) -> float | None:
        """The share inside the interval of a level in percent."""
        found: float | None = getattr(self, f"coverage{level}")
        return found


Horizons = Mapping[str, Mapping[str, HeldShares]]
"""Area (`DISTRICTS`, `CITY`) → band of `HORIZONS` → what intervals held."""


class DistrictRow(Part):
    """A district: `labels` of its own figures visible at the last origin, `scored` figures, `skill` against the best
    naive forecast (1 − ratio of squared log errors), `within_r2` and `mape` of ours, `rival_mape`."""

    name: StrictStr
    labels: StrictInt
    skill: StrictFloat
    scored: StrictInt | None = None
    within_r2: Score = None
    mape: Score = None
    rival_mape: Score = None


class LevelScores(Part):
    """Of districts left out whole: `log_r2` of their level (mean log over their figures), and `total_error`, the mean
    over districts of |sum of estimates − sum of figures| / sum of figures."""

    log_r2: Score = None
    total_error: Score = None


class PlaceboResult(Part):
    """Gains over no light at one origin: 1 − squared log error with light / without it, as used.

    Attributes:
        origin: First month of the test.
        gain: `TRUE`, `MONTHS` and `FACTORIES` → gain.
        p_value: The same keys → Diebold–Mariano of monthly losses with and without light; None where they are the same
            or months are too few.
        passed: Whether no placebo gains anything that counts and that chance does not explain.
    """

    origin: StrictStr
    gain: Mapping[str, Score]
    p_value: Mapping[str, Score] = Field(default_factory=dict)
    passed: bool


class HeldOutScores(Part):
    """Of the grid summed to districts that were left out of its fit: `r2` pooled over district-months, `log_r2` of log
    output, `log_rmse`."""

    r2: Score = None
    log_r2: Score = None
    log_rmse: Score = None


TruthScores = Mapping[str, Mapping[str, Score]]
"""`NATIVE` or `size_name` → map → R² against the known truth."""


class MapScores(Part):
    """Of the maps, by map: against districts left out, and against the truth where it is known."""

    held_out_districts: Mapping[str, HeldOutScores] = Field(default_factory=dict)
    truth: TruthScores = Field(default_factory=dict)


class LightInDistrict(Part):
    """What light does in a district, as means over months: share by which it `moved` the estimate, and share of what
    figures leave open that it settled (`believed`)."""

    name: StrictStr
    moved: Score = None
    believed: Score = None


@dataclasses.dataclass(frozen=True)
class IntervalTable:
    """Factors on the posterior's standard deviation: `factors[kind][level]`, one per band; `n` figures behind each
    kind."""

    factors: Mapping[str, Mapping[int, tuple[float, ...]]]
    n: Mapping[str, int]
