"""A kept fit is the fit that was asked for: anything that makes another model makes another key."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest
from affine import Affine
from evaluate_region import FIRST, JANUARY, PARAMS, SAMPLES, TRUE, altered, other_light
from odc.geo.geobox import GeoBox

from gvio.assimilate.hyper import START
from gvio.evaluate import fit_request as module
from gvio.evaluate.fit_request import FitRequest
from gvio.evaluate.fold_cache import KeptFits
from gvio.evaluate.placebo import placebo_gains
from gvio.evaluate.shuffles import shuffle_factories, shuffle_months
from gvio.sample.samples import Samples
from gvio.train.fit import Fitted, estimate
from gvio.types import Month

pytestmark = pytest.mark.usefixtures("one_thread")
DAY = 86_400.0


def request(**changes) -> FitRequest:
    return dataclasses.replace(TRUE.request(TRUE.sums.end < JANUARY, JANUARY), **changes)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return request().fit()


class Counted:
    """A request that counts its fits and takes a model that is there."""

    def __init__(self, request: FitRequest, model: Fitted) -> None:
        self.key, self.trained, self.made, self._model = request.key, request.trained, 0, model

    def fit(self) -> Fitted:
        self.made += 1
        return self._model


@pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(Samples)])
def test_every_field_of_the_samples_is_in_the_key(field):
    """Also those that no fit reads today: a field that is read tomorrow must not be forgotten."""
    one = request()
    samples = dataclasses.replace(one.samples, **{field: another(getattr(one.samples, field))})
    assert request(samples=samples).key != one.key


def another(value):
    """The same with its last element changed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, tuple):
        last = value[-1]
        return (*value[:-1], last + 1 if isinstance(last, Month | float) else last + "x")
    if isinstance(value, np.ndarray):
        out = value.copy()
        out.flat[-1] = not out.flat[-1] if out.dtype == bool else out.flat[-1] + 1
        return out
    if hasattr(value, "affine"):
        return GeoBox(value.shape, Affine(1 / 240, 0, 122.0, 0, -1 / 240, 31.5), value.crs)
    return value * 2


@pytest.mark.parametrize(
    "change",
    [
        {"params": PARAMS.model.model_copy(update={"epochs": 2})},
        {"patch_px": 7},
        {"size": 2},
        {"statistics": False},
        {"fixed": START},
        {"fixed": dataclasses.replace(START, sensitivity=(1.0, 1.1))},
        {"sums": TRUE.until(JANUARY - 1).sums},
        {"sums": altered(lambda area, t: area == "A" and t == 3).until(JANUARY).sums},
    ],
)
def test_everything_else_that_is_given_is_in_the_key(change):
    assert request(**change).key != request().key


def test_a_shuffled_past_is_another_request_and_so_is_the_same_shuffle_of_more_months():
    rng = np.random.default_rng
    keys = {
        TRUE.request(TRUE.sums.end < JANUARY, JANUARY, samples=samples).key
        for samples in (
            SAMPLES,
            shuffle_months(SAMPLES, rng(0)),
            shuffle_months(SAMPLES, rng(1)),
            shuffle_months(other_light(JANUARY), rng(0)),
            shuffle_factories(SAMPLES, rng(0)),
        )
    }
    assert len(keys) == 5


def test_other_source_is_another_request(monkeypatch):
    before = request().key
    monkeypatch.setattr(module, "code_digest", lambda *modules: "another")
    assert request().key != before
    assert request().trained == FIRST + (JANUARY - 1)


def test_a_fit_is_made_once_and_comes_back_to_the_last_bit(tmp_path, fitted):
    asked = Counted(request(), fitted)
    keep = KeptFits(tmp_path / "folds")
    one, again, two = keep(asked), keep(asked), KeptFits(tmp_path / "folds")(asked)
    assert asked.made == 1
    assert one is again is fitted, "the very same within a run"
    assert two is not fitted
    visible = TRUE.sums
    np.testing.assert_array_equal(*(estimate(model, SAMPLES, visible).mean for model in (one, two)))
    assert sorted(p.suffix for p in (tmp_path / "folds").iterdir()) == [".json", ".safetensors"]


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_a_damaged_or_missing_part_is_fitted_again(tmp_path, fitted, suffix):
    asked = Counted(request(), fitted)
    KeptFits(tmp_path)(asked)
    part = tmp_path / f"{asked.key}{suffix}"
    part.write_bytes(b"damaged")
    KeptFits(tmp_path)(asked)
    part.unlink()
    KeptFits(tmp_path)(asked)
    KeptFits(tmp_path)(asked)
    assert asked.made == 3


def test_a_sweep_takes_what_nobody_asked_for_and_what_is_too_much(tmp_path, fitted):
    keep = KeptFits(tmp_path, most=3)
    keys = [f"{i:016x}" for i in range(6)]
    for i, key in enumerate(keys):
        asked = Counted(request(), fitted)
        asked.key = key
        keep(asked)
        for path in tmp_path.glob(f"{key}.*"):
            os.utime(path, (i * DAY, i * DAY))
    (tmp_path / "half.safetensors").write_bytes(b"of a run that was ended")
    os.utime(tmp_path / "half.safetensors", (0, 0))
    assert keep.sweep(now_s=6 * DAY) == 3
    assert {p.stem for p in tmp_path.iterdir()} == set(keys[3:])
    assert keep.sweep(now_s=369.5 * DAY) == 1, "unused for a year: the fourth"
    assert KeptFits(tmp_path / "nothing").sweep() == 0


def test_an_entry_that_is_asked_for_stays(tmp_path, fitted):
    asked, keep = Counted(request(), fitted), KeptFits(tmp_path)
    keep(asked)
    for path in tmp_path.iterdir():
        os.utime(path, (0, 0))
    keep = KeptFits(tmp_path)
    keep(asked)
    assert keep.sweep() == 0
    assert asked.made == 1
    assert (KeptFits(tmp_path)(asked), asked.made)[1] == 1


@pytest.mark.slow
def test_the_placebo_of_one_more_month_is_not_scored_with_the_kept_fit_of_the_last(tmp_path):
    """The fault: the key knew the past of the light as it is, and the shuffle brought a later month into it."""
    keep, gains = KeptFits(tmp_path), []
    later = PARAMS.model_copy(update={"evaluate": PARAMS.evaluate.model_copy(update={"horizon_months": 24})})
    whole = dataclasses.replace(TRUE, params=later)
    for material in (whole, dataclasses.replace(whole, samples=other_light(JANUARY + 9))):
        gains.append([placebo_gains(material, fit).gain["months"] for fit in (keep, lambda asked: asked.fit())])
    for kept, anew in gains:
        assert kept == anew
    assert gains[0] != gains[1]
