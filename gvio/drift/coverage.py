"""Do the 80 % intervals still hold the figures? An e-process: evidence against them, bet by bet, month by month.

Each month a bet is laid against the share of figures that the intervals will hold: by betting on bounded means
(Waudby-Smith & Ramdas 2024, J. R. Stat. Soc. B 86:1), the wealth of an honest month is expected not to grow. Wealth
that never falls below one is the e-CUSUM of Shin, Ramdas & Rinaldo (2023, arXiv:2203.03532): with a threshold of
c, false alarms are c months apart or more on average, whatever hangs together between districts in a month.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from gvio.drift.figures import FigureError

PROMISED = 0.80
TOLERATED = 0.70
"""Share held that is still called honest: intervals of single regions hold 66 to 99 % in simulation."""
STAKE = 2.0
"""Of the bet; below 1 / (1 − `TOLERATED`), so that nothing is ever lost entirely."""
THRESHOLD = 1200.0
"""Months between false alarms, at least and on average."""


@dataclasses.dataclass(frozen=True)
class Coverage:
    """`n` figures, `held` of them in the 80 % interval, `wealth` of the bet today, as a share of the logarithm of its
    threshold, and `months` (YYYY-MM) in which it alarmed with the month since which evidence grew."""

    n: int
    held: int
    height: float
    alarms: tuple[tuple[str, str], ...] = ()

    @property
    def share(self) -> float:
        """Share held, NaN without a figure."""
        return self.held / self.n if self.n else float("nan")


def watch_coverage(errors: Sequence[FigureError]) -> Coverage:
    """Bet against the intervals, a bet a month, on the errors of all areas."""
    months = sorted({one.month for one in errors})
    wealth, since, alarms = 1.0, "", list[tuple[str, str]]()
    for month in months:
        held = [one.held for one in errors if one.month == month]
        since = month if wealth <= 1.0 else since
        wealth = max(wealth, 1.0) * (1.0 + STAKE * (TOLERATED - sum(held) / len(held)))
        if wealth >= THRESHOLD:
            alarms.append((since, month))
            wealth = 1.0
    height = max(0.0, math.log(wealth)) / math.log(THRESHOLD)
    return Coverage(len(errors), sum(one.held for one in errors), height, tuple(alarms))
