"""What is made of light once is found again, whoever asks, and let go at the end."""

from __future__ import annotations

import copy
import dataclasses
import gc
import weakref

import pytest
from model_samples import make_panel, make_samples

from gvio.assimilate.hyper import START
from gvio.model.sacnn import Architecture
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


def test_a_model_reads_a_panel_once_lit_and_once_dark(monkeypatch):
    panel = make_panel()
    ensemble = untrained(panel)
    asked = []
    monkeypatch.setattr(looked, "read_light", lambda e, p: asked.append(p) or read_light(e, p))
    lit, dark = (looked.reading_of(panel, ensemble, dark=dark) for dark in (False, True))
    assert looked.reading_of(panel, ensemble) is lit
    assert looked.reading_of(panel, ensemble, dark=True) is dark
    assert len(asked) == 2
    assert not dark.precision.any()
    looked.reading_of(panel, untrained(panel))
    assert len(asked) == 3, "another model reads it by itself"


def untrained(panel):
    architecture = Architecture(2, panel.statistics.shape[2])
    member = Member(new_network(architecture, 0).state_dict(), 0, (1.0,), ())
    return Ensemble(architecture, (member,), START)
