"""What is made of light once is found again, whoever asks, and let go at the end."""

from __future__ import annotations

import copy
import dataclasses
import gc
import weakref

import numpy as np
import pytest
from model_samples import make_panel, make_samples

from gvio.assimilate.hyper import START
from gvio.model.normalisation import fit_normalisation
from gvio.model.panel import Panel, build_panel
from gvio.model.sacnn import Architecture
from gvio.sample.samples import first_months
from gvio.train import looked
from gvio.train.ensemble import Ensemble, read_light
from gvio.train.loop import Member, new_network

pytestmark = pytest.mark.usefixtures("forgotten")


@pytest.fixture
def forgotten():
    looked.forget_light()
    yield
    looked.forget_light()


def test_two_models_of_one_light_look_at_one_panel():
    samples = make_samples()
    normalisation, panel = looked.look_at_light(samples, 9, 5)
    assert looked.look_at_light(samples, 9, 5)[1] is panel
    assert looked.panel_of(samples, copy.deepcopy(normalisation), 9, 5) is panel, "a kept model brings its own copy"
    other = dataclasses.replace(normalisation, own_movement=normalisation.own_movement * 2)
    assert looked.panel_of(samples, other, 9, 5) is not panel
    assert looked.panel_of(samples, normalisation, 9, 7) is not panel


def equal(one: Panel, other: Panel) -> None:
    for field in dataclasses.fields(Panel):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name), err_msg=field.name)


def test_light_that_was_cleared_to_learn_from_it_makes_the_same_panel():
    samples = make_samples()
    normalisation, panel = looked.look_at_light(samples, 9, 5)
    equal(panel, build_panel(samples, normalisation, 9, 5))


def test_fewer_months_are_cut_from_a_longer_panel_and_equal_to_the_byte(monkeypatch):
    samples, n = make_samples(), 26
    active = samples.active.copy()
    active[1, : n + 1] = False  # opens after the cut: there it never works
    samples = dataclasses.replace(samples, active=active)
    normalisation = fit_normalisation(first_months(samples, 24), np.ones(24, dtype=bool), 5)
    anew = build_panel(first_months(samples, n), normalisation, 9, 5)
    longer = looked.panel_of(samples, normalisation, 9, 5)
    monkeypatch.setattr(looked, "build_panel", None)
    cut = looked.panel_of(first_months(samples, n), normalisation, 9, 5)
    equal(cut, anew)
    assert np.shares_memory(cut.dynamic, longer.dynamic)
    assert not np.array_equal(cut.site_weights, longer.site_weights), "the later opening is not known"


def test_other_light_of_fewer_months_is_not_cut_from_it():
    samples = make_samples()
    normalisation, longer = looked.look_at_light(samples, 9, 5)
    fewer = first_months(samples, 26)
    dimmer = dataclasses.replace(fewer, radiance=fewer.radiance * fewer.radiance.dtype.type(0.5))
    elsewhere = dataclasses.replace(fewer, row=fewer.row[::-1].copy())
    for other in (dimmer, elsewhere):
        assert not np.shares_memory(looked.panel_of(other, normalisation, 9, 5).dynamic, longer.dynamic)


def test_two_panels_stay_each_with_its_first_months():
    samples = [make_samples() for _ in range(3)]
    panels = [looked.look_at_light(each, 9, 5)[1] for each in samples]
    normalisation = looked.look_at_light(samples[2], 9, 5)[0]
    cut = looked.panel_of(first_months(samples[2], 26), normalisation, 9, 5)
    assert looked.look_at_light(samples[2], 9, 5)[1] is panels[2]
    assert np.shares_memory(cut.dynamic, panels[2].dynamic)
    assert looked.look_at_light(samples[1], 9, 5)[1] is panels[1]
    assert looked.look_at_light(samples[0], 9, 5)[1] is not panels[0]


def test_other_samples_are_looked_at_anew():
    samples = make_samples()
    _, panel = looked.look_at_light(samples, 9, 5)
    brighter = dataclasses.replace(samples, radiance=samples.radiance * samples.radiance.dtype.type(2))
    assert looked.look_at_light(brighter, 9, 5)[1] is not panel


def test_all_is_let_go():
    samples = make_samples()
    panel = weakref.ref(looked.look_at_light(samples, 9, 5)[1])
    light = weakref.ref(samples)
    del samples
    looked.forget_light()
    gc.collect()
    assert panel() is None
    assert light() is None


def test_a_model_reads_a_panel_once(monkeypatch):
    panel = make_panel()
    ensemble = untrained(panel)
    asked = []
    monkeypatch.setattr(looked, "read_light", lambda e, p: asked.append(p) or read_light(e, p))
    lit = looked.reading_of(panel, ensemble)
    assert looked.reading_of(panel, ensemble) is lit
    assert len(asked) == 1
    looked.reading_of(panel, untrained(panel))
    assert len(asked) == 2, "another model reads it by itself"


def untrained(panel):
    architecture = Architecture(2, panel.static.shape[-1], 2 * panel.dynamic.shape[-1] - 1)
    member = Member(new_network(architecture, 0).state_dict(), 0, (1.0,), ())
    return Ensemble(architecture, (member,), START)
