"""Hyperparameters of the assimilation: standard deviations of the prior and of the light's errors, in log units.

They are few, so they are learned by maximum marginal likelihood (Rasmussen & Williams 2006, §5.4.1) and travel with
the model. `START` holds weakly informative centres; learning is pulled towards them by a log-normal prior.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Hyper:
    """Standard deviations in log output (or log light) units, `memory` in months; all positive.

    `sensitivity`: factor on `gain` of every district, in the districts' order; empty: 1 for each.
    """

    common_walk: float = 0.015  # monthly step of the movement all districts share
    common_season: float = 0.10  # month-of-year pattern all districts share
    common_shock: float = 0.02  # one-month movement all districts share
    calendar: float = (
        0.03  # effect of the lunar new year (whole fortnight in the month) and of one log unit of weekdays
    )
    level: float = 0.7  # what a district is above the prior share its light and factories give it
    walk: float = 0.01  # monthly step of a district's own movement
    season: float = 0.02  # a district's own month-of-year pattern
    shock: float = 0.005  # a district's own one-month movement
    trend: float = 0.02  # a district's own linear trend a year
    common_trend: float = 0.03  # linear trend a year all districts share
    swing: float = 0.05  # a district's own movement that fades again
    memory: float = 24.0  # months in which it has faded to 1/e
    noise: float = 0.01  # relative error of a published figure
    gain: float = 0.3  # how much of a log change of output the light measurement shows
    light_common: float = 0.05  # monthly error of light that all districts share: calibration, weather
    light_drift: float = 0.005  # monthly step of all districts' light that has nothing to do with output: gain, lamps
    light_walk: float = 0.01  # monthly step of a district's light that has nothing to do with output
    light_season: float = 0.02  # a district's month-of-year pattern of light that has nothing to do with output
    light_shock: float = 0.05  # a district's one-month error of light at full observation

    sensitivity: tuple[float, ...] = ()

    def as_dict(self) -> dict[str, float]:
        """Names and values of all but the sensitivities, JSON-serialisable."""
        return {name: float(getattr(self, name)) for name in NAMES}


START = Hyper()
NAMES = tuple(field.name for field in dataclasses.fields(Hyper) if field.name != "sensitivity")
LIGHT_NAMES = ("gain", "light_common", "light_drift", "light_walk", "light_season", "light_shock")
# A published figure is never trusted beyond 0.4 %: contradictory revisions of Shanghai differ by 1.5 %.
FLOORS = {"noise": 0.004, "walk": 0.002, "light_shock": 0.002, "light_common": 0.002, "memory": 3.0}
LOWEST, HIGHEST = 1e-4, 5.0
CEILINGS = {"memory": 120.0}
# Factory light is a thirtieth of all light in one district and a third in another; the network cannot learn all of it.
SENSITIVITY_SPREAD = 0.5
# Standard deviations by which light may move an estimate for a year before it is down-weighted.
MOST_SURPRISE = 2.8
SPREAD = 1.0  # standard deviation of the log-normal prior on a hyperparameter
# Where January and February are published together, weekdays and new year can take the place of the whole season and
# bias the split of the two months: a narrow prior keeps the calendar an adjustment.
SPREADS = {"calendar": 0.5, "memory": 0.5}
