"""The ensemble: who leaves which year out, and how its readings become one measurement."""

import dataclasses

import numpy as np
import pytest
import torch
from train_worlds import FIRST, D, months_of, no_figures, output_of, panel_of, setting_of

from gvio.assimilate.hyper import START
from gvio.assimilate.learn import learn_hyper
from gvio.errors import ModelError
from gvio.ledger.select import select_rows
from gvio.model.panel import Panel
from gvio.model.sacnn import EMPTY, Architecture
from gvio.stages.workers import Threads
from gvio.train.ensemble import Ensemble, Reading, measurement, read_light, train_ensemble, year_blocks
from gvio.train.loop import Member, Optimisation, new_network

T = 36
HOW = Optimisation(epochs=4, learning_rate=0.02, weight_decay=0.05, seed=7)
NET = Architecture(4, 3)


@pytest.fixture(scope="module")
def x():
    return output_of(T, 0)


@pytest.fixture(scope="module")
def panel(x):
    return panel_of(x)


def train(panel, setting, how, size, hyper_months=72, hyper=START, **options):
    """As a fit does: first what figures say by themselves, then the members."""
    hyper = learn_hyper(setting, hyper, window=hyper_months)
    return train_ensemble(panel, months_of(T), setting, NET, how, size, hyper, hyper_months=hyper_months, **options)


@pytest.fixture(scope="module")
def trained(x, panel):
    told = []
    workers = Threads(lambda *at: told.append(at), 2)
    return train(panel, setting_of(x), HOW, 3, hyper_months=24, workers=workers), told


def _districts_only(x, length: int = 1):
    setting = setting_of(x, (length,))
    return dataclasses.replace(setting, sums=select_rows(setting.sums, setting.sums.area >= 0))


def untrained(*seeds: int) -> Ensemble:
    members = []
    for seed in seeds:
        weights = new_network(NET, seed).state_dict()
        weights["where.bias"] = torch.tensor([float(seed)])  # another level for every member
        members.append(Member(weights, 0, (), ()))
    return Ensemble(NET, tuple(members), START)


def reading(seed: int = 0, size: int = 3) -> Reading:
    by_member = np.random.default_rng(seed).standard_normal((size, D, T))
    return Reading(by_member, np.full(D, 1 / D), np.ones((D, T)), np.ones(D))


def of(light: Reading, panel: Panel) -> Reading:
    """The readings, seen as well as the panel was."""
    return dataclasses.replace(light, precision=panel.precision, rough=panel.rough)


def test_blocks_of_years_are_fixed_by_the_calendar():
    months = months_of(T)
    blocks = year_blocks(months, 3)
    np.testing.assert_array_equal(blocks, np.repeat([2016 % 3, 2017 % 3, 2018 % 3], 12))
    np.testing.assert_array_equal(year_blocks(months[5:], 3), blocks[5:], err_msg="whatever the first month")
    longer = year_blocks((*months, FIRST + T), 3)
    np.testing.assert_array_equal(longer[:T], blocks, err_msg="a new month changes no old block")
    assert set(year_blocks(months, 1)) == {0}


def test_a_member_does_not_train_on_the_figures_of_its_years(x, panel):
    """The first year's figures change; hyperparameters come from the last year, means over months stay."""
    y = x.copy()
    move = 0.2 * np.random.default_rng(0).standard_normal((D, 12))
    y[:, :12] += move - move.mean(axis=1, keepdims=True)
    one, two = (train(panel, _districts_only(w), HOW, 3, hyper_months=12).members for w in (x, y))
    out = 2016 % 3
    assert one[out].losses == pytest.approx(two[out].losses, rel=1e-4)
    assert one[out].held_out != pytest.approx(two[out].held_out, rel=0.1), "they only choose its epoch"
    for k in {0, 1, 2} - {out}:
        assert one[k].losses != pytest.approx(two[k].losses, rel=0.1)


def test_progress_is_told_after_every_member(trained):
    assert trained[1] == [("train", 1, 3), ("train", 2, 3), ("train", 3, 3)]
    assert [len(m.held_out) for m in trained[0].members] == [HOW.epochs + 1] * 3


def test_members_in_turn_are_byte_for_byte_those_trained_side_by_side(x, panel, trained):
    torch.manual_seed(12345)
    again = train(panel, setting_of(x), HOW, 3, hyper_months=24)
    assert again.hyper == trained[0].hyper
    for a, b in zip(again.members, trained[0].members, strict=True):
        assert all(torch.equal(a.weights[name], b.weights[name]) for name in a.weights)


def test_members_differ_by_seed_and_light_that_shows_output_is_believed(trained):
    ensemble, _ = trained
    weights = [m.weights["mix.weight"] for m in ensemble.members]
    assert not torch.equal(weights[0], weights[1])
    assert ensemble.hyper.gain > START.gain


def test_a_single_member_trains_on_everything(x, panel):
    alone = train(panel, setting_of(x), HOW, 1, hyper_months=24)
    assert alone.members[0].held_out == ()
    assert alone.members[0].best_epoch == HOW.epochs


def test_with_few_figures_every_member_trains_on_all_of_them(x, panel):
    few = _districts_only(x, 36)
    made = train(panel, few, HOW, 3, hyper_months=36)
    assert [m.held_out for m in made.members] == [(), (), ()]


def test_fine_tuning_starts_every_member_from_its_own_weights(x, panel, trained):
    ensemble, _ = trained
    how = dataclasses.replace(HOW, epochs=1, learning_rate=1e-12)
    start = [m.weights for m in ensemble.members]
    tuned = train(panel, setting_of(x), how, 3, start=start, hyper=ensemble.hyper)
    for member, weights in zip(tuned.members, start, strict=True):
        np.testing.assert_allclose(member.weights["mix.weight"], weights["mix.weight"], atol=1e-9)


def test_no_visible_figure_is_an_error(panel):
    with pytest.raises(ModelError, match="no official figure is visible"):
        train(panel, no_figures(T), HOW, 2)


def test_prior_shares_are_those_of_the_light_and_sum_to_one(panel):
    got = read_light(untrained(0, 1), panel)
    assert got.by_member.shape == (2, D, T)
    assert got.prior_share.sum() == pytest.approx(1)
    brighter = dataclasses.replace(panel, log_excess=panel.log_excess + np.where(panel.district == 1, np.log(3), 0.0))
    more = read_light(untrained(0, 1), brighter).prior_share
    np.testing.assert_allclose(more[1] / more[0], 3 * got.prior_share[1] / got.prior_share[0], rtol=0.05)
    np.testing.assert_allclose(got.by_member[1], got.by_member[0], atol=1e-5, err_msg="a level is no change")


def test_an_opening_is_no_change_of_light(panel):
    opened = panel.log_weight.copy()
    opened[panel.district == 1, :30] -= np.log(4)
    late = read_light(untrained(0), dataclasses.replace(panel, log_weight=opened))
    np.testing.assert_allclose(late.by_member, read_light(untrained(0), panel).by_member, atol=1e-4)


def test_months_before_the_first_factory_say_nothing_of_a_districts_share(panel):
    opened = panel.log_weight.copy()
    opened[panel.district == 1, :30] = -np.inf
    late = read_light(untrained(0), dataclasses.replace(panel, log_weight=opened))
    usual = read_light(untrained(0), panel)
    assert (late.by_member[0, 1, :30] == EMPTY).all()
    np.testing.assert_allclose(late.prior_share, usual.prior_share, rtol=0.3)
    never = np.where((panel.district == 1)[:, None], -np.inf, panel.log_weight)
    assert read_light(untrained(0), dataclasses.replace(panel, log_weight=never)).prior_share[1] < 1e-10


def test_a_month_is_read_by_the_member_that_left_its_year_out(panel):
    light, months = reading(), months_of(T)
    got = measurement(of(light, panel), months)
    assert got is not None
    change = light.by_member - light.by_member.mean(axis=2, keepdims=True)
    blocks = year_blocks(months, 3)
    for k in range(3):
        size = got.z[:, blocks == k] / change[k][:, blocks == k]
        np.testing.assert_allclose(size, size[0, 0], err_msg="but for one factor a member")


def test_after_training_all_members_speak(panel):
    light = reading()
    got = measurement(of(light, panel), months_of(T), trained=24)
    everything = measurement(of(light, panel), months_of(T))
    assert got is not None
    assert everything is not None
    change = light.by_member - light.by_member.mean(axis=2, keepdims=True)
    np.testing.assert_array_equal(got.z[:, :24], everything.z[:, :24])
    late = change[:, :, 24:].reshape(3, -1).T
    size, left, *_ = np.linalg.lstsq(late, got.z[:, 24:].ravel())
    assert left[0] < 1e-20
    assert (size > 0).all()
    assert size.sum() == pytest.approx(1.0, abs=0.05)
    assert not np.allclose(got.z[:, 24:], everything.z[:, 24:])


def test_levels_in_which_members_differ_do_not_enter(panel):
    light = reading()
    level = np.random.default_rng(1).standard_normal((3, D, 1))
    shifted = dataclasses.replace(light, by_member=light.by_member + 5 * level)
    seen = dataclasses.replace(panel, precision=np.where(np.arange(T) % 5 == 0, 0.0, panel.precision))
    for some in (panel, seen):
        one, two = (measurement(of(r, some), months_of(T), trained=24) for r in (light, shifted))
        assert one is not None
        assert two is not None
        np.testing.assert_allclose(one.z, two.z, atol=1e-12)


def test_a_member_that_trusts_light_less_is_not_quieter_in_its_years(trained, panel):
    reading = read_light(trained[0], panel)
    timid = reading.by_member.copy()
    timid[1] *= 0.5
    one, two = (
        measurement(of(dataclasses.replace(reading, by_member=by), panel), months_of(T)).z
        for by in (reading.by_member, timid)
    )
    ratio = np.array([np.std(two[:, own]) / np.std(one[:, own]) for own in np.arange(T).reshape(3, 12)])
    assert np.ptp(ratio) < 0.02 * ratio.mean()


def test_what_was_hardly_seen_is_no_measurement(panel):
    precision = panel.precision.copy()
    precision[1, 4], precision[2, 5], precision[0, 6] = 0.0, 0.09, 0.1
    light = reading()
    got = measurement(dataclasses.replace(of(light, panel), precision=precision), months_of(T))
    assert got is not None
    assert list(zip(*np.nonzero(np.isnan(got.z)), strict=True)) == [(1, 4), (2, 5)]
    assert got.precision.min() == pytest.approx(0.1), "a precision divides: it is never nought"
    wild = light.by_member.copy()
    wild[:, 1, 4] = 1e6
    again = measurement(dataclasses.replace(of(light, panel), by_member=wild, precision=precision), months_of(T))
    assert again is not None
    np.testing.assert_array_equal(again.z, got.z, err_msg="an unseen month does not enter the level either")


def test_a_month_without_a_working_factory_is_no_measurement(panel):
    light = reading()
    by_member = light.by_member.copy()
    by_member[:, 2, :9] = EMPTY
    got = measurement(of(dataclasses.replace(light, by_member=by_member), panel), months_of(T))
    assert got is not None
    assert np.isnan(got.z[2, :9]).all()
    assert np.isfinite(got.z[:2]).all()
    assert np.abs(got.z[2, 9:]).max() < 5


def test_light_never_seen_is_no_measurement(panel):
    dark = dataclasses.replace(panel, precision=np.zeros_like(panel.precision))
    assert measurement(of(reading(), dark), months_of(T)) is None
