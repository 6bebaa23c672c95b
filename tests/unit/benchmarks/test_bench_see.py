"""The benchmark of seeing: which plants it learns from, what its columns mean, how its rivals are learned."""

import dataclasses

import numpy as np
import pytest
import torch

from benchmarks.bench_see import READINGS, SQUARE_PX, _kept, readers, score
from gvio.config import ModelParams, Params
from gvio.model.panel import Panel
from gvio.plant.lessons import Lesson

SITES, T = 24, 40


def make_lesson(seed: int, noise: float = 0.05, clutter: float = 0.0) -> Lesson:
    """Plants, two a district, whose anomaly is half their change, and clutter that the near surroundings show."""
    rng = np.random.default_rng(seed)
    change = np.cumsum(0.1 * rng.standard_normal((SITES, T)), axis=1)
    around = np.zeros((SITES, T, 3), np.float32)
    around[:, :, 2] = clutter * rng.standard_normal((SITES, T))
    dynamic = np.ones((SITES, T, 2, 3), np.float32)
    seen = 0.5 * (change - change.mean(axis=1, keepdims=True)) + around[:, :, 2]
    dynamic[:, :, 0] = seen[..., None] + noise * rng.standard_normal((SITES, T, 3))
    panel = Panel(
        static=rng.standard_normal((SITES, 2, 9, 9)).astype(np.float32),
        dynamic=dynamic,
        around=around,
        traits=rng.standard_normal((SITES, 4)).astype(np.float32),
        log_excess=np.zeros(SITES),
        log_weight=np.zeros((SITES, T)),
        site_weights=np.ones(SITES),
        district=np.arange(SITES) // 2,
        n_areas=SITES // 2,
    )
    return Lesson(panel, np.arange(SITES) * 5, np.full(SITES, 3), np.exp(change))


@pytest.fixture(scope="module")
def readings():
    lessons = [make_lesson(seed, clutter=0.1) for seed in range(3)]
    return readers(lessons, Params(model=ModelParams(epochs=30)))


def test_no_plant_is_learned_from_and_judged():
    lesson = make_lesson(1)
    ((black,), (white,)) = (_kept([lesson], black=colour) for colour in (True, False))
    assert len(black.row) + len(white.row) == SITES
    assert not set(black.row.tolist()) & set(white.row.tolist())
    assert set((black.row // SQUARE_PX % 2).tolist()) == {0}
    for part in (black, white):
        total = np.zeros((part.panel.n_areas, T))
        np.add.at(total, part.panel.district, part.light)
        np.testing.assert_allclose(np.exp(part.target), total)


def test_a_colour_without_plants_has_no_lesson():
    lesson = dataclasses.replace(make_lesson(1), row=np.zeros(SITES, dtype=int))
    assert _kept([lesson], black=False) == []


def test_rivals_are_learned_from_the_same_plants(readings):
    assert tuple(readings) == READINGS
    filters = {name: weights["filter"] for name, (_, weights) in readings.items()}
    assert filters["log-linear"].tolist() == [1, 0, 0, 0, 0, 0]
    one = filters["one filter"]
    assert float(one[:3].sum()) == pytest.approx(2, abs=0.5), "half of the change is seen at the site"
    assert float(one[5]) == pytest.approx(-2, abs=0.5), "and the clutter of its surroundings is taken off"
    assert not torch.any(readings["one filter"][1]["drawn.weight"])


def test_columns_of_rivals_on_plants_that_none_has_seen(readings):
    judged = [make_lesson(seed, clutter=0.1) for seed in (11, 12)]
    table = {name: score(judged, *reading, slice(20, None)) for name, reading in readings.items()}
    correlation, slope, left, held, at_sites, left_at_sites = np.array([table[name] for name in READINGS]).T
    assert left[1] < left[0], "one filter takes off the clutter"
    assert slope[0] == pytest.approx(0.5, abs=0.1)
    assert slope[1] == pytest.approx(1, abs=0.2)
    assert (correlation[1:3] > correlation[[0, 3]] + 0.1).all(), "the others do not see the surroundings"
    assert ((held > 0.5) & (held <= 1)).all()
    assert (at_sites[1:3] > 0.8).all()
    assert (left_at_sites < 1).all()


def test_a_reading_says_how_much_it_errs(readings):
    name = "one filter"
    held = score([make_lesson(seed, clutter=0.1) for seed in (21, 22)], *readings[name], slice(0, None))[3]
    assert held == pytest.approx(0.8, abs=0.12)
