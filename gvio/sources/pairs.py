"""Products that come as two GeoTIFFs, radiance and cloud-free count: what EOG VNL and Light Every Night share."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.errors import ProductError
from gvio.sources.files import DOWNLOAD_AGAIN, ProductFile, check_magic
from gvio.sources.mosaic import TileLight, check_touches, mosaic_month
from gvio.types import LightMonth

ARCHIVE = "archive"


@dataclasses.dataclass(frozen=True)
class Pair:
    """Radiance and count of one tile, as paths GDAL opens, and the files on disk that they come from."""

    light: str
    count: str
    files: tuple[ProductFile, ...]


def pair_tiles(files: Sequence[ProductFile], light: str, count: str) -> list[Pair]:
    """One pair per tile. Loose files are preferred to the archive that also holds them.

    Args:
        files: Files of one month.
        light: Name of the radiance layer.
        count: Name of the layer with cloud-free counts.

    Raises:
        ProductError: A tile has radiance without count, or count without radiance.
    """
    tiles = sorted({file.tile for file in files})
    return [_pair([file for file in files if file.tile == tile], light, count) for tile in tiles]


def open_pairs(pairs: Sequence[Pair], geobox: GeoBox) -> LightMonth:
    """Read the window of every tile that touches the region and join them.

    Raises:
        ProductError: A file is damaged, off the region's lattice, or no tile touches the region.
    """
    for pair in pairs:
        _check_readable(pair)
    grids = [raster.geobox_of(pair.light) for pair in pairs]
    touching = check_touches([pair.files[0] for pair in pairs], grids, geobox)
    used = [pair for pair, touches in zip(pairs, touching, strict=True) if touches]
    tiles = (_read_tile(pair, geobox) for pair in used)
    return mosaic_month(pairs[0].files[0].month, tiles, [file for pair in used for file in pair.files], geobox)


def loose_lattices(files: Sequence[ProductFile]) -> list[tuple[ProductFile, GeoBox]]:
    """Grids of the loose files; an archive would have to be unpacked up to its member and is checked when read.

    Raises:
        ProductError: A header cannot be read.
    """
    loose = [file for file in files if file.layer != ARCHIVE]
    for file in loose:
        check_magic(file.path, "GeoTIFF")
    return [(file, raster.geobox_of(file.path)) for file in loose]


def reference_of(pairs: Sequence[Pair]) -> GeoBox:
    """Grid of the first tile's radiance.

    Raises:
        ProductError: The file is damaged.
    """
    _check_readable(pairs[0])
    return raster.geobox_of(pairs[0].light)


def _check_readable(pair: Pair) -> None:
    archive = pair.files[0] if pair.files[0].layer == ARCHIVE else None
    for file in pair.files:
        # First bytes first: of an HTML page in the place of a file GDAL says nothing that helps.
        check_magic(file.path, "gzip archive" if archive else "GeoTIFF")
    for member in (pair.light, pair.count) if archive else ():
        try:
            raster.geobox_of(member)
        except ProductError as error:
            raise ProductError(
                f"is truncated, damaged, or does not hold {Path(member).name}",
                where=pair.files[0].path.name,
                hint=DOWNLOAD_AGAIN,
            ) from error


def _read_tile(pair: Pair, geobox: GeoBox) -> TileLight:
    radiance, _, _ = raster.read_window(pair.light, geobox)
    counts, _, nodata = raster.read_window(pair.count, geobox)
    # An integer nodata (65535) would pass for the best-observed pixel of the month.
    if nodata is not None and np.issubdtype(counts.dtype, np.integer):
        counts = np.where(counts == nodata, 0, counts)
    return TileLight(np.asarray(radiance, np.float32), counts)


def _pair(files: Sequence[ProductFile], light: str, count: str) -> Pair:
    by_layer = {file.layer: file for file in files}
    if light in by_layer and count in by_layer:
        loose = (by_layer[light], by_layer[count])
        return Pair(str(loose[0].path), str(loose[1].path), loose)
    if ARCHIVE in by_layer:
        archive = by_layer[ARCHIVE]
        inside = f"/vsitar/{archive.path.absolute()}/{archive.path.name.removesuffix('.tgz')}"
        return Pair(f"{inside}.{light}.tif", f"{inside}.{count}.tif", (archive,))
    present, absent = (light, count) if light in by_layer else (count, light)
    name = by_layer[present].path.name
    raise ProductError(
        f"has no {absent} file of the same production beside it",
        where=name,
        hint=f"Download {name.replace(present, absent)}; without the count, cloud and darkness look alike.",
    )
