"""The ensemble: which images a member leaves out, how readings become a measurement, and when light is set aside."""

import dataclasses

import numpy as np
import pytest
import torch
from train_worlds import D, lesson_of, no_figures, output_of, panel_of, setting_of

from gvio.assimilate.hyper import START
from gvio.assimilate.learn import learn_hyper
from gvio.errors import ModelError
from gvio.model.sacnn import Architecture
from gvio.scoreboard.names import ENOUGH_NATS
from gvio.stages.workers import Threads
from gvio.train.ensemble import Ensemble, Reading, measurement, read_light, train_members, weigh_light
from gvio.train.loop import Member, Optimisation, new_network

T = 36
HOW = Optimisation(epochs=4, learning_rate=0.02, weight_decay=0.001, seed=7)
NET = Architecture(4, 9, 5)
LESSONS = tuple(lesson_of(output_of(24, seed), seed) for seed in range(6))


@pytest.fixture(scope="module")
def x():
    return output_of(T, 0)


@pytest.fixture(scope="module")
def panel(x):
    return panel_of(x)


@pytest.fixture(scope="module")
def trained():
    told = []
    workers = Threads(lambda *at: told.append(at), 2)
    return train_members(LESSONS, NET, HOW, 3, workers=workers), told


def untrained(*seeds: int) -> Ensemble:
    return Ensemble(NET, tuple(Member(new_network(NET, s).state_dict(), 0, (), ()) for s in seeds), START)


def weighed(members, panel, setting):
    hyper = learn_hyper(setting, START, window=24)
    return weigh_light(Ensemble(NET, members, hyper), panel, setting, 24)


def test_a_member_never_trains_on_the_images_that_choose_its_epoch(trained):
    """Images 0 and 3 are left out by member 0, and learned from by the others."""
    changed = [dataclasses.replace(one, light=one.light[:, ::-1].copy()) if k in (0, 3) else one
               for k, one in enumerate(LESSONS)]  # fmt: skip
    again = train_members(changed, NET, HOW, 3)
    assert again[0].losses == trained[0][0].losses
    assert again[0].held_out != trained[0][0].held_out
    for k in (1, 2):
        assert again[k].losses != trained[0][k].losses
        assert again[k].held_out == pytest.approx(trained[0][k].held_out[:1] + again[k].held_out[1:])


def test_progress_is_told_after_every_member(trained):
    assert trained[1] == [("train", 1, 3), ("train", 2, 3), ("train", 3, 3)]
    assert [len(m.held_out) for m in trained[0]] == [HOW.epochs + 1] * 3


def test_members_in_turn_are_byte_for_byte_those_trained_side_by_side(trained):
    torch.manual_seed(12345)
    again = train_members(LESSONS, NET, HOW, 3)
    for a, b in zip(again, trained[0], strict=True):
        assert all(torch.equal(a.weights[name], b.weights[name]) for name in a.weights)
    assert not torch.equal(again[0].weights["hidden.weight"], again[1].weights["hidden.weight"])


def test_a_single_member_leaves_images_out_and_a_single_image_leaves_none(trained):
    assert len(train_members(LESSONS, NET, HOW, 1)[0].held_out) == HOW.epochs + 1
    assert train_members(LESSONS[:1], NET, HOW, 2)[1].held_out == ()
    assert train_members((), NET, HOW, 1)[0].losses == ()


def test_light_that_shows_output_is_believed(trained, x, panel):
    ensemble = weighed(trained[0], panel, setting_of(x))
    assert ensemble.evidence is not None
    assert ensemble.evidence > 10 * ENOUGH_NATS
    assert ensemble.hyper.gain > START.gain


def test_light_that_shows_nothing_is_set_aside(trained, x):
    other = panel_of(output_of(T, 99), noise=0.1)
    ensemble = weighed(trained[0], other, setting_of(x))
    assert ensemble.evidence is not None
    assert ensemble.evidence < ENOUGH_NATS
    assert ensemble.hyper.gain == pytest.approx(1e-4)
    assert ensemble.hyper.sensitivity == (1.0,) * D


def test_without_figures_nothing_says_what_light_is_worth(trained, panel):
    with pytest.raises(ModelError, match="no official figure"):
        weighed(trained[0], panel, no_figures(T))


def test_the_start_reads_the_change_of_its_sites(x, panel):
    read = read_light(untrained(1, 2), panel)
    change = x - x.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(read.change, change, atol=0.05)
    np.testing.assert_allclose(read.precision, 0.8, rtol=1e-6)
    np.testing.assert_allclose(read.rough, 1.0)
    np.testing.assert_allclose(read.prior_share, np.exp(x.mean(axis=1)) / np.exp(x.mean(axis=1)).sum(), rtol=1e-6)


def test_a_month_depends_on_no_other_month(panel, trained):
    ensemble = Ensemble(NET, trained[0], START)
    whole = read_light(ensemble, panel)
    dynamic = panel.dynamic.copy()
    dynamic[:, 20:, 0] += 0.7
    other = read_light(ensemble, dataclasses.replace(panel, dynamic=dynamic))
    np.testing.assert_array_equal(other.change[:, :20], whole.change[:, :20])
    assert (np.abs(other.change[:, 20:] - whole.change[:, 20:]) > 0.1).all()


def test_what_was_not_seen_is_no_measurement(panel):
    dynamic = panel.dynamic.copy()
    dynamic[:, 5] = 0.0
    dynamic[panel.district == 1, 7] = 0.0
    read = read_light(untrained(1), dataclasses.replace(panel, dynamic=dynamic))
    assert np.isnan(read.change[:, 5]).all()
    assert np.isnan(read.change[1, 7])
    assert np.isfinite(read.change[[0, 2], 7]).all()
    light = measurement(read)
    assert light is not None
    assert light.precision.min() == pytest.approx(0.1)


def test_nothing_was_seen_at_all(panel):
    nothing = {name: np.zeros_like(getattr(panel, name)) for name in ("dynamic", "around")}
    read = read_light(untrained(1), dataclasses.replace(panel, **nothing))
    assert measurement(read) is None
    np.testing.assert_array_equal(read.rough, 1.0)


def test_a_site_half_seen_counts_half(panel):
    """The mean of a district is that of what was seen: what was little seen shrinks nothing towards no change."""
    dynamic = panel.dynamic.copy()
    dynamic[:, 3] *= 0.25
    read = read_light(untrained(1), dataclasses.replace(panel, dynamic=dynamic))
    whole = read_light(untrained(1), panel)
    np.testing.assert_allclose(read.change[:, 3], whole.change[:, 3], rtol=1e-4)
    np.testing.assert_allclose(read.precision[:, 3], 0.2, rtol=1e-5)


def test_sites_that_open_or_close_are_not_read(panel):
    """Their weight is 0; a district that has no other site has no reading."""
    weights = np.where(panel.district == 2, 0.0, panel.site_weights)
    read = read_light(untrained(1), dataclasses.replace(panel, site_weights=weights))
    assert np.isnan(read.change[2]).all()
    assert np.isfinite(read.change[:2]).all()
    assert read.rough[2] == 1.0


def test_a_district_without_a_factory_has_no_share(panel):
    log_weight = panel.log_weight.copy()
    log_weight[panel.district == 1] = -np.inf
    read = read_light(untrained(1), dataclasses.replace(panel, log_weight=log_weight))
    assert read.prior_share[1] < 1e-9
    assert read.prior_share.sum() == pytest.approx(1)


def test_a_reading_keeps_what_members_agree_on():
    rng = np.random.default_rng(0)
    reading = Reading(rng.standard_normal((D, T)), np.ones((D, T)), np.ones(D), np.full(D, 1 / D))
    light = measurement(reading)
    assert light is not None
    np.testing.assert_array_equal(light.z, reading.change)
