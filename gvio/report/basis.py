"""What an estimate of a month stands on, row by row: an official figure, a sum that covers it, or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

Basis = Literal["official", "fitted", "nowcast"]
EXPLAINED: Mapping[Basis, str] = {
    "official": "an official figure of this month is public, and the estimate keeps to it",
    "fitted": "a public figure of a longer period covers this month",
    "nowcast": "no public figure of the area itself covers this month yet",
}


def basis_of(official: float | None, kind: str) -> Basis:
    """The basis of one row of `estimates`: `official` None or NaN where no figure of just this month is public."""
    if official is not None and not pd.isna(official):
        return "official"
    return "fitted" if kind == "fitted" else "nowcast"


_ONE: Mapping[Basis, str] = {"official": "official", "fitted": "fitted to sums", "nowcast": "a nowcast"}
_MANY: Mapping[Basis, str] = {**_ONE, "nowcast": "nowcasts"}


def basis_sentence(city: Basis | None, districts: Sequence[Basis]) -> str:
    """One sentence about a month: the city's basis first, then how many districts stand on what."""
    counts = {basis: list(districts).count(basis) for basis in EXPLAINED if basis in districts}
    of_city = f"The city's estimate is {_ONE[city]}: {EXPLAINED[city]}." if city else ""
    if len(counts) == 1:
        only = next(iter(counts))
        if city == only:
            return f"The city's estimate and those of all districts are {_MANY[only]}: {EXPLAINED[only]}."
        told = f"The estimates of all districts are {_MANY[only]}: {EXPLAINED[only]}."
    else:
        parts = [
            f"{count} {basis if (count, basis) == (1, 'nowcast') else _MANY[basis]}" for basis, count in counts.items()
        ]
        told = f"Districts: {', '.join(parts)}." if parts else ""
    return " ".join(filter(None, [of_city, told]))
