"""What an estimate of a month stands on, row by row: an official figure, a sum that covers it, or neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pandas as pd

Basis = Literal["official", "from sums", "nowcast"]
EXPLAINED: Mapping[Basis, str] = {
    "official": "an official figure of this month is public, and the estimate keeps to it",
    "from sums": "public figures of longer periods or larger areas cover this month",
    "nowcast": "no public figure covers this month yet",
}


def basis_of(official: float | None, kind: str) -> Basis:
    """The basis of one row of `estimates`: `official` None or NaN where no figure of just this month is public."""
    if official is not None and not pd.isna(official):
        return "official"
    return "from sums" if kind == "fitted" else "nowcast"


def basis_sentence(city: Basis | None, districts: list[Basis]) -> str:
    """One sentence about a month: the city's basis first, then how many districts stand on what."""
    counts = {basis: districts.count(basis) for basis in EXPLAINED if basis in districts}
    if len(counts) == 1 and districts:
        only = next(iter(counts))
        same = city == only
        rows = "The city's estimate and those of all districts" if same else "The estimates of all districts"
        end = f"{rows} are {_plural(only)}: {EXPLAINED[only]}."
        return end if same or city is None else f"{_of_city(city)} {end}"
    parts = ", ".join(f"{count} {_short(basis, count)}" for basis, count in counts.items())
    told = f"Districts: {parts}." if parts else ""
    return " ".join(filter(None, [_of_city(city) if city else "", told]))


def _of_city(basis: Basis) -> str:
    return f"The city's estimate is {_singular(basis)}: {EXPLAINED[basis]}."


def _singular(basis: Basis) -> str:
    return {"official": "official", "from sums": "taken from sums", "nowcast": "a nowcast"}[basis]


def _plural(basis: Basis) -> str:
    return {"official": "official", "from sums": "taken from sums", "nowcast": "nowcasts"}[basis]


def _short(basis: Basis, count: int) -> str:
    return _plural(basis) if count > 1 or basis != "nowcast" else "nowcast"
