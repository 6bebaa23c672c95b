"""Why the estimate is what it is: parts that sum to it, light credited with what it changed and with nothing else."""

import dataclasses

import numpy as np
import pytest
from assimilate_worlds import FIRST, monthly, setting_of, spans, with_light, world

from gvio.assimilate.calendar import calendar_features
from gvio.assimilate.covariance import kernels_of, output_components
from gvio.assimilate.explain import PARTS, Explanation, explain
from gvio.assimilate.hyper import START
from gvio.assimilate.observed import Setting
from gvio.assimilate.posterior import assimilate, last_pass
from gvio.errors import ModelError
from gvio.types import FloatArray

D, T = 3, 48
CLEAR = dataclasses.replace(
    START, gain=1.0, light_common=0.002, light_walk=0.002, light_season=0.002, light_shock=0.002
)
BLIND = dataclasses.replace(START, gain=1e-4)


def total(why: Explanation) -> FloatArray:
    return np.asarray(sum(getattr(why, name) for name in PARTS))


def mixed(x: FloatArray, until: int | None = None) -> Setting:
    """City monthly and district annual figures."""
    return setting_of(spans(x, 1, [-1]) + spans(x, 12, range(len(x)), until), D, T)


def change(part: FloatArray) -> FloatArray:
    return part - part.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("lit", [True, False])
def test_the_parts_sum_to_the_estimate(lit: bool) -> None:
    x = world(D, T, 1)
    z = 0.3 * x + 0.05 * np.random.default_rng(0).standard_normal(x.shape)
    z[1, 5:9] = np.nan
    setting = with_light(mixed(x), z, 0.7) if lit else mixed(x)
    posterior, why = explain(setting, START)
    np.testing.assert_allclose(total(why), posterior.mean, rtol=0, atol=1e-9)
    plain = assimilate(setting, START)
    np.testing.assert_array_equal(posterior.mean, plain.mean)
    np.testing.assert_array_equal(posterior.sd, plain.sd)


def test_the_terms_sum_to_the_prior() -> None:
    done, _ = last_pass(mixed(world(D, T, 2)), START)
    terms = output_components(done.h, done.seen.months)
    kernels = kernels_of(done.h, done.seen.months)
    for own, kernel in ((False, kernels.common), (True, kernels.own)):
        np.testing.assert_allclose(sum(c.months for c in terms if c.own is own), kernel, rtol=1e-12)
    assert {c.part for c in terms} == set(PARTS)


def test_a_light_that_says_nothing_changed_nothing() -> None:
    x = world(D, T, 1)
    noise = 0.1 * np.random.default_rng(0).standard_normal(x.shape)
    _, why = explain(with_light(mixed(x), noise), BLIND)
    assert np.abs(why.light).max() < 1e-4
    assert why.believed.max() < 1e-3
    _, without = explain(mixed(x), START)
    assert not without.light.any()
    assert not without.believed.any()


def test_what_only_light_can_tell_is_credited_to_light() -> None:
    x = world(D, T, 1, walk=0.0)
    known = mixed(x, until=24)
    x[0, 30:36] -= 0.3  # after the last figure of a district; the city's barely show whose it is
    x[1, 30:36] += np.log1p((np.exp(x[0, 30]) * (np.exp(0.3) - 1)) / np.exp(x[1, 30]))
    posterior, why = explain(with_light(known, x - 5.0), CLEAR)
    dipped = change(posterior.mean)[0, 30:36] - change(posterior.mean)[0, 18:24]
    told = change(why.light)[0, 30:36] - change(why.light)[0, 18:24]
    assert dipped.mean() < -0.2
    np.testing.assert_allclose(told, dipped, atol=0.08)
    assert why.believed[:, 36:].min() > 0.5
    assert (change(why.own)[0, 30:36] - change(why.own)[0, 18:24]).mean() < -0.15, "and it is the district's own"


def test_where_figures_speak_light_is_not_needed() -> None:
    x = world(D, T, 1)
    exact = dataclasses.replace(CLEAR, noise=0.003, light_shock=0.02)
    _, why = explain(with_light(setting_of(monthly(x, range(24)), D, T), x), exact)
    assert np.abs(why.light[:, :24]).max() < exact.noise
    assert why.believed[:, :24].max() < 0.3 < 0.8 < why.believed[:, 30:].min()


def test_a_world_of_holidays_is_explained_by_the_calendar() -> None:
    features = calendar_features([FIRST + t for t in range(T)])
    effect = features @ np.array([-0.2, *np.full(features.shape[1] - 1, 0.3)])
    x = 3.0 + np.zeros((D, 1)) + effect - effect.mean()
    hyper = dataclasses.replace(START, calendar=0.3, common_season=0.02)
    _, why = explain(setting_of(monthly(x, range(T)), D, T), hyper)
    size = {name: float(np.abs(change(getattr(why, name))).mean()) for name in PARTS}
    assert size["calendar"] > 5 * max(size[name] for name in PARTS if name != "calendar")
    np.testing.assert_allclose(change(why.calendar), change(x), atol=0.03)


@pytest.mark.parametrize(("part", "atol"), [("season", 0.02), ("common", 0.02), ("own", 0.03)])
def test_movements_are_told_apart(part: str, atol: float) -> None:
    rng = np.random.default_rng(3)
    moves = {
        "season": np.broadcast_to(np.resize(0.2 * rng.standard_normal(12), T), (D, T)),
        "common": np.broadcast_to(np.cumsum(0.03 * rng.standard_normal(T)), (D, T)),
        "own": np.cumsum(0.03 * rng.standard_normal((D, T)), axis=1),
    }
    moves["own"] = moves["own"] - moves["own"].mean(axis=0)
    x = np.asarray(3.0 + moves[part])
    _, why = explain(setting_of(monthly(x, range(T)), D, T), START)
    got = change(getattr(why, part))
    assert np.abs(got - change(x)).mean() < 0.5 * np.abs(change(x)).mean()
    assert np.abs(got).mean() > 1.5 * max(np.abs(change(getattr(why, n))).mean() for n in PARTS if n != part)
    assert np.abs(change(total(why)) - change(x)).max() < atol


def test_levels_are_in_the_level() -> None:
    x = np.array([[2.0], [3.0], [4.5]]) + np.zeros((D, T))
    _, why = explain(setting_of(monthly(x, range(T)), D, T), START)
    np.testing.assert_allclose(why.level[:, 5] - why.level[0, 5], [0, 1, 2.5], atol=0.1)
    assert not change(why.level).round(9).any()


def test_what_openings_bring_is_the_districts_own() -> None:
    x = world(D, T, 1)
    opened = np.zeros((D, T))
    opened[1, 30:] = 0.4
    setting = dataclasses.replace(mixed(x), openings=opened)
    posterior, why = explain(setting, START)
    np.testing.assert_allclose(total(why), posterior.mean, rtol=0, atol=1e-9)
    assert not change(why.level).round(9).any()


def test_doubted_light_is_credited_with_what_it_still_changed() -> None:
    x = world(D, T, 1)
    wild = x - 5.0
    wild[0, 30:] -= 2.0
    setting = with_light(mixed(x, until=24), wild)
    assert last_pass(setting, CLEAR)[0].seen.rough.max() > 1
    posterior, why = explain(setting, CLEAR)
    np.testing.assert_allclose(total(why), posterior.mean, rtol=0, atol=1e-8)
    np.testing.assert_array_equal(posterior.mean, assimilate(setting, CLEAR).mean)


def test_no_figure_is_refused() -> None:
    with pytest.raises(ModelError, match="no official figure is visible"):
        explain(setting_of([], D, T), START)
