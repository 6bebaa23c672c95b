"""Planted images as lessons: what the network sees of plants, and what there was to see.

The plants' light is added in true radiance, before logarithms and anomalies, seen through the month's gain as far as
the region's factories share in it. Then everything is learned anew from the image, as it would be had the plants been
there: means, sky, clutter, the light that is taken to be theirs. So the errors of all of these are in the lessons.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from scipy import ndimage

from gvio.model.panel import Normalisation, Panel, build_panel, fit_and_clear, sites_of_panel
from gvio.model.sites import sites_of
from gvio.plant.draw import Ground, Plants, district_light, draw_plants
from gvio.sample.anomaly import anomaly, log_light
from gvio.sample.radiometry import monthly_gain
from gvio.sample.rings import away_from
from gvio.sample.samples import Samples
from gvio.types import BoolArray, FloatArray, IntArray

SITES = 2000  # plants that a region is learned from, in as many images as they need
FEWEST_IMAGES, MOST_IMAGES = 2, 16


@dataclasses.dataclass(frozen=True, eq=False)
class Lesson:
    """One image: the `panel` of its plants; of its sites `row`, `col` (U,) where they are said to be, and `light`
    (U, T) nW cm⁻² sr⁻¹, what they emit.
    """

    panel: Panel
    row: IntArray
    col: IntArray
    light: FloatArray

    @property
    def target(self) -> FloatArray:
        """(D, T) log own light of its districts: what is to be read, about any level."""
        return district_light(self.light, self.panel.district, self.panel.n_areas)


def plant_lessons(
    samples: Samples,
    normalisation: Normalisation,
    static_px: int,
    dynamic_px: int,
    seed: int,
    side_by_side: Callable[[Sequence[Callable[[], Lesson | None]]], Sequence[Lesson | None]] | None = None,
) -> tuple[Lesson, ...]:
    """Lessons of a region, the same for the same light and seed; none where plants find no place.

    Args:
        samples: The region, of training months alone.
        normalisation: Of the same light.
        static_px, dynamic_px: Sides of the patches.
        seed: Of everything random.
        side_by_side: Runs the making of images; in turn by default.
    """
    ground, gain = Ground.of(samples, normalisation), light_gain(samples, normalisation)
    months = np.ones(len(samples.months), dtype=bool)

    def lesson(number: int) -> Lesson | None:
        plants = draw_plants(ground, len(months), np.random.default_rng((seed, number)))
        return None if plants is None else lesson_of(samples, plants, gain, static_px, dynamic_px, months)

    first = lesson(0)
    if first is None:
        return ()
    images = int(np.clip(-(-SITES // len(first.panel.district)), FEWEST_IMAGES, MOST_IMAGES))
    tasks = [partial(lesson, number) for number in range(1, images)]
    others = [task() for task in tasks] if side_by_side is None else side_by_side(tasks)
    return (first, *(each for each in others if each is not None))


def light_gain(samples: Samples, normalisation: Normalisation) -> FloatArray:
    """(T,) factor that the month's sky and sensor put on the light of factories."""
    mean = normalisation.mean_log_light
    change, validity = anomaly(log_light(samples.radiance), mean, samples.observations)
    away = away_from(samples.row, samples.col, mean.shape)
    found = monthly_gain(np.where(validity > 0, change, 0.0), validity, mean, away, samples.regimes)
    return np.asarray(np.exp(float(normalisation.radiometric[0]) * found))


def lesson_of(
    samples: Samples, plants: Plants, gain: FloatArray, static_px: int, dynamic_px: int, train: BoolArray
) -> Lesson:
    """The lesson of some plants.

    Args:
        samples: The region.
        plants: What is planted.
        gain: (T,) from `light_gain`.
        static_px, dynamic_px: Sides of the patches.
        train: (T,) months that the image's normalisation is learned from; all are read.
    """
    planted = planted_samples(samples, plants, gain)
    normalisation, cleared = fit_and_clear(planted, train)
    panel = build_panel(planted, normalisation, static_px, dynamic_px, cleared if train.all() else None)
    site, first = sites_of(planted)
    light = np.zeros((len(first), len(samples.months)))
    np.add.at(light, site[len(samples.row) :], plants.light)
    chosen = first >= len(samples.row)
    at = first[chosen]
    district = planted.district[at] - len(samples.area_ids)
    own = sites_of_panel(panel, chosen, district, plants.n_areas)
    return Lesson(own, planted.row[at], planted.col[at], light[chosen])


def planted_samples(samples: Samples, plants: Plants, gain: FloatArray) -> Samples:
    """The region with the plants in its light and in its list of factories, in districts after its own.

    Only what the network's inputs are made of is changed: no buffer, statistic or density knows the plants.

    Args:
        samples: The region.
        plants: What is planted.
        gain: (T,) factor of every month on the plants' light.
    """
    radiance = samples.radiance.copy()
    for t, factor in enumerate(gain.tolist()):
        scene = np.zeros(radiance.shape[1:])
        np.add.at(scene, (plants.true_row, plants.true_col), plants.light[:, t])
        radiance[t] += factor * ndimage.gaussian_filter(scene, plants.blur_px)
    n, here = len(plants.row), len(samples.area_ids)
    return dataclasses.replace(
        samples,
        radiance=radiance,
        row=np.concatenate([samples.row, plants.row]),
        col=np.concatenate([samples.col, plants.col]),
        district=np.concatenate([samples.district, here + plants.district]),
        weight=np.concatenate([samples.weight, plants.weight]),
        active=np.concatenate([samples.active, np.ones((n, len(samples.months)), dtype=bool)]),
        area_ids=(*samples.area_ids, *(f"plants {d}" for d in range(plants.n_areas))),
        factory_ids=(*samples.factory_ids, *(f"plant {u}" for u in range(n))),
        categories=(*samples.categories, *("",) * n),
    )
