"""What intervals held by months ahead, with a verdict: of a share of few figures as much as it can bear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from gvio.report.score_charts import BANDS
from gvio.report.scores import HELD80, PROTOCOLS, show
from gvio.scoreboard.board import ProtocolScores, Scoreboard
from gvio.scoreboard.names import AS_USED, BLIND, CITY, DISTRICTS, LEVELS
from gvio.scoreboard.scores import HeldShares
from gvio.words import listed, marked, tr

_CHANCE = 0.05
_AREAS: Mapping[str, str] = {DISTRICTS: marked("districts"), CITY: marked("city")}
_NARROW = marked("too narrow")


def horizon_table(protocol: ProtocolScores) -> pd.DataFrame:
    """A row for districts and city at each number of months ahead: shares held, figures, verdict; empty without any."""
    rows, index = [], []
    for area in (DISTRICTS, CITY):
        bands = protocol.horizons.get(area, {})
        for band in (band for band in BANDS if band in bands and bands[band].n):
            held = bands[band]
            shares = [show(held.coverage(level), "percent") for level in LEVELS]
            rows.append([tr(verdict_of(held)), *shares, show(held.n, "count")])
            index.append(tr("{areas}, {months} months ahead", areas=tr(_AREAS[area]), months=_months(band)))
    held_shares = (tr("{level} % held", level=level) for level in LEVELS)
    columns = [tr("80 % interval"), *held_shares, tr("Figures")]
    return pd.DataFrame(rows, columns=columns, index=pd.Index(index, name=tr("Intervals of")))


def _months(band: str) -> str:
    return tr("all") if band == "all" else BANDS[band]


def verdict_of(held: HeldShares) -> str:
    """What a share of `n` figures says of an 80 % interval: chance is left its room, or few figures accuse anybody;
    in English.

    Binomial tests of one side; figures of one month err alike, so that its room is rather small.
    """
    from scipy.special import bdtr, bdtrc  # which the first sight of a page need not wait for

    if held.coverage80 is None or not held.n:
        return marked("not measured")
    n, low, high = round(held.n), *HELD80
    inside = round(held.coverage80 * n)
    if bdtr(inside, n, low) < _CHANCE:
        return _NARROW
    if bdtrc(inside - 1, n, high) < _CHANCE:
        return marked("wider than needed")
    return marked("holds") if low <= held.coverage80 <= high else marked("could be chance")


def horizon_sentences(scoreboard: Scoreboard) -> Iterator[str]:
    """A warning for each test and reach at which the districts' 80 % interval is too narrow."""
    for protocol in (AS_USED, BLIND):
        bands = scoreboard.protocol(protocol).horizons.get(DISTRICTS, {})
        found = [band for band in BANDS if band in bands and verdict_of(bands[band]) == _NARROW]
        if found:
            yield tr(
                "{test}: intervals of districts are too narrow. The 80 % interval held {said}.",
                test=tr(PROTOCOLS[protocol][0]),
                said=listed(_inside(bands[band], band) for band in found),
            )


def _inside(held: HeldShares, band: str) -> str:
    of = round(held.n or 0)
    inside = round((held.coverage80 or 0.0) * of)
    if band == "all":
        return tr("{inside} of {of} figures in all", inside=inside, of=of)
    return tr("{inside} of {of} figures at {months} months ahead", inside=inside, of=of, months=BANDS[band])
