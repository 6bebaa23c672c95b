"""One member: deterministic by seed, never worse than its start on what it left out, never silently NaN."""

import dataclasses

import numpy as np
import pytest
import torch
from train_worlds import output_of, panel_of, setting_of

from gvio.assimilate.hyper import START
from gvio.errors import ModelError
from gvio.model.sacnn import Architecture, as_inputs
from gvio.train.loop import Optimisation, apply_member, best_device, new_network, train_member
from gvio.train.loss import figures_loss, whiten

T = 24
HOW = Optimisation(epochs=6, learning_rate=0.02, weight_decay=0.05, seed=7)
NET = Architecture(4, 3)


@pytest.fixture(scope="module")
def inputs():
    return as_inputs(panel_of(output_of(T, 0)))


@pytest.fixture(scope="module")
def halves():
    """Figures of the first year, and of the second."""
    x = output_of(T, 0)
    setting = setting_of(x)
    early = setting.sums.end < 12
    return whiten(setting, START, x, early), whiten(setting, START, x, ~early)


def explained(white, output):
    """Figures that this output explains to the last digit."""
    own = torch.stack([design @ path for design, path in zip(white.design, output, strict=True)])
    shared = (white.shared_design @ output[..., None]).sum((0, 2))
    return dataclasses.replace(white, target=own, shared_target=shared)


def same(a, b) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_the_seed_decides_everything(inputs, halves):
    torch.manual_seed(1)
    one = train_member(NET, inputs, halves[0], HOW)
    torch.manual_seed(2)
    torch.rand(100)
    two = train_member(NET, inputs, halves[0], HOW)
    other = train_member(NET, inputs, halves[0], dataclasses.replace(HOW, seed=8))
    assert same(one.weights, two.weights)
    assert one.losses == two.losses
    assert not same(one.weights, other.weights)


def test_training_leaves_the_global_generator_alone(inputs, halves):
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    train_member(NET, inputs, halves[0], HOW)
    np.testing.assert_array_equal(torch.rand(4), expected)
    assert same(new_network(NET, 5).state_dict(), new_network(NET, 5).state_dict())


def test_without_held_out_figures_the_last_epoch_is_kept(inputs, halves):
    member = train_member(NET, inputs, halves[0], HOW)
    assert member.best_epoch == HOW.epochs
    assert (len(member.losses), member.held_out) == (HOW.epochs + 1, ())
    assert member.losses[-1] < member.losses[0]
    fresh = new_network(NET, HOW.seed).state_dict()
    assert [name for name in fresh if torch.equal(member.weights[name], fresh[name])] == [], "every part is trained"
    output, _ = apply_member(NET, member.weights, inputs)
    assert float(figures_loss(halves[0], output)) == pytest.approx(member.losses[-1], rel=1e-6)


def test_the_epoch_that_explains_the_held_out_figures_best_is_kept(inputs, halves):
    member = train_member(NET, inputs, halves[0], dataclasses.replace(HOW, epochs=15), held_out=halves[1])
    assert member.best_epoch == int(np.argmin(member.held_out))
    assert member.best_epoch > 0
    assert len(member.held_out) == 16
    output, _ = apply_member(NET, member.weights, inputs)
    assert float(figures_loss(halves[1], output)) == pytest.approx(min(member.held_out), rel=1e-6)


def test_a_member_that_learns_only_harm_falls_back_on_the_log_linear_start(inputs, halves):
    start, _ = apply_member(NET, new_network(NET, HOW.seed).state_dict(), inputs)
    content = explained(halves[1], start)  # nothing to gain
    member = train_member(NET, inputs, halves[0], HOW, held_out=content)
    assert member.best_epoch == 0
    assert member.losses[-1] < member.losses[0], "it did move"
    np.testing.assert_array_equal(apply_member(NET, member.weights, inputs)[0], start)


def test_fine_tuning_goes_on_from_the_weights_it_is_given(inputs, halves):
    first = train_member(NET, inputs, halves[0], HOW)
    before = {name: value.clone() for name, value in first.weights.items()}
    second = train_member(NET, inputs, halves[0], dataclasses.replace(HOW, seed=99), start=first.weights)
    assert second.losses[0] == pytest.approx(first.losses[-1], rel=1e-6)
    assert second.losses[-1] < second.losses[0]
    assert same(first.weights, before), "the champion's own weights stay as they are"


def test_no_steps_keep_the_start(inputs, halves):
    member = train_member(NET, inputs, halves[0], dataclasses.replace(HOW, epochs=0))
    assert (member.best_epoch, len(member.losses)) == (0, 1)
    assert same(member.weights, new_network(NET, HOW.seed).state_dict())


def test_the_log_linear_parameters_do_not_decay(inputs, halves):
    """With figures that the start explains there is no gradient: only decay moves, and not γ and β."""
    start, _ = apply_member(NET, new_network(NET, HOW.seed).state_dict(), inputs)
    content = explained(halves[0], start)
    how = dataclasses.replace(HOW, weight_decay=1.0, epochs=1)
    member = train_member(NET, inputs, content, how)
    fresh = new_network(NET, HOW.seed).state_dict()
    assert float(member.weights["gamma"]) == float(fresh["gamma"])
    assert float(member.weights["beta"]) == float(fresh["beta"])
    assert float(member.weights["mix.weight"].norm()) < float(fresh["mix.weight"].norm())


def test_a_loss_that_is_not_finite_is_an_error(inputs, halves):
    broken = dataclasses.replace(inputs, log_excess=inputs.log_excess * torch.nan)
    with pytest.raises(ModelError, match="loss is not finite after epoch 0") as caught:
        train_member(NET, broken, halves[0], HOW)
    assert str(caught.value).endswith("Lower model.learning_rate in params.yaml.")


def test_a_rate_that_explodes_is_an_error(inputs, halves):
    with pytest.raises(ModelError, match=r"loss is not finite after epoch [1-9]"):
        train_member(NET, inputs, halves[0], dataclasses.replace(HOW, learning_rate=1e30))


def test_the_device_is_a_gpu_where_there_is_one_and_products_keep_their_precision(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert best_device() == "cpu"
    assert torch.backends.cudnn.allow_tf32, "nothing is changed where there is none"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert best_device() == "cuda"
    assert not torch.backends.cudnn.allow_tf32


def test_on_a_named_device_a_member_is_the_same(inputs, halves):
    named = as_inputs(panel_of(output_of(T, 0)), "cpu")
    one, two = (train_member(NET, some, halves[0], HOW) for some in (inputs, named))
    assert same(one.weights, two.weights)
    assert {value.device.type for value in two.weights.values()} == {"cpu"}


def test_without_a_change_of_light_only_openings_move_a_member(inputs):
    """Half of the first district's factories (by weight) open in month 5."""
    opened = inputs.log_weight.clone()
    opened[inputs.district == 0, :5] -= float(np.log(2))
    _, still = apply_member(NET, new_network(NET, 3).state_dict(), dataclasses.replace(inputs, log_weight=opened))
    np.testing.assert_allclose(still[0, 5:] - still[0, 0], np.log(2), rtol=1e-5)
    np.testing.assert_allclose(still[1:], still[1:, :1].expand_as(still[1:]), rtol=1e-6)
