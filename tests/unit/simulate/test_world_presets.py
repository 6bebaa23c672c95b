import click.testing
import numpy as np
import pytest

from gvio.cli.worlds import simulate
from gvio.errors import ConfigError
from gvio.simulate.lightfiles import write_light
from gvio.simulate.onto import read_base
from gvio.simulate.presets import PRESETS, parse_preset, preset_spec
from gvio.simulate.spec import WorldSpec
from gvio.simulate.world import simulate_world
from gvio.types import Month

SIZE = {"months": 36, "n_factories": 80, "n_districts": 4, "bounds": (121.0, 31.0, 121.2, 31.15)}


def within(values):
    """(n, T) log change against the own mean."""
    logs = np.log(values)
    return logs - logs.mean(axis=1, keepdims=True)


def light_of_districts(world):
    owner = world.places.owner
    return np.array([np.nanmean(world.radiance[:, owner == d], axis=1) for d in range(owner.max() + 1)])


def agreement(name):
    """Correlation of change in districts' output with change in their light, over seeds."""
    worlds = [simulate_world(preset_spec(name, **SIZE, noise=0.05, gain_spread=0.0), seed) for seed in range(4)]
    output, light = ([within(f(w)).ravel() for w in worlds] for f in (lambda w: w.labels, light_of_districts))
    return np.corrcoef(np.concatenate(output), np.concatenate(light))[0, 1]


@pytest.mark.slow
def test_light_tells_in_a_clean_world_and_nothing_without_information():
    assert agreement("clean") > 0.5
    assert abs(agreement("no-information")) < 0.35


def test_without_information_the_light_is_the_same_whatever_is_made():
    one = simulate_world(preset_spec("no-information", **SIZE), 1)
    other = simulate_world(preset_spec("no-information", **SIZE, factory_shock=0.5, growth=0.2), 1)
    assert not np.allclose(one.labels, other.labels)
    np.testing.assert_array_equal(one.radiance, other.radiance)


@pytest.mark.slow
def test_without_information_real_light_stays_as_it_is(tmp_path):
    write_light(simulate_world(WorldSpec(**SIZE), 3), tmp_path)
    stack = read_base(tmp_path, WorldSpec()).stack
    world = simulate_world(preset_spec("no-information", n_factories=80), 1, base=stack)
    np.testing.assert_array_equal(world.radiance, stack.radiance)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("labels", ["rich", "few"])
def test_every_preset_makes_a_whole_world_with_either_kind_of_labels(name, labels):
    world = simulate_world(preset_spec(name, labels=labels, **SIZE), seed=2)
    assert (world.labels > 0).all()
    assert np.isfinite(world.radiance[world.observations > 0]).all()
    assert set(world.statistics["kind"]) == ({"current"} if labels == "rich" else {"current", "cumulative"})


def test_hard_worlds_turn_every_difficulty_that_has_a_number():
    easy, hard = preset_spec("clean"), preset_spec("hard")
    for name in ("dark_share", "unmapped_share", "position_error_m", "factory_flicker", "led_share", "gain_spread",
                 "stray_light", "cloud_season", "count_bias", "missing_share", "revision_spread", "decoys",
                 "factory_elasticity_spread", "births_share", "closures_share"):  # fmt: skip
        assert getattr(hard, name) > getattr(easy, name), name
    assert hard.regime_month is not None
    assert hard.elasticity < easy.elasticity


def test_fields_may_be_set_beside_a_preset():
    spec = parse_preset("clean", "elasticity: 0.3\nlabels: few")
    assert (spec.elasticity, spec.labels, spec.observations) == (0.3, "few", 14.0)
    assert preset_spec("clean") == parse_preset("clean", "")


def test_a_preset_knows_nothing_of_place_and_time():
    """Those would count as set, and choose a part of real light that nobody asked for."""
    assert not {"bounds", "months", "first_month", "product", "title", "area_crs"} & {
        k for p in PRESETS.values() for k in p
    }


def test_an_unknown_field_beside_a_preset_is_named():
    with pytest.raises(ConfigError, match="unknown key 'elastisity'; nearest known key is 'elasticity'"):
        parse_preset("hard", "elastisity: 1")


def run(*words):
    return click.testing.CliRunner().invoke(simulate, [str(word) for word in words])


def test_the_command_takes_presets_fields_and_real_light(tmp_path):
    small = ["--set", "months=13", "--set", "n_factories=20", "--set", "bounds=[121.0, 31.0, 121.1, 31.1]"]
    made = run(tmp_path / "city", "--seed", 1, "--preset", "clean", *small)
    assert made.exit_code == 0, made.output
    fields = ["--set", "n_factories=90", "--set", "n_districts=3", "--set", "least_factories=2"]
    planted = run(tmp_path / "pack", "--seed", 1, "--preset", "spike-in", "--onto", tmp_path / "city" / "ntl", *fields)
    assert planted.exit_code == 0, planted.output
    with np.load(tmp_path / "pack" / "truth" / "truth.npz") as truth:
        assert truth["labels"].shape == (3, 13)
        assert truth["months"][0] == str(Month(2018, 1))
        assert len(truth["fd"]) == 90


def test_real_light_is_asked_for_where_it_is_needed(tmp_path):
    refused = run(tmp_path / "x", "--seed", 1, "--preset", "spike-in")
    assert refused.exit_code == 2
    assert "real light; give its folder with --onto" in refused.output
    refused = run(tmp_path / "x", "--seed", 1, "--product", "vnp46a3")
    assert refused.exit_code == 2
    assert "give that too" in refused.output


def test_the_command_knows_every_preset(tmp_path):
    refused = run(tmp_path / "x", "--seed", 1, "--preset", "nonsense")
    assert all(name in refused.output for name in PRESETS)
