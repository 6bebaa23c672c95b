"""Factors by kind and distance: learned where there is evidence, shrunk where there is little, recent errors first."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gvio.errors import ModelError
from gvio.evaluate.interval_calibration import (
    Residuals,
    fold_widths,
    held_out_widths,
    interval_table,
    learn_table,
    residuals_of,
)
from gvio.evaluate.scoreboard import build_scoreboard
from gvio.evaluate.scores import CityScores, FoldScores
from gvio.map.intervals import BANDS, KINDS, LEVELS, gaussian_half_width
from gvio.scoreboard.board import Subject
from gvio.scoreboard.names import AS_USED, BLIND, NAIVE, OURS
from gvio.scoreboard.scores import MapScores
from gvio.types import Month

D, T, START = 20, 108, 24


def fold(name: str, seed: int, error: float = 0.05, far: float = 1.0, start: int = START) -> FoldScores:
    """Two years of forecasts; ours is off by `error`, `far` times that from a year ahead; so says its deviation not."""
    rng = np.random.default_rng(seed)
    truth = np.exp(0.3 * rng.standard_normal((D, T)))
    scored = np.broadcast_to((np.arange(T) >= start) & (np.arange(T) < start + 24), (D, T))
    size = error * np.where(np.arange(T) - start + 1 >= 12, far, 1.0)
    noise = dict.fromkeys(NAIVE, 0.2) | {OURS: size}
    predicted = {model: truth * np.exp(sd * rng.standard_normal((D, T))) for model, sd in noise.items()}
    known = np.where(np.arange(T) < start, truth, np.nan)
    return FoldScores(name, truth, scored, predicted, np.full((D, T), 0.05), known, last_known=start - 1,
                      january=Month.parse(name.partition("+")[0]) if name[:2] == "20" else None)  # fmt: skip


def folds(far: float = 1.0, n: int = 5) -> dict[str, list[FoldScores]]:
    return {
        protocol: [fold(f"{2010 + i}-01", 10 * i + k, far=far, start=START + 12 * i) for i in range(n)]
        for k, protocol in enumerate((AS_USED, BLIND))
    }


def residuals(n: int = 400, size: float = 1.0, **columns: np.ndarray) -> Residuals:
    """Independent residuals of one kind and band, as many districts as months."""
    z = size * np.random.default_rng(0).standard_normal(n)
    rows = {"kind": np.zeros(n, int), "ahead": np.ones(n, int), "end": np.arange(n) % 20, "fold": np.zeros(n, int)}
    return Residuals(z, area=np.arange(n) // 20, januaries=(Month(2010, 1),), **(rows | columns))


def test_a_distance_that_is_three_times_too_narrow_gets_three_times_the_factor() -> None:
    table = interval_table(folds(far=3.0))
    assert table is not None
    for kind in KINDS[:2]:
        for level in LEVELS:
            near, _, middle, far = table.factors[kind][level]
            assert near == pytest.approx(1.0, abs=0.35)
            assert middle == pytest.approx(1.0, abs=0.35)
            assert far == pytest.approx(3.0, rel=0.2), (kind, level)


def test_right_deviations_are_left_as_they_are() -> None:
    table = interval_table(folds())
    assert table is not None
    assert np.array([table.factors[kind][80] for kind in KINDS]) == pytest.approx(1.0, abs=0.2)
    assert table.n[KINDS[0]] == D * 72
    assert table.n["city_blind"] == 0


def test_few_residuals_of_a_kind_stay_near_all_residuals_together() -> None:
    """Three wild figures of the city against four hundred calm ones of districts; two hundred of them do count."""
    few, many = (_with_city(n) for n in (3, 200))
    assert few.factors["city_blind"][80][0] < 2
    assert many.factors["city_blind"][80][0] > 6
    assert many.factors["districts_as_used"][80][0] < 2


def _with_city(n: int):  # type: ignore[no-untyped-def]
    calm = residuals(400)
    rng = np.random.default_rng(1)
    city = {
        "z": 10 * rng.standard_normal(n),
        "kind": np.full(n, 2),
        "ahead": np.ones(n, int),
        "area": np.full(n, -1),
        "end": np.arange(n) - n + 20,
        "fold": np.ones(n, int),
    }
    joined = {name: np.concatenate([getattr(calm, name), values]) for name, values in city.items()}
    table = learn_table(Residuals(**joined, januaries=(Month(2010, 1), Month(2011, 1))))
    assert table is not None
    return table


def test_errors_that_go_on_count_as_fewer() -> None:
    """The same wild errors, each district's all alike, move their band less than independent ones do."""
    rng = np.random.default_rng(2)
    calm = residuals(400)
    constant = np.repeat(rng.choice([-8.0, 8.0], 3), 20)
    shifting = rng.choice([-8.0, 8.0], 60)
    factors = []
    for wild in (constant, shifting):
        z = np.concatenate([calm.z, wild])
        more = {
            "kind": np.zeros(60, int),
            "ahead": np.full(60, 14),
            "area": 50 + np.arange(60) // 20,
            "end": np.arange(60) % 20,
            "fold": np.ones(60, int),
        }
        both = {name: np.concatenate([getattr(calm, name), values]) for name, values in more.items()}
        table = learn_table(Residuals(z, **both, januaries=(Month(2010, 1), Month(2011, 1))))
        assert table is not None
        factors.append(table.factors[KINDS[0]][80][3])
    assert factors[0] < 0.8 * factors[1]


def test_recent_errors_weigh_more() -> None:
    end = np.repeat(np.arange(40), 10)
    grown, shrunk = (
        learn_table(dataclasses.replace(residuals(400, end=end), z=residuals(400).z * size))
        for size in (np.where(end >= 20, 4.0, 1.0), np.where(end < 20, 4.0, 1.0))
    )
    assert grown is not None
    assert shrunk is not None
    assert grown.factors[KINDS[0]][50][0] > 1.3 * shrunk.factors[KINDS[0]][50][0]


def test_every_level_nests_whatever_the_residuals() -> None:
    rng = np.random.default_rng(3)
    for n in (20, 33, 150):
        ahead = rng.integers(1, 30, n)
        z = rng.standard_t(2, n)
        some = dataclasses.replace(residuals(n, ahead=ahead, kind=rng.integers(0, 3, n)), z=z)
        table = learn_table(some)
        assert table is not None
        for kind in KINDS:
            wide = np.array([np.multiply(table.factors[kind][lv], gaussian_half_width(lv)) for lv in LEVELS])
            assert (np.diff(wide, axis=0) >= 0).all()
            assert wide.shape == (3, len(BANDS))


def test_with_fewer_than_twenty_residuals_there_is_no_table() -> None:
    assert learn_table(residuals(19)) is None
    assert interval_table({}) is None
    assert residuals_of({"leave_one_year_out": [fold("x", 1)]}).z.size == 0


def test_residuals_that_are_not_finite_are_refused() -> None:
    bad = fold("2010-01", 1)
    ours = bad.predicted[OURS].copy()
    ours[2, START + 3] = np.nan
    with pytest.raises(ModelError, match="1 of 480 residuals are not finite"):
        residuals_of({AS_USED: [dataclasses.replace(bad, predicted=bad.predicted | {OURS: ours})]})


def test_distance_is_each_districts_own() -> None:
    """A district whose last figure lies a year before the origin is in the last band from the first month on."""
    one = fold("2010-01", 1)
    known = one.known.copy()
    known[4, START - 12 :] = np.nan
    known[5] = np.nan
    found = residuals_of({AS_USED: [dataclasses.replace(one, known=known)]})
    first = found.end == START
    assert found.ahead[first].tolist()[:5] == [1, 1, 1, 1, 13]
    assert found.ahead[first][5] > 24


def _city(fold_: FoldScores, error: float) -> FoldScores:
    total = fold_.truth.sum(axis=0)
    wrong = np.exp(error * np.random.default_rng(4).standard_normal(T))
    return dataclasses.replace(fold_, city=CityScores(total, fold_.scored[0], total * wrong, np.full(T, 0.05)))


def test_the_city_has_factors_of_its_own() -> None:
    some = folds()
    some[BLIND] = [_city(one, 0.2) for one in some[BLIND]]
    table = interval_table(some)
    assert table is not None
    assert table.factors["city_blind"][80][3] > 1.5 * table.factors["districts_blind"][80][3]
    widths = fold_widths(table, some[BLIND][0], 1)
    assert widths.city is not None
    assert widths.city[START + 20, 1] > 1.5 * widths.districts[0, START + 20, 1]


def test_a_fold_is_calibrated_on_other_januaries_only() -> None:
    """Wild later origins of its own January leave a fold as it is and widen the others."""
    some = folds(n=2)
    wild = {AS_USED: [fold("2010-01+4", 77, error=2.0, start=START + 4)]}
    before, after = held_out_widths(some, {}), held_out_widths(some, wild)
    np.testing.assert_array_equal(before[AS_USED][0].districts, after[AS_USED][0].districts)
    assert (after[AS_USED][1].districts > before[AS_USED][1].districts).all()
    alone = held_out_widths({AS_USED: some[AS_USED][:1]}, wild)[AS_USED][0]
    assert alone.districts[..., 1] == pytest.approx(0.0641, abs=1e-4)  # nothing else to learn from: its word


def test_the_scoreboard_measures_with_the_table_and_shows_it() -> None:
    some = folds(far=3.0)
    board = build_scoreboard(some, MapScores(), "ABCDEFGHIJKLMNOPQRST", Subject())
    assert set(board.document()["interval_scale"]) == {"50", "80", "95"}
    assert set(board.interval_table.factors) == set(KINDS)
    held = board.protocol(AS_USED).horizons["districts"]
    assert held["12"].coverage80 == pytest.approx(0.8, abs=0.08)
    assert held["1"].coverage80 == pytest.approx(0.8, abs=0.15)
    assert held["12"].half_width80 > 1.5 * held["3"].half_width80
    assert board.scores(AS_USED).coverage80 == pytest.approx(0.8, abs=0.08)
    assert build_scoreboard({AS_USED: []}, MapScores(), "ABCDEFGHIJKLMNOPQRST", Subject()).interval_table is None
