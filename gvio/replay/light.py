"""The light of a month as it was on a day of a replay: the pack's own files, others, or the same written again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gvio import raster
from gvio.errors import ConfigError
from gvio.events import ReplayCalendar, RepublishedLight
from gvio.grid.region import region_geobox
from gvio.replay.pack_parts import PackParts
from gvio.sources.files import ProductFile
from gvio.sources.folder import recognise_files
from gvio.types import Month

_RADIANCE = ("avg_rade9h", "avg_rade9")
_COUNTS = ("cf_cvg", "n_cf")


def files_on(parts: PackParts, calendar: ReplayCalendar, day: dt.date, made: Path, beside: Path) -> dict[Path, Path]:
    """What lies in the folder of light on a day: name relative to it, and the file that it is.

    Args:
        parts: The pack.
        calendar: What happens to its light.
        day: The day.
        made: Folder of the files that are written again; each is written once.
        beside: Folder that `files` of the calendar are relative to.

    Raises:
        ConfigError: A month cannot be written again, or a file of the calendar is absent or of no product.
        ProductError: A file of the pack cannot be read.
    """
    found: dict[Path, Path] = {}
    for month, files in parts.light.items():
        if not calendar.has_light(month, day):
            continue
        edition = calendar.edition(month, day)
        if edition is not None and edition.files:
            found |= {Path(path.name): path for path in files_given(parts, edition, beside)}
        elif edition is not None or str(month) in calendar.unseen:
            factor = np.nan if edition is None or edition.factor is None else edition.factor
            place = made / f"{month}-x{factor:g}"
            found |= {
                file.path.relative_to(parts.source): _written(parts, file, factor, place) for file in _pairs(files)
            }
        else:
            found |= {file.path.relative_to(parts.source): file.path for file in files}
    return found


def files_given(parts: PackParts, edition: RepublishedLight, beside: Path) -> list[Path]:
    """The files that the calendar gives in the place of a month's, relative to `beside`.

    Raises:
        ConfigError: One is absent, or of no product.
    """
    paths = [(beside / name).resolve() for name in edition.files]
    known = {file.path for product in parts.config.ntl.products for file in recognise_files(paths, product)}
    wrong = next((path for path in paths if not path.is_file() or path not in known), None)
    if wrong is not None:
        what = f"{wrong.name} for the light of {edition.light} is not there, or has no official name"
        raise ConfigError(what, where="--calendar", hint="Correct the path, or keep the provider's name of the file.")
    return paths


def _pairs(files: Sequence[ProductFile]) -> Sequence[ProductFile]:
    """The files of a month, all of which can be written again.

    Raises:
        ConfigError: One cannot: an archive or a granule.
    """
    other = next((file for file in files if file.layer not in (*_RADIANCE, *_COUNTS)), None)
    if other is not None:
        what = f"light of {other.month} cannot be written again: {other.path.name} is no GeoTIFF of one layer"
        raise ConfigError(what, where="--calendar", hint="Name other files under republished, or unpack it.")
    return files


def _written(parts: PackParts, file: ProductFile, factor: float, place: Path) -> Path:
    """The region's window of a file, radiance by a factor; NaN makes a month in which nothing can be seen."""
    target = place / file.path.name
    if target.is_file():
        return target
    window = region_geobox(parts.config.bounds, raster.geobox_of(file.path))
    values, geobox, nodata = raster.read_window(file.path, window)
    if file.layer in _RADIANCE:
        values = (values * np.float32(factor)).astype(np.float32)
    target.parent.mkdir(parents=True, exist_ok=True)
    raster.write_geotiff(target, values, geobox, nodata=nodata)
    return target


def months_without_files(parts: PackParts, calendar: ReplayCalendar) -> list[Month]:
    """Months that the calendar names and the pack has no light of."""
    named = [one.light for one in calendar.late] + [one.light for one in calendar.withdrawn]
    named += [one.light for one in calendar.republished]
    return [month for month in map(Month.parse, [*named, *calendar.unseen]) if month not in parts.light]
