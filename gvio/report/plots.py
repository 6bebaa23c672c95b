"""What DVC compares between experiments: the headline numbers as JSON, and the series of its plots as CSV. Pure.

A number that is absent or not finite is left out of `metrics.json` and an empty cell of a CSV.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from gvio.report.scores import ordered_models
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import AS_USED, DISTRICTS, HORIZONS, LEVELS, PROTOCOLS

_LOSSES = ("loss", "loss_held_out")


def comparison_files(scoreboard: Scoreboard, losses: Mapping[str, Sequence[float]]) -> dict[str, bytes]:
    """The files that dvc.yaml names, by path in the workspace; `losses` as of `gvio.train.fit.losses`."""
    return {
        "metrics.json": metrics_json(scoreboard),
        "plots/skill.csv": skill_csv(scoreboard),
        "plots/coverage.csv": coverage_csv(scoreboard),
        "plots/losses.csv": losses_csv(losses),
    }


def metrics_json(scoreboard: Scoreboard) -> bytes:
    """The headline numbers by name."""
    found = {name: value for name, value in scoreboard.headline().items() if value is not None and math.isfinite(value)}
    return (json.dumps(found, indent=2, sort_keys=True) + "\n").encode()


def skill_csv(scoreboard: Scoreboard) -> bytes:
    """`model`, `within_r2`, `yoy_r2`: every model out of time as used, ours first."""
    models = scoreboard.protocol(AS_USED).models
    rows = [(name, models[name].within_r2, models[name].yoy_r2) for name in ordered_models(models)]
    return _csv(("model", "within_r2", "yoy_r2"), rows)


def coverage_csv(scoreboard: Scoreboard) -> bytes:
    """`protocol`, `months_ahead`, `level` (percent), `held` (share): districts' figures that our intervals held.

    `months_ahead` is the first month of the band (`HORIZONS`); the row of all bands together is left out.
    """
    rows = [
        (protocol, first, level, bands[band].coverage(level))
        for protocol in PROTOCOLS
        for bands in [scoreboard.protocol(protocol).horizons.get(DISTRICTS, {})]
        for band, (first, _) in HORIZONS.items()
        if band != "all" and band in bands and bands[band].n
        for level in LEVELS
    ]
    return _csv(("protocol", "months_ahead", "level", "held"), rows)


def losses_csv(losses: Mapping[str, Sequence[float]]) -> bytes:
    """`epoch` from 0, `loss`, `loss_held_out`; empty where a curve is shorter or was not measured."""
    curves = [losses.get(name, ()) for name in _LOSSES]
    rows = [(epoch, *values) for epoch, values in enumerate(zip_longest(*curves))]
    return _csv(("epoch", *_LOSSES), rows)


def _csv(head: Sequence[str], rows: Iterable[Sequence[str | float | None]]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head)
    table.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: str | float | None) -> str | float:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return value
