"""The light of a world as files of its product, under official names: invented ones, or those of the real base."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from gvio.simulate.formats.black_marble import write_vnp46a3
from gvio.simulate.formats.light_every_night import write_light_every_night
from gvio.simulate.formats.vnl import write_vnl
from gvio.simulate.world import World
from gvio.sources.files import ProductFile
from gvio.sources.products import PRODUCTS
from gvio.types import FloatArray, IntArray, Progress


def write_light(world: World, folder: Path, progress: Progress | None = None) -> None:
    """Write every month of light in the format of the world's product; a month that the base lacks gets no file."""
    for t in range(world.spec.months):
        if not world.provenance or world.provenance[t]:
            _WRITERS[world.spec.product](world, t, folder)
        if progress is not None:
            progress("writing light", t + 1, world.spec.months)


def _write_vnl(world: World, t: int, folder: Path) -> None:
    radiance, counts, geobox = _light(world, t)
    source = _source(world, t)
    stem = (
        None if source is None else source.path.name.split(".")[0].replace(f"_{source.tile}_", f"_{_tile(world, t)}_")
    )
    write_vnl(folder, world.spec.span[t], radiance, counts, geobox, stem)


def _write_black_marble(world: World, t: int, folder: Path) -> None:
    radiance, counts, geobox = _light(world, t)
    source = _source(world, t)
    write = write_vnp46a3 if source is None else functools.partial(
        write_vnp46a3, satellite=source.satellite, collection=source.collection, stamp=source.stamp,
        composite=source.processing,
    )  # fmt: skip
    write(folder, world.spec.span[t], np.maximum(radiance, 0), counts, geobox)


def _write_light_every_night(world: World, t: int, folder: Path) -> None:
    radiance, counts, geobox = _light(world, t)
    source = _source(world, t)
    names: dict[str, str] = {}
    if source is not None:
        config = source.processing.removesuffix(f"_{source.stamp}")
        names = {"satellite": source.satellite, "config": config, "run": source.stamp}
    write_light_every_night(folder, world.spec.span[t], radiance, counts, geobox, **names)


_WRITERS: Mapping[str, Callable[[World, int, Path], None]] = {
    "vnl-monthly": _write_vnl,
    "vnp46a3": _write_black_marble,
    "light-every-night": _write_light_every_night,
}


def _light(world: World, t: int) -> tuple[FloatArray, IntArray, GeoBox]:
    return world.radiance[t], world.observations[t], world.places.geobox


def _source(world: World, t: int) -> ProductFile | None:
    """What the name of the month's first real file says; None where light is invented."""
    if not world.provenance:
        return None
    return PRODUCTS[world.spec.product].recognise(world.provenance[t][0].file)


def _tile(world: World, t: int) -> str:
    """The tile's name; a window across tiles is a window of the globe."""
    files = [PRODUCTS[world.spec.product].recognise(source.file) for source in world.provenance[t]]
    tiles = {file.tile for file in files if file is not None}
    return tiles.pop() if len(tiles) == 1 else "global"
