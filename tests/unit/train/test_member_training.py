"""One member: deterministic by seed, never worse than its start on what it left out, never silently NaN."""

import dataclasses

import numpy as np
import pytest
import torch
from train_worlds import lesson_of, output_of

from gvio.errors import ModelError
from gvio.model.sacnn import Architecture, Sight
from gvio.train.loop import Optimisation, apply_member, best_device, new_network, sight_loss, taught, train_member

T = 24
HOW = Optimisation(epochs=12, learning_rate=0.05, weight_decay=0.001, seed=7)
NET = Architecture(4, 9, 5)


def lessons_of(*seeds: int):
    return taught([lesson_of(output_of(T, seed), seed) for seed in seeds])


@pytest.fixture(scope="module")
def lessons():
    return lessons_of(1, 2, 3)


@pytest.fixture(scope="module")
def others():
    return lessons_of(4, 5)


def same(a, b) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_the_seed_decides_everything(lessons):
    torch.manual_seed(1)
    one = train_member(NET, lessons, HOW)
    torch.manual_seed(2)
    torch.rand(100)
    two = train_member(NET, lessons, HOW)
    other = train_member(NET, lessons, dataclasses.replace(HOW, seed=8))
    assert same(one.weights, two.weights)
    assert one.losses == two.losses
    assert not same(one.weights, other.weights)


def test_training_leaves_the_global_generator_alone(lessons):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    train_member(NET, lessons, HOW)
    np.testing.assert_array_equal(torch.rand(4), expected)
    assert same(new_network(NET, 5).state_dict(), new_network(NET, 5).state_dict())


def test_without_held_out_images_the_last_epoch_is_kept(lessons):
    member = train_member(NET, lessons, HOW)
    assert (member.best_epoch, len(member.losses), member.held_out) == (HOW.epochs, HOW.epochs + 1, ())
    assert member.losses[-1] < member.losses[0]
    fresh = new_network(NET, HOW.seed).state_dict()
    assert [name for name in fresh if torch.equal(member.weights[name], fresh[name])] == [], "every part is trained"
    sight = apply_member(NET, member.weights, lessons.inputs)
    assert float(sight_loss(sight, lessons.target)) == pytest.approx(member.losses[-1], rel=1e-5)


def test_it_learns_to_take_off_the_clutter_that_the_surroundings_show(lessons, others):
    def error(weights) -> float:
        read = apply_member(NET, weights, others.inputs).change - others.target
        return float((read - read.mean(dim=1, keepdim=True)).std())

    start = train_member(NET, lessons, dataclasses.replace(HOW, epochs=1, learning_rate=1e-9))
    learned = train_member(NET, lessons, dataclasses.replace(HOW, epochs=60))
    assert error(learned.weights) < 0.6 * error(start.weights)


def test_the_epoch_that_reads_the_held_out_images_best_is_kept(lessons, others):
    member = train_member(NET, lessons, dataclasses.replace(HOW, epochs=15), held_out=others)
    assert member.best_epoch == int(np.argmin(member.held_out))
    assert len(member.held_out) == 16
    sight = apply_member(NET, member.weights, others.inputs)
    assert float(sight_loss(sight, others.target)) == pytest.approx(min(member.held_out), rel=1e-5)


def test_where_nothing_can_be_learned_the_log_linear_reading_stays(lessons, others):
    """Held-out plants that the start reads best: every step away from it is worse."""
    far = dataclasses.replace(HOW, learning_rate=5.0)
    member = train_member(NET, lessons, far, held_out=others)
    if member.best_epoch == 0:
        assert torch.equal(member.weights["filter"], new_network(NET, HOW.seed).state_dict()["filter"])
    assert min(member.held_out) <= member.held_out[0]


def test_without_lessons_a_member_is_the_log_linear_reading(others):
    member = train_member(NET, None, HOW)
    assert (member.best_epoch, member.losses, member.held_out) == (0, (), ())
    filters = new_network(NET, HOW.seed).drawn_up(others.inputs)[0]
    assert torch.equal(filters, torch.eye(6)[:1].expand(len(filters), 6))


def test_fine_tuning_starts_from_the_given_weights(lessons, others):
    first = train_member(NET, lessons, HOW)
    again = train_member(NET, others, dataclasses.replace(HOW, epochs=1, learning_rate=1e-12), start=first.weights)
    for name, value in first.weights.items():
        torch.testing.assert_close(again.weights[name], value, msg=name)


def test_a_loss_that_is_not_finite_stops_training(lessons):
    broken = dataclasses.replace(lessons, target=lessons.target * float("nan"))
    with pytest.raises(ModelError, match=r"after epoch 0.*Lower model.learning_rate"):
        train_member(NET, broken, HOW)


def test_no_lessons_are_nothing_to_join():
    assert taught([]) is None


def test_the_loss_is_free_of_levels_and_deaf_to_what_was_not_seen():
    rng = torch.Generator().manual_seed(0)
    target, error = torch.randn(3, T, generator=rng), 0.1 * torch.randn(3, T, generator=rng)
    seen = (torch.rand(3, T, generator=rng) > 0.3).float()
    variance = torch.full((3,), 0.01)
    loss = sight_loss(Sight(target + error, seen, variance), target)
    raised = sight_loss(Sight(target + error + 5, seen, variance), target)
    torch.testing.assert_close(raised, loss)
    wild = torch.where(seen > 0, target + error, 99.0)
    torch.testing.assert_close(sight_loss(Sight(wild, seen, variance), target), loss)
    honest = torch.stack([sight_loss(Sight(target + error, seen, variance * f), target) for f in (0.1, 1.0, 10.0)])
    assert int(honest.argmin()) == 1, "a proper score: the variance that there is scores best"


def test_the_device_is_one_that_exists():
    assert best_device() in {"cpu", "cuda"}
