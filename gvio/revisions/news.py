"""The change of an estimate between two releases as a sum of parts, one an input that is another now."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal

from gvio.types import FloatArray, Month

Part = Literal["pack", "reprocessed_light", "model", "new_light", "revised_figures", "new_figures", "raking"]
PARTS: tuple[Part, ...] = (
    "pack",
    "reprocessed_light",
    "model",
    "new_light",
    "revised_figures",
    "new_figures",
    "raking",
)
"""In the order in which inputs are exchanged; `raking` is the step that honours public figures exactly."""


@dataclasses.dataclass(frozen=True, eq=False)
class News:
    """The change of the log estimate between two releases, split; of the districts and months that both have.

    Attributes:
        area_ids: (D,) districts.
        months: (T,) months.
        parts: (D, T) of each of `PARTS`; they sum to `change`.
        change: (D, T) log of the new estimate over the one before.
        together: Parts that cannot be told apart; all that they did stands under the first of them. Empty: none.
    """

    area_ids: tuple[str, ...]
    months: tuple[Month, ...]
    parts: Mapping[Part, FloatArray]
    change: FloatArray
    together: tuple[Part, ...]
