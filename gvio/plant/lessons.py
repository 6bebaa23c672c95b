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
from scipy.sparse import coo_array, csr_array

from gvio.model.normalisation import Normalisation, fit_and_look, light_gain
from gvio.model.panel import Panel, build_panel
from gvio.model.sites import sites_of
from gvio.plant.draw import Ground, Plants, district_light, draw_plants
from gvio.sample.samples import Samples
from gvio.types import BoolArray, FloatArray, IntArray

SITES = 2000  # plants that a region is learned from, in as many images as they need
FEWEST_IMAGES, MOST_IMAGES = 2, 16
_CUT = 4.0  # blurs from a plant at which its light ends


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
    site, first = sites_of(planted)
    light = np.zeros((len(first), len(samples.months)))
    np.add.at(light, site[len(samples.row) :], plants.light)
    chosen = np.flatnonzero(first >= len(samples.row))
    at = first[chosen]
    normalisation, looked = fit_and_look(planted, train, dynamic_px, chosen)
    seen = looked if train.all() else None
    panel = build_panel(planted, normalisation, static_px, dynamic_px, seen, chosen)
    district = (planted.district[at] - len(samples.area_ids)).astype(np.int64)
    return Lesson(
        dataclasses.replace(panel, district=district, n_areas=plants.n_areas),
        planted.row[at],
        planted.col[at],
        light[chosen],
    )


def planted_samples(samples: Samples, plants: Plants, gain: FloatArray) -> Samples:
    """The region with the plants in its light and in its list of factories, in districts after its own.

    Only what the network's inputs are made of is changed: no buffer, statistic or density knows the plants.

    Args:
        samples: The region.
        plants: What is planted.
        gain: (T,) factor of every month on the plants' light.
    """
    pixels, shares = _blurred(plants, samples.owner.shape)
    radiance = samples.radiance.copy()
    radiance.reshape(len(radiance), -1)[:, pixels] += (shares @ (plants.light * gain)).T.astype(np.float32)
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


def _blurred(plants: Plants, shape: tuple[int, ...]) -> tuple[IntArray, csr_array]:
    """Flat indices of the pixels (P,) that any plant shines into, and the share (P, U) of each plant's light in each: a
    Gaussian of the sensor's blur. What falls beyond the edge is lost."""
    reach = int(_CUT * plants.blur_px + 0.5)
    steps = np.arange(-reach, reach + 1)
    line = np.exp(-(steps**2) / (2 * plants.blur_px**2))
    line /= line.sum()
    row, col = plants.true_row + steps[:, None, None], plants.true_col + steps[None, :, None]
    inside = (row >= 0) & (row < shape[0]) & (col >= 0) & (col < shape[1])
    down, along, plant = np.nonzero(inside)
    pixels, at = np.unique((row * shape[1] + col)[inside], return_inverse=True)
    shares = coo_array((line[down] * line[along], (at, plant)), shape=(len(pixels), len(plants.true_row)))
    return pixels, csr_array(shares)
