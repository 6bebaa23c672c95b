"""How much could be known: the same estimate, had the factories' own light been seen by itself.

    python -m benchmarks.limits [--seed 8001] [--repeats 2] [--only clean-rich]

In place of what the network reads, the assimilation is given the light of every mapped factory as it left it: no city,
no blur, no cloud, no noise of the sensor ("own light"); or what its light could show of output at all, every factory
weighted by its true size, the unmapped and the dark, too, without flicker and without error of elasticity ("visible").
Hyperparameters of light are learned anew from the same figures. What is then still missed no reading of light can find:
standstills with the lamps on, light that answers each factory by another elasticity, months published together.
Within-district R² against true monthly output over the last 24 months, as used / blind.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.measure_world import AHEAD, SETTINGS, fit_world, visible
from benchmarks.worlds import KINDS, BenchWorld, make_base, make_world, simulated
from gvio.assimilate.calendar import calendar_features
from gvio.assimilate.learn import learn_light
from gvio.assimilate.observed import Measurement, Setting
from gvio.assimilate.posterior import assimilate
from gvio.config import Params
from gvio.evaluate.metrics import within_r2
from gvio.ledger.select import select_rows
from gvio.simulate.world import World, district_sums
from gvio.train.fit import estimate
from gvio.types import FloatArray

WAYS = ("read", "own light", "visible")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="first seed of every kind")
    parser.add_argument("--repeats", type=int, default=2, help="worlds of every kind")
    parser.add_argument("--only", action="append", choices=KINDS, help="kinds")
    options = parser.parse_args()
    torch.set_num_threads(1)
    real = make_base()
    kinds = [kind for kind in options.only or KINDS if real or not kind.startswith("spike")]
    seeds = range(options.seed, options.seed + options.repeats)
    found = {kind: [limits(f"{kind}/{seed}") for seed in tqdm(seeds, desc=kind)] for kind in kinds}
    print(f"\n| Worlds | n | {' | '.join(WAYS)} |\n| --- | --- |{' --- |' * len(WAYS)}")
    for kind, worlds in found.items():
        mean = {way: " / ".join(f"{np.mean([w[way][s] for w in worlds]):.2f}" for s in SETTINGS) for way in WAYS}
        print(f"| {kind} | {len(worlds)} | {' | '.join(mean[way] for way in WAYS)} |")


def limits(name: str) -> dict[str, dict[str, float]]:
    """Within-district R² by way of seeing and setting."""
    world, truth = make_world(name, Params()), simulated(name)
    start = len(world.material.samples.months) - AHEAD
    fitted = fit_world(world, start)
    past = select_rows(world.material.sums, world.material.sums.end < start)
    plain = dataclasses.replace(fitted.ensemble.hyper, sensitivity=())
    ways = {}
    for way, z in sights(truth).items():
        calendar = calendar_features(truth.spec.span, truth.spec.calendar)
        known = Setting(past, Measurement(z, np.ones_like(z)), np.full(len(z), 1 / len(z)), calendar)
        ways[way] = known, learn_light(known, plain, window=world.material.params.model.hyper_months)
    found: dict[str, dict[str, float]] = {way: {} for way in WAYS}
    for setting, goes_on in SETTINGS.items():
        sums = select_rows(world.material.sums, visible(world.material, start, city_goes_on=goes_on))
        found["read"][setting] = _score(world, estimate(fitted, world.material.samples, sums).mean, start)
        for way, (known, hyper) in ways.items():
            found[way][setting] = _score(world, assimilate(dataclasses.replace(known, sums=sums), hyper).mean, start)
    return found


def sights(truth: World) -> Mapping[str, FloatArray]:
    """(D, T) change of log light of each way of seeing, about its mean."""
    economy = truth.economy
    shown = np.where(economy.alive, economy.size[:, None] * np.exp(economy.visible), 0.0)
    sums = (district_sums(values, truth.places) for values in (truth.factory_light * truth.mapped[:, None], shown))
    own_light, visible_output = (np.log(each) - np.log(each).mean(axis=1, keepdims=True) for each in sums)
    return {"own light": own_light, "visible": visible_output}


def _score(world: BenchWorld, log_output: FloatArray, start: int) -> float:
    late = np.broadcast_to(np.arange(log_output.shape[1]) >= start, log_output.shape)
    return within_r2(world.labels, np.exp(log_output), late)


if __name__ == "__main__":
    main()
