"""The light of a world as files of its product, under official names: invented ones, or those of the real base."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from gvio.errors import ProductError
from gvio.simulate.formats.black_marble import granule_name, write_vnp46a3
from gvio.simulate.formats.light_every_night import write_light_every_night
from gvio.simulate.formats.vnl import vnl_stem, write_vnl
from gvio.simulate.light import regime_start
from gvio.simulate.world import World
from gvio.sources.files import ProductFile
from gvio.sources.products import PRODUCTS
from gvio.types import FloatArray, IntArray, Progress, Provenance


def write_light(world: World, folder: Path, progress: Progress | None = None) -> None:
    """Write every month of light in the format of the world's product; a month that the base lacks gets no file."""
    for t in range(world.spec.months):
        if not world.provenance or world.provenance[t]:
            _WRITERS[world.spec.product](world, t, folder)
        if progress is not None:
            progress("writing light", t + 1, world.spec.months)


def _write_vnl(world: World, t: int, folder: Path) -> None:
    named = _named(world, t)
    stem = named.path.name.split(".")[0].replace(f"_{named.tile}_", f"_{_tile(world, t, named)}_")
    write_vnl(folder, named.month, *_light(world, t), stem)


def _write_black_marble(world: World, t: int, folder: Path) -> None:
    named = _named(world, t)
    radiance, counts, geobox = _light(world, t)
    write_vnp46a3(
        folder, named.month, np.maximum(radiance, 0), counts, geobox,
        collection=named.collection, satellite=named.satellite, stamp=named.stamp, composite=named.processing,
    )  # fmt: skip


def _write_light_every_night(world: World, t: int, folder: Path) -> None:
    named = _named(world, t)
    config = named.processing.removesuffix(f"_{named.stamp}")
    write_light_every_night(
        folder, named.month, *_light(world, t), config=config, run=named.stamp, satellite=named.satellite
    )


_WRITERS: Mapping[str, Callable[[World, int, Path], None]] = {
    "vnl-monthly": _write_vnl,
    "vnp46a3": _write_black_marble,
    "light-every-night": _write_light_every_night,
}


def _light(world: World, t: int) -> tuple[FloatArray, IntArray, GeoBox]:
    return world.radiance[t], world.observations[t], world.places.geobox


def _named(world: World, t: int) -> ProductFile:
    """The parsed name of a month's file: of the first real one where there is any."""
    product = PRODUCTS[world.spec.product]
    name = _sources(world, t)[0].file if world.provenance else _invented_name(world, t)
    named = product.recognise(name)
    if named is None:
        raise ProductError(f"{name} is no {product.name} file", hint=f"Official names are such as {product.example}.")
    return named


def _invented_name(world: World, t: int) -> str:
    """Months before a recorded change of regime carry another processing in their names than later ones."""
    month, first = world.spec.span[t], regime_start(world.spec)
    before = first is not None and world.spec.regime_recorded and t < first
    if world.spec.product == "vnp46a3":
        return granule_name(month, 0, 0, satellite="npp", collection="001" if before else "002")
    if world.spec.product == "vnl-monthly":
        return f"{vnl_stem(month, config='vcmcfg' if before else 'vcmslcfg')}.avg_rade9h.tif"
    period = f"{month.first_day:%Y%m%d}-{month.last_day:%Y%m%d}"
    return f"DNB_npp_{period}_global_ecm-slcorr_v10_{'rp2' if before else 'ops'}.avg_rade9.tif"


def _tile(world: World, t: int, named: ProductFile) -> str:
    """The tile's name; a window across tiles is a window of the globe."""
    files = [PRODUCTS[world.spec.product].recognise(source.file) for source in _sources(world, t)]
    return named.tile if len({file.tile for file in files if file is not None}) < 2 else "global"


def _sources(world: World, t: int) -> tuple[Provenance, ...]:
    return world.provenance[t] if world.provenance else ()
