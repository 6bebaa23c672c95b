"""What models have made of light, kept while it is asked for again: of one region's light several models are trained,
and each of them is asked many times, with other figures.

A panel of a large region takes hundreds of megabytes: the last two are kept, and what was read in a panel as long as
it. `forget_light` lets go of all; whoever asked the last question calls it.
"""

from __future__ import annotations

import functools
import threading
import weakref

import numpy as np

from gvio.content import content_digest
from gvio.model.panel import Normalisation, Panel, build_panel, fit_normalisation, without_light
from gvio.sample.samples import Samples
from gvio.train.ensemble import Ensemble, Reading, read_light

_KEPT = 2  # folds run two at a time
_Question = tuple["weakref.ref[Ensemble]", bool]
_readings: weakref.WeakKeyDictionary[Panel, dict[_Question, Reading]] = weakref.WeakKeyDictionary()
_readings_lock = threading.Lock()


def look_at_light(samples: Samples, static_px: int, dynamic_px: int) -> tuple[Normalisation, Panel]:
    """What is learned of the light of all months of `samples` (these very ones), and their panel by it."""
    normalisation = _normalisation_of(samples)
    return normalisation, panel_of(samples, normalisation, static_px, dynamic_px)


def panel_of(samples: Samples, normalisation: Normalisation, static_px: int, dynamic_px: int) -> Panel:
    """The panel of these very samples for a normalisation of this content, wherever it was read from."""
    return _panel_of(samples, _Alike(normalisation), static_px, dynamic_px)


def reading_of(panel: Panel, ensemble: Ensemble, *, dark: bool = False) -> Reading:
    """What this very ensemble reads in this very panel; `dark`: as if nobody had seen any light."""
    question = (weakref.ref(ensemble), dark)
    with _readings_lock:
        known = _readings.setdefault(panel, {})
    if question not in known:
        known[question] = read_light(ensemble, without_light(panel) if dark else panel)
    return known[question]


def forget_light() -> None:
    """Let go of every panel, reading and normalisation, and of the samples they were made of."""
    _normalisation_of.cache_clear()
    _panel_of.cache_clear()


class _Alike:
    """A normalisation that is equal to another one when its content is: each kept model brings its own copy."""

    def __init__(self, normalisation: Normalisation) -> None:
        self.value = normalisation
        self._digest = content_digest(normalisation)

    def __hash__(self) -> int:
        return hash(self._digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Alike) and self._digest == other._digest


@functools.lru_cache(maxsize=_KEPT)
def _normalisation_of(samples: Samples) -> Normalisation:
    return fit_normalisation(samples, np.ones(len(samples.months), dtype=bool))


@functools.lru_cache(maxsize=_KEPT)
def _panel_of(samples: Samples, normalisation: _Alike, static_px: int, dynamic_px: int) -> Panel:
    return build_panel(samples, normalisation.value, static_px, dynamic_px)
