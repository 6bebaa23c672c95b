"""What light itself is worth: our own assimilation against the same without light.

A prior that extrapolates beats naive forecasts without any light. Skill that is claimed for a map of light must be
light's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from gvio.evaluate.paired import tested_against
from gvio.evaluate.scores import FoldScores, score_folds
from gvio.scoreboard.names import NO_LIGHT, OURS, SIGNIFICANT


@dataclasses.dataclass(frozen=True)
class LightWorth:
    """Within-district R² `with_light` and `without`, and the `p_value` of the Diebold–Mariano test between them."""

    with_light: float
    without: float
    p_value: float | None

    @property
    def proven(self) -> bool:
        """Whether light adds something beyond chance."""
        return self.with_light > self.without and self.p_value is not None and self.p_value < SIGNIFICANT

    @property
    def sentence(self) -> str:
        """For people."""
        both = f"{self.with_light:z.2f} with it, {self.without:z.2f} without"
        if self.proven:
            return f"Light itself adds to this beyond chance ({both})."
        if self.with_light > self.without:
            return f"What light itself adds to this could be chance ({both})."
        return f"Light itself adds nothing to this ({both})."


def light_worth(folds: Sequence[FoldScores]) -> LightWorth | None:
    """None where the estimate without light was not scored."""
    if not folds or any(NO_LIGHT not in fold.predicted for fold in folds):
        return None
    scores = score_folds(folds)
    ours, dark = (scores[name].within_r2 for name in (OURS, NO_LIGHT))
    if ours is None or dark is None:
        return None
    test = tested_against(folds, NO_LIGHT)
    return LightWorth(ours, dark, None if test is None else test.p_value)
