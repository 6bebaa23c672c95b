"""What an estimate of a month stands on, row by row: an official figure, a sum that covers it, or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

from gvio.words import listed, marked, sentences, tr

Basis = Literal["official", "fitted", "nowcast"]
EXPLAINED: Mapping[Basis, str] = {
    "official": marked("an official figure of this month is public, and the estimate keeps to it"),
    "fitted": marked("a public figure of a longer period covers this month"),
    "nowcast": marked("no public figure of the area itself covers this month yet"),
}
STATUS: Mapping[Basis, str] = {
    "official": marked("official"),
    "fitted": marked("fitted"),
    "nowcast": marked("nowcast"),
}
"""In one word."""


def basis_of(official: float | None, kind: str) -> Basis:
    """The basis of one row of `estimates`: `official` None or NaN where no figure of just this month is public."""
    if official is not None and not pd.isna(official):
        return "official"
    return "fitted" if kind == "fitted" else "nowcast"


_ONE: Mapping[Basis, str] = {
    "official": marked("official"),
    "fitted": marked("fitted to sums"),
    "nowcast": marked("a nowcast"),
}
_MANY: Mapping[Basis, str] = {**_ONE, "nowcast": marked("nowcasts")}


def basis_sentence(city: Basis | None, districts: Sequence[Basis]) -> str:
    """One sentence about a month: the city's basis first, then how many districts stand on what."""
    counts = {basis: list(districts).count(basis) for basis in EXPLAINED if basis in districts}
    of_city = ""
    if city:
        of_city = tr("The city's estimate is {status}: {meaning}.", status=tr(_ONE[city]), meaning=tr(EXPLAINED[city]))
    if len(counts) == 1:
        only = next(iter(counts))
        said = {"status": tr(_MANY[only]), "meaning": tr(EXPLAINED[only])}
        if city == only:
            return tr("The city's estimate and those of all districts are {status}: {meaning}.", **said)
        told = tr("The estimates of all districts are {status}: {meaning}.", **said)
    else:
        parts = [
            tr("{n} {status}", n=n, status=tr(STATUS[basis] if (n, basis) == (1, "nowcast") else _MANY[basis]))
            for basis, n in counts.items()
        ]
        told = tr("Districts: {parts}.", parts=listed(parts)) if parts else ""
    return sentences([of_city, told])
