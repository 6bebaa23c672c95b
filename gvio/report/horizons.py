"""What intervals held by months ahead, with a verdict: of a share of few figures as much as it can bear."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from gvio.report.score_charts import BANDS
from gvio.report.scores import HELD80, PROTOCOLS, show
from gvio.scoreboard.board import ProtocolScores, Scoreboard
from gvio.scoreboard.names import AS_USED, BLIND, CITY, DISTRICTS, LEVELS
from gvio.scoreboard.scores import HeldShares

_CHANCE = 0.05


def horizon_table(protocol: ProtocolScores) -> pd.DataFrame:
    """A row for districts and city at each number of months ahead: shares held, figures, verdict; empty without any."""
    rows, index = [], []
    for area in (DISTRICTS, CITY):
        bands = protocol.horizons.get(area, {})
        for band in (band for band in BANDS if band in bands and bands[band].n):
            held = bands[band]
            shares = [show(held.coverage(level), "percent") for level in LEVELS]
            rows.append([verdict_of(held), *shares, show(held.n, "count")])
            index.append(f"{area}, {BANDS[band]} months ahead")
    columns = ["80 % interval", *(f"{level} % held" for level in LEVELS), "Figures"]
    return pd.DataFrame(rows, columns=columns, index=pd.Index(index, name="Intervals of"))


def verdict_of(held: HeldShares) -> str:
    """What a share of `n` figures says of an 80 % interval: chance is left its room, or few figures accuse anybody.

    Binomial tests of one side; figures of one month err alike, so that its room is rather small.
    """
    from scipy.special import bdtr, bdtrc  # which the first sight of a page need not wait for

    if held.coverage80 is None or not held.n:
        return "not measured"
    n, low, high = round(held.n), *HELD80
    inside = round(held.coverage80 * n)
    if bdtr(inside, n, low) < _CHANCE:
        return "too narrow"
    if bdtrc(inside - 1, n, high) < _CHANCE:
        return "wider than needed"
    return "holds" if low <= held.coverage80 <= high else "could be chance"


def horizon_sentences(scoreboard: Scoreboard) -> Iterator[str]:
    """A warning for each test and reach at which the districts' 80 % interval is too narrow."""
    for protocol in (AS_USED, BLIND):
        bands = scoreboard.protocol(protocol).horizons.get(DISTRICTS, {})
        found = [band for band in BANDS if band in bands and verdict_of(bands[band]) == "too narrow"]
        if found:
            reach = {band: "in all" if band == "all" else f"at {BANDS[band]} months ahead" for band in found}
            said = ", ".join(f"{_inside(bands[band])} {reach[band]}" for band in found)
            title = PROTOCOLS[protocol][0]
            yield f"{title}: intervals of districts are too narrow. The 80 % interval held {said}."


def _inside(held: HeldShares) -> str:
    n = round(held.n or 0)
    return f"{round((held.coverage80 or 0.0) * n)} of {n} figures"
