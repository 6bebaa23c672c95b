"""How much an estimate will be revised: what a year of figures and light, if they come as they did, will settle."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from gvio.assimilate.calendar import calendar_features
from gvio.assimilate.foresight import Foresight, foresee
from gvio.assimilate.hyper import Hyper
from gvio.assimilate.observed import Measurement, Setting
from gvio.ledger.forward import YEAR, a_year_on, lengthened
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, sums_matrix
from gvio.types import Month

pytestmark = pytest.mark.usefixtures("one_thread")
FIRST, T, HYPER = Month(2018, 1), 36, Hyper()
AREAS = ("A", "B")


def sums_of(rows: list[tuple[str, int, int]], n_months: int = T) -> Sums:
    table = [
        (
            a,
            (FIRST + s).ordinal,
            (FIRST + e).ordinal,
            10.0 * (e - s + 1) * (2 if a == "CITY" else 1),
            "current",
            (FIRST + (e + 1)).last_day,
            "",
            "",
        )
        for a, s, e in rows
    ]
    return sums_matrix(
        Ledger(pd.DataFrame(table, columns=list(COLUMNS))), AREAS, "CITY", [FIRST + t for t in range(n_months)]
    )


def setting_of(rows: list[tuple[str, int, int]], lit: bool = True) -> Setting:
    light = Measurement(np.zeros((2, T)), np.full((2, T), 0.8)) if lit else None
    months = [FIRST + t for t in range(T)]
    return Setting(sums_of(rows), light, np.array([0.5, 0.5]), calendar_features(months))


CITY = [("CITY", t, t) for t in range(T)]
A_LATE = [("A", t, t) for t in range(T - 3)]  # the district's figures come three months later


def seen(rows: list[tuple[str, int, int]], lit: bool = True) -> Foresight:
    return foresee(setting_of(rows, lit), HYPER, np.full((2, T), np.log(10.0)))


def test_figures_to_come_are_the_present_ones_a_year_later_where_there_is_none_yet() -> None:
    now = sums_of([("A", t, t) for t in range(T - 3)] + [("CITY", 0, 11), ("CITY", 12, 23), ("CITY", 24, 35)])
    later, to_come = a_year_on(now, np.full((2, T + YEAR), 10.0))
    assert (later.n_months, later.G.shape[1]) == (T + YEAR, 2 * (T + YEAR))
    fresh = {
        (int(a), int(s), int(e))
        for a, s, e in zip(later.area[to_come], later.start[to_come], later.end[to_come], strict=True)
    }
    assert fresh == {(0, t, t) for t in range(T - 3, T + YEAR - 3)} | {(-1, 36, 47)}
    np.testing.assert_allclose(later.G @ np.full(2 * (T + YEAR), 10.0), later.values)
    np.testing.assert_array_equal(lengthened(now, YEAR).G.sum(axis=1), now.G.sum(axis=1))


def test_what_is_settled_stays_and_what_a_figure_will_tell_moves() -> None:
    found = seen([*CITY, *A_LATE])
    settled, newest = found.learned[0, 12:24], found.learned[0, -3:]
    assert newest.min() > 5 * settled.max()
    assert newest.min() > HYPER.noise, "the figure's own noise is part of it"
    np.testing.assert_allclose(newest, found.now[0, -3:], rtol=0.3)


def test_without_figures_to_come_only_light_and_the_city_move_an_estimate() -> None:
    some = [("A", t, t) for t in range(12)]  # a year of figures long ago, none since
    found = seen([*CITY, *some], lit=False)
    assert found.learned[0, 20] < 0.5 * found.now[0, 20], "its figures ended long ago: none is awaited"
    assert (found.learned**2 <= found.now**2 + HYPER.noise**2 + 1e-12).all()


@pytest.mark.slow
def test_the_spread_is_that_of_the_revisions_of_a_gaussian_world() -> None:
    """Worlds drawn from the prior itself: revisions have the predicted spread, and no bias."""
    from gvio.assimilate.covariance import as_tensors, kernels_of
    from gvio.assimilate.observed import months_of
    from gvio.assimilate.posterior import assimilate

    n, hyper = T + YEAR, dataclasses.replace(HYPER, level=0.1, noise=0.005)
    longer = setting_of([])
    longer = dataclasses.replace(
        longer, sums=sums_of([], n), calendar=calendar_features([FIRST + t for t in range(n)]), light=None
    )
    kernels = kernels_of(as_tensors(hyper, 2), months_of(longer))
    rows_now, rows_then = [*CITY, *A_LATE], [("CITY", t, t) for t in range(n)] + [("A", t, t) for t in range(n - 3)]
    rng, changes = np.random.default_rng(0), []
    roots = [np.linalg.cholesky(k.numpy() + 1e-10 * np.eye(n)) for k in (kernels.common - 25.0, kernels.own)]
    for _ in range(24):
        x = (
            np.log(10.0)
            + roots[0] @ rng.standard_normal(n)
            + np.stack([roots[1] @ rng.standard_normal(n) for _ in AREAS])
        )
        means = []
        for rows, months in ((rows_now, T), (rows_then, n)):
            sums = sums_of(rows, months)
            values = (sums.G @ np.exp(x[:, :months]).ravel()) * np.exp(hyper.noise * rng.standard_normal(len(rows)))
            calendar = calendar_features([FIRST + t for t in range(months)])
            given = Setting(dataclasses.replace(sums, values=values), None, np.array([0.5, 0.5]), calendar)
            means.append(assimilate(given, hyper).mean[:, :T])
        changes.append(means[1] - means[0])
    told = foresee(dataclasses.replace(setting_of(rows_now, lit=False)), hyper, np.full((2, T), np.log(10.0))).learned
    ratio = np.std([c[0, -3:] for c in changes]) / np.sqrt((told[0, -3:] ** 2).mean())
    assert 0.7 < ratio < 1.4
