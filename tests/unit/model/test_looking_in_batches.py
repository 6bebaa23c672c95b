"""Sites are looked at batch after batch: how they are dealt changes no byte of what they show."""

import dataclasses

import numpy as np
import pytest
from model_samples import T, make_samples, training

from gvio.grid.tiles import tiles_of
from gvio.model import looking
from gvio.model.looking import batches_of
from gvio.model.normalisation import fit_and_look, look_at
from gvio.sample import surroundings

TRAIN = training(24)


@pytest.fixture(scope="module")
def samples():
    return make_samples()


def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "tiles_of", lambda shape: tiles_of(shape, 6))


def test_batches_hold_every_site_once_and_those_that_are_wanted_in_order(samples, monkeypatch):
    small_batches(monkeypatch)
    batches = list(batches_of(samples, 5, np.array([3, 1])))
    assert len(batches) > 1
    assert sorted(np.concatenate([b.sites for b in batches])) == [0, 1, 2, 3]
    for batch in batches:
        assert batch.patches.shape == (5, 5, len(batch.chosen))
        assert np.isin(batch.own, batch.pixels).all()
        wanted = [s for s in batch.sites if s in (1, 3)]
        assert [(3, 1)[at] for at in batch.chosen] == wanted


def test_what_sites_show_does_not_depend_on_their_batch(samples, monkeypatch):
    one = fit_and_look(samples, TRAIN, 5)
    small_batches(monkeypatch)
    many = fit_and_look(samples, TRAIN, 5)
    for field in dataclasses.fields(one[0]):
        np.testing.assert_array_equal(*(getattr(found[0], field.name) for found in (one, many)), err_msg=field.name)
    for name in ("dynamic", "around"):
        np.testing.assert_array_equal(*(getattr(found[1], name) for found in (one, many)), err_msg=name)


def test_some_sites_show_what_they_show_among_all(samples):
    normalisation, whole = fit_and_look(samples, TRAIN, 5)
    few = np.array([2, 0])
    again, some = fit_and_look(samples, TRAIN, 5, few)
    np.testing.assert_array_equal(again.own_movement, normalisation.own_movement, err_msg="of all sites")
    np.testing.assert_array_equal(some.dynamic, whole.dynamic[few])
    later = look_at(samples, normalisation, 5, few)
    np.testing.assert_array_equal(later.around, look_at(samples, normalisation, 5).around[few])
    assert later.dynamic.shape == (2, T, 2, 3)


def test_a_region_in_tiles_is_the_region_in_one_piece_up_to_rounding(samples, monkeypatch):
    whole = fit_and_look(samples, TRAIN, 5)
    small_batches(monkeypatch)
    monkeypatch.setattr(surroundings, "tiles_of", lambda shape: tiles_of(shape, 6))
    tiled = fit_and_look(samples, TRAIN, 5)
    for name in ("rings", "background", "spread", "own_movement"):
        np.testing.assert_allclose(*(getattr(found[0], name) for found in (tiled, whole)), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(tiled[1].dynamic, whole[1].dynamic, atol=1e-4)
