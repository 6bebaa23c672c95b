"""How well the network sees: factories planted into a region's own light, and what is recovered of their change.

    python -m benchmarks.bench_see PACK [PACK …] [--seed 1] [--months 24]

PACK is the folder of any region, or a world of `benchmarks.worlds` (`spike-few/1`); no figure is looked at. Rival
readings learn from plants in one half of the region, in squares like a chessboard's, and before the last `--months`;
they are judged on plants in the other half, in months they learned from and in the later ones. Of every planted
district, and of every planted site: the correlation of the change that is read with the true one, its slope, the share
of errors left (1 − R²), and of districts the share of true changes that the reading's own 80 % interval held. The two
readings before the networks state one variance for every site: that of their errors on what they learn from.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from benchmarks.worlds import make_base, make_world
from gvio.config import Params
from gvio.model.normalisation import Normalisation, light_gain
from gvio.model.sacnn import Architecture, Inputs, SaCnn, as_inputs
from gvio.plant.draw import LEAST, Ground, draw_plants
from gvio.plant.lessons import Lesson, lesson_of, plant_lessons
from gvio.sample.samples import Samples, first_months
from gvio.train.looked import look_at_light
from gvio.train.loop import SEEN, Optimisation, Taught, Weights, apply_member, new_network, taught, train_member
from gvio.types import BoolArray, FloatArray

Z80 = 1.2816
SQUARE_PX = 12  # of the chessboard
OF_SITES = ("static", "dynamic", "around", "traits", "log_excess", "log_weight", "site_weights")
READINGS = ("log-linear", "one filter", "network", "plain network")


def main() -> None:
    """The table of every region."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packs", nargs="+", metavar="PACK")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--months", type=int, default=24, help="later months that nothing is learned from")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    make_base()
    print("| Region | Reading | Months | corr., districts | slope | left | 80 % holds | corr., sites | left, sites |")
    print("| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for pack in asked.packs:
        for line in rows(pack, asked.seed, asked.months):
            print(line, flush=True)


def rows(pack: str, seed: int, later: int) -> Sequence[str]:
    """Lines of the table for one region."""
    params = Params()
    samples = make_world(pack, params).material.samples
    cut = len(samples.months) - later
    past = first_months(samples, cut)
    sides = params.sample.patch_px, params.model.dynamic_px
    normalisation, _ = look_at_light(past, *sides)
    learned = _kept(plant_lessons(past, normalisation, *sides, seed), black=True)
    judged = _kept(_judged(samples, normalisation, sides, seed + 1, cut, len(learned)), black=False)
    if not learned or not judged:
        sys.exit(f"{pack}: no plant finds a place in this region")
    found = []
    for name, (architecture, weights) in readers(learned, params).items():
        for when, months in (("learned", slice(0, cut)), ("later", slice(cut, None))):
            values = " | ".join(f"{value:.2f}" for value in score(judged, architecture, weights, months))
            found.append(f"| {pack} | {name} | {when} | {values} |")
    return found


def _judged(
    samples: Samples, normalisation: Normalisation, sides: tuple[int, int], seed: int, cut: int, images: int
) -> Sequence[Lesson]:
    """Images over all months, whose means, sky and clutter are learned before `cut`."""
    gain, train = light_gain(samples, normalisation), np.arange(len(samples.months)) < cut
    ground = Ground.of(samples, normalisation)
    drawn = (draw_plants(ground, len(train), np.random.default_rng((seed, n))) for n in range(images))
    return [lesson_of(samples, plants, gain, *sides, train) for plants in drawn if plants is not None]


def _kept(lessons: Sequence[Lesson], *, black: bool) -> Sequence[Lesson]:
    """The plants on squares of one colour; the districts' light is that of what is left of them."""
    found = []
    for lesson in lessons:
        chosen = ((lesson.row // SQUARE_PX + lesson.col // SQUARE_PX) % 2 == 0) == black
        if not chosen.any():
            continue
        areas, district = np.unique(lesson.panel.district[chosen], return_inverse=True)
        some = {name: getattr(lesson.panel, name)[chosen] for name in OF_SITES}
        panel = dataclasses.replace(lesson.panel, **some, district=district, n_areas=len(areas))
        found.append(Lesson(panel, lesson.row[chosen], lesson.col[chosen], lesson.light[chosen]))
    return found


def readers(lessons: Sequence[Lesson], params: Params) -> Mapping[str, tuple[Architecture, Weights]]:
    """The rival readings, all as networks, learned from the same plants."""
    model = params.model
    full = Architecture(model.channels, params.sample.patch_px, model.dynamic_px)
    plain = dataclasses.replace(full, surroundings=False)
    how = Optimisation(model.epochs, model.learning_rate, model.weight_decay, model.seed)
    start = dict(new_network(full, model.seed).state_dict())
    all_of_them, one = taught(lessons), dict(start)
    assert all_of_them is not None
    one["filter"] = torch.as_tensor(_one_filter(all_of_them.inputs, all_of_them.target.numpy()), dtype=torch.float32)
    for weights in (start, one):
        weights["drawn.bias"] = _taught_doubt(full, weights, all_of_them)
    trained = {kind: train_member(kind, all_of_them, how).weights for kind in (full, plain)}
    chosen = ((full, start), (full, one), (full, trained[full]), (plain, trained[plain]))
    return dict(zip(READINGS, chosen, strict=True))


def _one_filter(inputs: Inputs, target: FloatArray) -> FloatArray:
    """(K,) least squares of the districts' true change on their mean anomalies: the same filter for every site."""
    counted = (inputs.weight[:, None] * inputs.seen)[..., None]
    shape = (inputs.n_areas, *inputs.anomalies.shape[1:])
    total = torch.zeros(shape).index_add(0, inputs.district, counted * inputs.anomalies)
    weight = torch.zeros((*shape[:2], 1)).index_add(0, inputs.district, counted)
    x = (total / weight.clamp_min(1e-12)).double().numpy()
    x, y = x - x.mean(axis=1, keepdims=True), target - target.mean(axis=1, keepdims=True)
    return np.asarray(np.linalg.lstsq(x.reshape(-1, x.shape[-1]), y.ravel(), rcond=None)[0])


def _taught_doubt(architecture: Architecture, weights: Weights, lessons: Taught) -> torch.Tensor:
    """Bias of the drawn-up layer with which a reading that never learned its errors states those that it makes here."""
    sight = apply_member(architecture, weights, lessons.inputs)
    seen = sight.seen.numpy() >= SEEN
    read, true = _about(sight.change.double().numpy(), lessons.target.double().numpy(), seen)
    stated = np.where(seen, sight.variance.double().numpy()[:, None], 0).sum()
    bias = weights["drawn.bias"].clone()
    bias[-1] = 0.5 * float(np.log(((read - true) ** 2).sum() / stated))
    return bias


def score(lessons: Sequence[Lesson], architecture: Architecture, weights: Weights, months: slice) -> Sequence[float]:
    """The columns of the table, over the districts and sites of all lessons, each about its mean over these months."""
    districts, sites = list[tuple[FloatArray, ...]](), list[tuple[FloatArray, ...]]()
    for lesson in lessons:
        inputs = as_inputs(lesson.panel)
        sight = apply_member(architecture, weights, inputs)
        seen = (sight.seen.numpy() >= SEEN)[:, months]
        sd = np.sqrt(sight.variance.double().numpy())[:, None]
        districts.append((*_about(sight.change.double().numpy()[:, months], lesson.target[:, months], seen), sd * seen))
        lit = lesson.light.min(axis=1) > LEAST
        own = np.log(np.maximum(lesson.light, LEAST))
        seen_at = (inputs.seen.numpy() >= SEEN) & lit[:, None]
        sites.append(_about(_of_sites(architecture, weights, inputs)[:, months], own[:, months], seen_at[:, months]))
    read, true, sd = (np.concatenate([each.ravel() for each in part]) for part in zip(*districts, strict=True))
    held = np.abs(read - true)[sd > 0] <= Z80 * sd[sd > 0]
    at_sites = (np.concatenate([each.ravel() for each in part]) for part in zip(*sites, strict=True))
    found, of_sites = _compared(read[sd > 0], true[sd > 0]), _compared(*at_sites)
    return (*found, float(held.mean()), of_sites[0], of_sites[2])


def _about(read: FloatArray, true: FloatArray, seen: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Both about their means over the months that were seen; 0 in others."""
    number = np.maximum(seen.sum(axis=1, keepdims=True), 1)
    one, two = (np.where(seen, v - np.where(seen, v, 0).sum(axis=1, keepdims=True) / number, 0) for v in (read, true))
    return one, two


def _compared(read: FloatArray, true: FloatArray) -> tuple[float, float, float]:
    """Correlation, slope of what is read on what is true, and 1 − R²."""
    slope = float((read * true).sum() / max(float((true**2).sum()), 1e-12))
    left = float(((read - true) ** 2).sum() / max(float((true**2).sum()), 1e-12))
    size = float(np.sqrt((read**2).sum() * (true**2).sum()))
    return float((read * true).sum()) / max(size, 1e-12), slope, left


def _of_sites(architecture: Architecture, weights: Weights, inputs: Inputs) -> FloatArray:
    """(U, T) the reading of every site by itself."""
    network = SaCnn(architecture)
    network.load_state_dict(dict(weights))
    with torch.no_grad():
        filters, _, _ = network.drawn_up(inputs)
        return np.asarray((inputs.anomalies * filters[:, None]).sum(dim=2).double().numpy())


if __name__ == "__main__":
    main()
