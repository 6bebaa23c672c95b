"""What training costs: a full retrain and a fine-tune, part by part, beside the naive way.

    python -m benchmarks.bench_training [--factories 3000] [--months 96] [--members 5] [--workers 2] [--repeats 3]

A seeded clean world of Shanghai's size. The naive way is `conv2d` on every patch of all sites at every step, where
ours takes the means over rings once; its step is timed and its training extrapolated, which the table says. Wall time
depends on who else uses the machine, CPU time less: read the ratios.
"""

import argparse
import dataclasses
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.worlds import BenchWorld, open_world
from gvio.config import ModelParams, Params
from gvio.model.normalisation import fit_normalisation
from gvio.model.panel import Panel, build_panel
from gvio.model.sacnn import Architecture, Inputs, SaCnn, Sight, as_inputs
from gvio.plant import lessons
from gvio.sample.patches import ring_of
from gvio.simulate.pack import simulate_pack
from gvio.simulate.presets import preset_spec
from gvio.stages.workers import Threads, one_thread_each
from gvio.train import ensemble, fit, looked

SEED, DISTRICTS, BOUNDS = 11, 16, (120.85, 30.65, 122.225, 31.90)
PARTS = (
    (looked, "fit_and_look"),
    (looked, "build_panel"),
    (lessons, "draw_plants"),
    (lessons, "lesson_of"),
    (fit, "learn_hyper"),
    (ensemble, "taught"),
    (ensemble, "train_member"),
    (ensemble, "read_light"),
    (ensemble, "believe_light"),
)
Seconds = tuple[float, float]


class Stopwatch:
    """Wall and CPU seconds of every call of `PARTS`, of the thread that made it."""

    def __init__(self) -> None:
        self.calls: dict[str, list[Seconds]] = {}
        for module, name in PARTS:
            setattr(module, name, self._timed(name, getattr(module, name)))

    def _timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            wall, cpu = time.perf_counter(), time.thread_time()
            result = work(*args, **options)
            self.calls.setdefault(name, []).append((time.perf_counter() - wall, time.thread_time() - cpu))
            return result

        return timed


class NaiveCnn(SaCnn):
    """The formula written down as it is read: rings as kernels of a convolution over every patch of every month."""

    def look(self, inputs: Inputs, dynamic: torch.Tensor) -> Sight:
        """What `forward` gives, from the patches (U, T, 2, q, q) instead of their means over rings."""
        n_sites, n_months, _, side, _ = dynamic.shape
        ring = torch.from_numpy(ring_of(side))
        rings = torch.stack([(ring == k).float() / (ring == k).sum() for k in range(side // 2 + 1)])
        patches = dynamic.flatten(0, 1)
        believed, validity = (nn.functional.conv2d(patches[:, c : c + 1], rings[:, None])[..., 0, 0] for c in (0, 1))
        means = torch.where(validity > 0, believed / validity.clamp_min(1e-6), torch.zeros_like(believed))
        own = means.reshape(n_sites, n_months, -1)
        anomalies = torch.cat([own, inputs.anomalies[..., own.shape[-1] :]], dim=2)
        return self(dataclasses.replace(inputs, anomalies=anomalies))


def patches_of(panel: Panel) -> torch.Tensor:
    """(U, T, 2, q, q) patches that have the rings of a panel."""
    return torch.from_numpy(panel.dynamic[..., ring_of(2 * panel.dynamic.shape[-1] - 1)])


def make_world(factories: int, months: int) -> BenchWorld:
    size = {"first_month": "2014-01", "months": months, "n_districts": DISTRICTS, "n_factories": factories}
    with tempfile.TemporaryDirectory() as folder:
        simulate_pack(Path(folder), preset_spec("clean", labels="rich", bounds=BOUNDS, **size), SEED)
        return open_world(Path(folder), "training", Params())


def step_seconds(panel: Panel, channels: int, repeats: int) -> tuple[Seconds, Seconds]:
    """Median wall and CPU seconds of a step forward and back, ours and the naive one, timed in turn."""
    inputs, dynamic = as_inputs(panel), patches_of(panel)
    architecture = Architecture(channels, panel.static.shape[-1], dynamic.shape[-1])
    ours, naive = SaCnn(architecture), NaiveCnn(architecture)
    steps: list[tuple[SaCnn, Callable[[], Sight]]] = [
        (ours, lambda: ours(inputs)),
        (naive, lambda: naive.look(inputs, dynamic)),
    ]
    times: list[list[Seconds]] = [[], []]
    for _ in range(repeats + 1):
        for (network, look), row in zip(steps, times, strict=True):
            network.zero_grad()
            wall, cpu = time.perf_counter(), time.process_time()
            look().change.sum().backward()  # type: ignore[no-untyped-call]
            row.append((time.perf_counter() - wall, time.process_time() - cpu))
    return _median(times[0][1:]), _median(times[1][1:])


def _median(rows: list[Seconds]) -> Seconds:
    return statistics.median(r[0] for r in rows), statistics.median(r[1] for r in rows)


def timed_fit(world: BenchWorld, params: ModelParams, workers: int, start: fit.Fitted | None) -> tuple[Any, Seconds]:
    samples = world.material.samples
    wall, cpu = time.perf_counter(), time.process_time()
    fitted = fit.fit_model(
        samples, world.material.sums, len(samples.months), params, 9, start=start, workers=Threads(None, workers)
    )
    return fitted, (time.perf_counter() - wall, time.process_time() - cpu)


def show(title: str, runs: list[tuple[dict[str, list[Seconds]], Seconds]], naive: float) -> None:
    """Medians over runs; `naive` CPU seconds of the naive network's steps."""
    print(f"\n{title}, median of {len(runs)}\n{'part':24} {'calls':>5} {'wall':>8} {'CPU':>8}")
    for _, name in PARTS:
        rows = [calls.get(name, []) for calls, _ in runs]
        wall, cpu = _median([(sum(r[0] for r in row), sum(r[1] for r in row)) for row in rows])
        print(f"{name:24} {len(rows[0]):5d} {wall:8.2f} {cpu:8.2f}")
    wall, cpu = _median([whole for _, whole in runs])
    members = statistics.median(sum(r[1] for r in calls["train_member"]) for calls, _ in runs)
    print(f"{'whole (wall: side by side)':30} {wall:8.2f} {cpu:8.2f}")
    print(f"{'naive network, in turn':30} {'':8} {cpu - members + naive:8.2f}  {naive / members:.1f}× in training")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factories", type=int, default=3000)
    parser.add_argument("--months", type=int, default=96)
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    one_thread_each()
    world = make_world(args.factories, args.months)
    samples, params = world.material.samples, ModelParams(seeds=args.members)
    panel = build_panel(samples, fit_normalisation(samples, samples.observations.any(axis=(1, 2)), 5), 9, 5)
    print(f"{len(samples.factory_ids)} factories, {len(panel.district)} sites, {len(samples.months)} months,", end=" ")
    print(f"{len(world.material.sums.values)} figures, {args.workers} workers; load {os.getloadavg()[0]:.1f}")
    ours, naive = step_seconds(panel, params.channels, 2 * args.repeats + 1)
    print(f"step forward and back: CPU {ours[1]:.3f} s; naive {naive[1]:.3f} s ({naive[1] / ours[1]:.1f}×)")
    watch, fitted = Stopwatch(), None
    for title, epochs in (("retrain", params.epochs), ("fine-tune", params.finetune_epochs)):
        runs, champion = [], fitted
        for _ in range(args.repeats):
            watch.calls = {}
            fitted, whole = timed_fit(world, params, args.workers, champion)
            runs.append((watch.calls, whole))
        show(title, runs, args.members * (epochs + 1) * naive[1])
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
