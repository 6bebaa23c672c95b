"""The figures public in a year, if they come out as they did: the present ones, and each again a year later."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import sparse

from gvio.ledger.sums import Sums
from gvio.types import BoolArray, FloatArray

YEAR = 12
_DAYS = 366


def lengthened(sums: Sums, by: int) -> Sums:
    """The same figures over `by` further months, of which they say nothing."""
    return dataclasses.replace(sums, G=_moved(sums, 0, sums.n_months + by), n_months=sums.n_months + by)


def a_year_on(sums: Sums, output: FloatArray) -> tuple[Sums, BoolArray]:
    """The present figures and, of each of an area's last year whose period a year later has none yet, the one to come.

    The rhythm of publication is that of an area's last year: what came out in it comes out again, for the period a
    year later. An area whose figures ended more than a year ago gets none.

    Args:
        sums: Present figures over T months.
        output: (D, T + 12) output, of which figures to come are the sums.

    Returns:
        Figures over T + 12 months, and (rows,) which of them are to come.
    """
    n_months = sums.n_months + YEAR
    later = dataclasses.replace(
        sums, G=_moved(sums, YEAR, n_months), start=sums.start + YEAR, end=sums.end + YEAR, n_months=n_months
    )
    later = dataclasses.replace(later, values=np.asarray(later.G @ output.ravel()))
    now = lengthened(sums, YEAR)
    known = set(_periods(now))
    fresh = _of_last_year(sums) & np.array([period not in known for period in _periods(later)], dtype=bool)
    both = dataclasses.replace(
        now,
        G=sparse.csr_array(sparse.vstack([now.G, later.G[np.flatnonzero(fresh)]], format="csr")),
        values=np.concatenate([now.values, later.values[fresh]]),
        published=(*now.published, *(later.published[int(i)] for i in np.flatnonzero(fresh))),
        area=np.concatenate([now.area, later.area[fresh]]),
        start=np.concatenate([now.start, later.start[fresh]]),
        end=np.concatenate([now.end, later.end[fresh]]),
        cumulative=np.concatenate([now.cumulative, later.cumulative[fresh]]),
    )
    return both, np.arange(len(both.values)) >= len(now.values)


def _of_last_year(sums: Sums) -> BoolArray:
    """(rows,) figures that came out within a year of their area's newest, where that is no older than a year itself."""
    day = np.array([published.toordinal() for published in sums.published], dtype=np.int64)
    newest = np.full(sums.n_areas + 2, -_DAYS)  # by area, the city and groups counted from the end
    np.maximum.at(newest, sums.area, day)
    own = newest[sums.area]
    return np.asarray((day > own - _DAYS) & (own > day.max(initial=0) - _DAYS))


def _moved(sums: Sums, by: int, n_months: int) -> sparse.csr_array:
    """G over `n_months`, every period `by` months later."""
    district, month = np.divmod(sums.G.indices, sums.n_months)
    columns = district * n_months + month + by
    shape = (sums.G.shape[0], sums.n_areas * n_months)
    return sparse.csr_array((sums.G.data, columns, sums.G.indptr), shape=shape)


def _periods(sums: Sums) -> list[tuple[bytes, int, int]]:
    """Of every figure its districts and its period: what it is a sum of."""
    every = zip(sums.start, sums.end, strict=True)
    return [(sums.districts_of(row).tobytes(), int(a), int(b)) for row, (a, b) in enumerate(every)]
