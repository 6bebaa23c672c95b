"""What a release's outlines say of its districts beside their shape: how large they are, and in which group."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from gvio.report.places import geodesic_km2


@dataclasses.dataclass(frozen=True)
class Land:
    """By area_id: `km2` on the ellipsoid, of the city too; `groups`, of districts that have one."""

    km2: Mapping[str, float]
    groups: Mapping[str, str]


def land_of(table: pd.DataFrame, shapes: npt.NDArray[np.object_], city: str | None) -> Land:
    """From `gvio.publish.outlines.outline_table`: area_id and group, and shapes in degrees."""
    km2 = {str(area): geodesic_km2(shape) for area, shape in zip(table["area_id"], shapes, strict=True)}
    groups = {str(area): str(group) for area, group in zip(table["area_id"], table["group"], strict=True) if group}
    return Land(km2 if city is None else {**km2, city: sum(km2.values())}, groups)
