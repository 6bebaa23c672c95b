"""Whether a region fits into this machine's memory, said before the work and not by the kernel in the middle of it.

The sizes that decide are known from the pack: pixels, months, districts, factories. What each of them costs was
measured part by part, and raised to what a whole run took (docs/measurements/run-cost.md).
"""

from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.errors import ConfigError, InputRefused

if TYPE_CHECKING:
    from gvio.run.context import Context
    from gvio.sample.samples import Samples

_PIXELS_A_DEGREE = 240  # every product of night light has pixels of 15 arc-seconds
_PROGRAM = 550e6  # bytes: the libraries
_IMAGES = 18  # bytes a pixel and month: light as it was read, as it is sampled, and on its way into a file
_PLANTED = 4  # bytes a pixel and month, for each fold that is fitted at a time: light with plants in it
_LOOKED = 28  # bytes a pixel that some factory's patch holds and month, likewise: anomaly, validity, surroundings
_PATCH_PX = 25  # such pixels a factory, where no two patches overlap
_TILE_PX = 360**2  # most pixels that are looked at together: those of one tile (`gvio.grid.tiles`)
_SITE = 220  # bytes a factory and month, likewise: two panels, their inputs, and the lessons
_KERNELS = 34  # float64 matrices, months × months, for each district, likewise
_SHARED = 0.9  # of a machine's memory, for its workers and the process that waits for them
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclasses.dataclass(frozen=True)
class Sizes:
    """What of a region takes memory; `workers` folds or members are worked on at a time."""

    pixels: int
    months: int
    districts: int = 0
    factories: int = 0
    workers: int = 1

    def __str__(self) -> str:
        known = {"districts": self.districts, "factories": self.factories}
        parts = [f"{n:,} {name}" for name, n in known.items() if n]
        return " and ".join([", ".join([*parts, f"{self.pixels:,} pixels"]), f"{self.months} months"])


def needed_bytes(sizes: Sizes) -> float:
    """Peak of a run with full evaluation, from the terms that grow with the region."""
    images, sites = sizes.pixels * sizes.months, sizes.factories * sizes.months
    looked = min(images, _PATCH_PX * sites, _TILE_PX * sizes.months)
    square = sizes.districts * sizes.months**2
    fold = _PLANTED * images + _LOOKED * looked + _SITE * sites + 8 * _KERNELS * square
    return _PROGRAM + _IMAGES * images + sizes.workers * fold


def machine_bytes() -> float:
    """Memory of this machine, or of the container where that is less; infinite where nobody tells."""
    known = [math.inf]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        known.append(float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
    for path in _CGROUPS:
        try:
            known.append(float(Path(path).read_text()))
        except (OSError, ValueError):  # no container, or one without a limit: "max"
            continue
    return min(known)


def workers_for(samples: Samples) -> int:
    """How many folds or members are worked on at a time: as many as there are cores, fewer where memory ends first."""
    sizes, machine = _sizes_of_samples(samples), machine_bytes()
    for workers in range(os.cpu_count() or 1, 1, -1):
        if needed_bytes(dataclasses.replace(sizes, workers=workers)) <= machine:
            return workers
    return 1


def _sizes_of_samples(samples: Samples) -> Sizes:
    pixels, districts, factories = samples.owner.size, len(samples.area_ids), len(samples.factory_ids)
    return Sizes(pixels, len(samples.months), districts, factories)


def worker_bytes(samples: Samples, workers: int, limit: int | None) -> int:
    """Memory limit of each of several worker processes on this machine; 0: none is known.

    Args:
        samples: All of which each of them holds.
        workers: How many there are.
        limit: What was asked for; None: an equal share of the machine.

    Raises:
        ConfigError: The limit is less than one fold of these samples needs, or all limits more than there is.
    """
    machine = machine_bytes()
    share = _SHARED * machine / (workers + 1)
    if limit is not None and limit * workers > machine:
        what = f"{workers} workers of {limit / 1e9:.1f} GB are more than this machine has, {machine / 1e9:.1f} GB"
        hint = f"Give --worker-memory {max(1, math.floor(share / 1e9))}GB, or leave it out."
        raise ConfigError(what, where="--worker-memory", hint=hint)
    given = share if limit is None else float(limit)
    if not math.isfinite(given):
        return 0
    sizes = _sizes_of_samples(samples)
    if (needed := needed_bytes(sizes)) > given:
        what = f"{sizes} need about {needed / 1e9:.1f} GB in each worker, whose limit is {given / 1e9:.1f} GB"
        hint = f"Give --worker-memory {math.ceil(needed / 1e9)}GB, with fewer --workers where that is too much."
        raise ConfigError(what, where=f"{workers} workers", hint=hint)
    return int(given)


def sizes_of(context: Context, *, light_only: bool) -> Sizes:
    """Sizes of the region as its configuration states them; `light_only`: without opening a file of the pack."""
    west, south, east, north = context.config.bounds
    pixels = math.ceil((east - west) * _PIXELS_A_DEGREE) * math.ceil((north - south) * _PIXELS_A_DEGREE)
    months = context.cutoff - context.config.start + 1
    if light_only:
        return Sizes(pixels, months)
    places = context.places
    return Sizes(pixels, months, len(places.area_ids), len(places.factories))


def require_memory(sizes: Sizes, region: str, machine: float | None = None) -> None:
    """Refuse a region that does not fit even where one fold is worked on at a time.

    Args:
        sizes: Of the region.
        region: Its name.
        machine: Bytes there are; `machine_bytes()` when None.

    Raises:
        InputRefused: It needs more memory than there is.
    """
    needed, there = needed_bytes(sizes), machine_bytes() if machine is None else machine
    if needed <= there:
        return
    what = f"{sizes} need about {needed / 1e9:.1f} GB of memory, this machine has {there / 1e9:.1f} GB"
    hint = "Narrow bounds or begin with a later first_month in region.yaml, or use a machine with more memory."
    raise InputRefused(what, where=region, hint=hint)
