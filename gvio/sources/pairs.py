"""Products that come as two GeoTIFFs, radiance and cloud-free count: what EOG VNL and Light Every Night share."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator, Sequence

import numpy as np
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.errors import ProductError
from gvio.sources.files import DOWNLOAD_AGAIN, OpenedFile, ProductFile, opened
from gvio.sources.mosaic import TileLight, check_touches, mosaic_month
from gvio.sources.product import OpenedMonth
from gvio.types import LightMonth

ARCHIVE = "archive"


@dataclasses.dataclass(frozen=True)
class Pair:
    """Files of one tile: radiance and count, or the archive that holds both, and then the names they may have in it."""

    files: tuple[ProductFile, ...]
    members: tuple[tuple[str, ...], ...] = ()


@dataclasses.dataclass(frozen=True, eq=False)
class _Tile:
    light: raster.OpenRaster
    count: raster.OpenRaster
    files: tuple[OpenedFile, ...]

    @property
    def grids(self) -> tuple[tuple[ProductFile, GeoBox], ...]:
        """Of radiance and count; of an archive both are members of one file."""
        return (self.files[0].file, self.light.geobox), (self.files[-1].file, self.count.geobox)


def pair_tiles(files: Sequence[ProductFile], light: str, count: str, old_light: str | None = None) -> list[Pair]:
    """One pair per tile. Loose files are preferred to the archive that also holds them.

    Args:
        files: Files of one month.
        light: Name of the radiance layer.
        count: Name of the layer with cloud-free counts.
        old_light: Another name of the radiance layer, in older archives.

    Raises:
        ProductError: A tile has radiance without count, or count without radiance.
    """
    tiles = sorted({file.tile for file in files})
    lights = (light,) if old_light is None else (light, old_light)
    return [_pair([file for file in files if file.tile == tile], lights, count) for tile in tiles]


@contextlib.contextmanager
def open_pairs(pairs: Sequence[Pair]) -> Iterator[OpenedMonth]:
    """One month, open: every file once, from which first bytes, SHA-256, header and window are read.

    Only members of an archive are opened by GDAL itself, which unpacks no more of it than it needs.

    Raises:
        ProductError: A file is damaged.
    """
    with contextlib.ExitStack() as stack:
        tiles = [stack.enter_context(_open_archive(p) if p.members else _open_loose(p)) for p in pairs]
        grids = tuple(grid for tile in tiles for grid in tile.grids)
        yield OpenedMonth(grids, functools.partial(_read, tiles))


def _read(tiles: Sequence[_Tile], geobox: GeoBox) -> LightMonth:
    """Read the window of every tile that touches the region and join them."""
    touching = check_touches([(tile.files[0].file, tile.light.geobox) for tile in tiles], geobox)
    used = [tile for tile, touches in zip(tiles, touching, strict=True) if touches]
    light = (_read_tile(tile, geobox) for tile in used)
    return mosaic_month(tiles[0].files[0].file.month, light, [file for tile in used for file in tile.files], geobox)


def _read_tile(tile: _Tile, geobox: GeoBox) -> TileLight:
    radiance, _, _ = raster.window_of(tile.light, geobox)
    counts, _, nodata = raster.window_of(tile.count, geobox)
    # An integer nodata (65535) would pass for the best-observed pixel of the month.
    if nodata is not None and np.issubdtype(counts.dtype, np.integer):
        counts = np.where(counts == nodata, 0, counts)
    return TileLight(np.asarray(radiance, np.float32), counts)


@contextlib.contextmanager
def _open_loose(pair: Pair) -> Iterator[_Tile]:
    with contextlib.ExitStack() as stack:
        # First bytes first: of an HTML page in the place of a file GDAL says nothing that helps.
        files = tuple(stack.enter_context(opened(file, "GeoTIFF")) for file in pair.files)
        light, count = (stack.enter_context(raster.opened(file.stream)) for file in files)
        yield _Tile(light, count, files)


@contextlib.contextmanager
def _open_archive(pair: Pair) -> Iterator[_Tile]:
    with contextlib.ExitStack() as stack:
        archive = stack.enter_context(opened(pair.files[0], "gzip archive"))
        light, count = (_member(pair.files[0], names, stack) for names in pair.members)
        yield _Tile(light, count, (archive,))


def _member(archive: ProductFile, names: Sequence[str], stack: contextlib.ExitStack) -> raster.OpenRaster:
    """The first of these members that is there, open as long as the stack."""
    path = str(archive.path.absolute())
    inside = path if set("{}") & set(path) else f"{{{path}}}"  # braces: a folder may itself be called *.tar
    for name in names:
        try:
            return stack.enter_context(raster.opened(f"/vsitar/{inside}/{name}"))
        except ProductError:
            continue
    what = f"is truncated, damaged, or does not hold {names[0]}"
    raise ProductError(what, where=archive.path.name, hint=DOWNLOAD_AGAIN)


def _pair(files: Sequence[ProductFile], lights: tuple[str, ...], count: str) -> Pair:
    light = lights[0]
    by_layer = {file.layer: file for file in files}
    if light in by_layer and count in by_layer:
        return Pair((by_layer[light], by_layer[count]))
    if ARCHIVE in by_layer:
        archive = by_layer[ARCHIVE]
        stem = archive.path.stem
        return Pair((archive,), (tuple(f"{stem}.{name}.tif" for name in lights), (f"{stem}.{count}.tif",)))
    present, absent = (light, count) if light in by_layer else (count, light)
    name = by_layer[present].path.name
    raise ProductError(
        f"has no {absent} file of the same production beside it",
        where=name,
        hint=f"Download {name.partition('.')[0]}.{absent}.tif; without the count, cloud and darkness look alike.",
    )
