"""What models have made of light, kept while it is asked for again: of one region's light several models are trained,
and each of them is asked many times, with other figures.

A panel of a large region takes a hundred megabytes: the last two are kept, and what was read in a panel as long as
it. `forget_light` lets go of all; whoever asked the last question calls it.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from functools import partial

import numpy as np

from gvio.content import content_digest
from gvio.model.normalisation import Normalisation, fit_and_look
from gvio.model.panel import Panel, build_panel, first_months_of
from gvio.plant.lessons import Lesson, plant_lessons
from gvio.sample.samples import Samples, begins_with
from gvio.train.ensemble import Ensemble, Reading, read_light
from gvio.train.workers import Workers
from gvio.types import FloatArray

_KEPT = 2  # folds run two at a time
_Place = tuple[str, int, int]  # digest of the normalisation, sides of the patches
_normalisations: weakref.WeakKeyDictionary[Samples, Normalisation] = weakref.WeakKeyDictionary()
_panels: OrderedDict[tuple[Samples, _Place], Panel] = OrderedDict()
_lessons: weakref.WeakKeyDictionary[Samples, dict[tuple[str, int, int, int], tuple[Lesson, ...]]] = (
    weakref.WeakKeyDictionary()
)
_readings: weakref.WeakKeyDictionary[Panel, dict[weakref.ref[Ensemble], Reading]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def look_at_light(samples: Samples, static_px: int, dynamic_px: int) -> tuple[Normalisation, Panel]:
    """What is learned of the light of all months of `samples` (these very ones), and their panel by it."""
    with _lock:
        known = _normalisations.get(samples)
    if known is not None:
        return known, panel_of(samples, known, static_px, dynamic_px)
    normalisation, looked = fit_and_look(samples, np.ones(len(samples.months), dtype=bool), dynamic_px)
    with _lock:
        _normalisations[samples] = normalisation
    panel = build_panel(samples, normalisation, static_px, dynamic_px, looked)
    return normalisation, _kept(samples, (content_digest(normalisation), static_px, dynamic_px), panel)


def lessons_of(
    samples: Samples, normalisation: Normalisation, static_px: int, dynamic_px: int, seed: int, workers: Workers
) -> tuple[Lesson, ...]:
    """`plant_lessons` of these very samples, whose months all are for training; side by side by `workers`."""
    place = (content_digest(normalisation), static_px, dynamic_px, seed)
    with _lock:
        known = _lessons.setdefault(samples, {})
    if place not in known:
        known[place] = plant_lessons(samples, normalisation, static_px, dynamic_px, seed, partial(workers, "plant"))
    return known[place]


def panel_of(samples: Samples, normalisation: Normalisation, static_px: int, dynamic_px: int) -> Panel:
    """The panel of these very samples for a normalisation of this content, wherever it was read from.

    What a month looks like depends on no later one: where a panel of the same light and more months is there, its
    first months are taken.
    """
    place = (content_digest(normalisation), static_px, dynamic_px)
    with _lock:
        known = _panels.get((samples, place))
        kept = list(_panels.items())
    if known is not None:
        return _kept(samples, place, known)
    longer = [panel for (more, at), panel in kept if at == place and begins_with(more, samples)]
    if longer:
        return _kept(samples, place, first_months_of(longer[0], samples, normalisation))
    return _kept(samples, place, build_panel(samples, normalisation, static_px, dynamic_px))


def _kept(samples: Samples, place: _Place, panel: Panel) -> Panel:
    """The panel; the last ones that were asked for stay, each with its first months."""
    with _lock:
        _panels[samples, place] = panel
        _panels.move_to_end((samples, place))
        while len({id(_whole(each.dynamic)) for each in _panels.values()}) > _KEPT:
            _panels.popitem(last=False)
    return panel


def _whole(values: FloatArray) -> FloatArray:
    """The array that a view was cut from."""
    return values if values.base is None else values.base


def reading_of(panel: Panel, ensemble: Ensemble) -> Reading:
    """What this very ensemble reads in this very panel."""
    question = weakref.ref(ensemble)
    with _lock:
        known = _readings.setdefault(panel, {})
    if question not in known:
        known[question] = read_light(ensemble, panel)
    return known[question]


def forget_light() -> None:
    """Let go of every panel, reading and normalisation, and of the samples they were made of."""
    with _lock:
        _normalisations.clear()
        _lessons.clear()
        _panels.clear()
