"""Cut figures as sums to some rows, and to a run of months."""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.ledger.sums import Sums
from gvio.types import BoolArray


def select_rows(sums: Sums, keep: BoolArray, months: slice | None = None) -> Sums:
    """Rows where `keep` (n,) holds, and only columns of `months` when given.

    Rows that reach outside `months` are left out, as in `sums_matrix`.
    """
    first, last, _ = (months or slice(0, sums.n_months)).indices(sums.n_months)
    inside = keep & (sums.start >= first) & (sums.end < last)
    rows = np.flatnonzero(inside)
    # District-major columns: a run of months is a block in every district's stretch, not one slice.
    columns = (np.arange(sums.n_areas)[:, None] * sums.n_months + np.arange(first, last)).ravel()
    return dataclasses.replace(
        sums,
        G=sums.G[rows][:, columns],
        values=sums.values[rows],
        area=sums.area[rows],
        start=sums.start[rows] - first,
        end=sums.end[rows] - first,
        cumulative=sums.cumulative[rows],
        published=tuple(sums.published[int(row)] for row in rows),
        n_months=last - first,
    )
