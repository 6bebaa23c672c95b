"""Scores of maps for people: of the grid summed to districts that it was not told of, and against planted truth."""

from __future__ import annotations

import pandas as pd

from gvio.report.scores import MODELS, SIZES, emphasised, ordered_models, show
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import SCALES_KM, size_name
from gvio.words import tr


def held_out_map_table(scoreboard: Scoreboard) -> pd.DataFrame:
    """R² of the grid summed to held-out districts, a row per way of mapping; empty when not measured."""
    maps = scoreboard.maps.held_out_districts
    order = ordered_models(maps)
    values = [maps[m].r2 for m in order]
    titles = pd.Index([tr(MODELS.get(m, m)) for m in order], name=tr("Map"))
    return pd.DataFrame(
        {tr("R², held-out districts"): emphasised(values, [show(v, "number") for v in values], "r2")}, titles
    )


def truth_map_table(scoreboard: Scoreboard) -> pd.DataFrame:
    """Pixel R² against planted truth, a row per way of mapping and a column per resolution; empty without truth."""
    truth = scoreboard.maps.truth
    sizes = [*(size for size in SIZES if size in truth), *sorted(set(truth) - set(SIZES))]
    order = ordered_models(m for block in truth.values() for m in block)
    columns = {
        tr("R², {resolution}", resolution=_resolution(size)): emphasised(
            values, [show(v, "number") for v in values], "r2"
        )
        for size in sizes
        for values in [[truth[size].get(m) for m in order]]
    }
    return pd.DataFrame(columns, index=pd.Index([tr(MODELS.get(m, m)) for m in order], name=tr("Map")))


def _resolution(size: str) -> str:
    km = next((km for km in SCALES_KM if size_name(km) == size), None)
    return tr(SIZES.get(size, size)) if km is None else tr("{km} km", km=format(km, "g"))
