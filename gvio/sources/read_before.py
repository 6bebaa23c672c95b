"""Months that were read before and whose files are as they were: their light is taken from there, no file is opened.

A file is as it was when its size, times (of content and of inode) and inode are, as git and make have it: an edit that
keeps the size and sets the time back is found by the inode's own time, which no program can set.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.sources.files import ProductFile
from gvio.sources.product import OpenedMonth, Product
from gvio.types import LightMonth, LightStack, Month, SeenGrid, SeenMonth


class ReadBefore:
    """What an earlier reading left, and a record of this one.

    Args:
        seen: Months of the earlier reading.
        stack: Gives its light, asked for at the first month that is as it was; None: it cannot be read.
    """

    def __init__(self, seen: Sequence[SeenMonth] = (), stack: Callable[[], LightStack | None] = lambda: None) -> None:
        self._seen: Mapping[str, SeenMonth] = {month.month: month for month in seen}
        self._stack = functools.cache(stack)
        self._noted: dict[str, SeenMonth] = {}

    @property
    def noted(self) -> tuple[SeenMonth, ...]:
        """The months of this reading, in order."""
        return tuple(self._noted[month] for month in sorted(self._noted))

    def look(self, files: Sequence[ProductFile]) -> tuple[str, ...]:
        """What the files of a month look like now; to be taken before they are opened."""
        return tuple(_look(file.path) for file in files)

    def recall(self, reader: Product, files: Sequence[ProductFile], looks: tuple[str, ...]) -> OpenedMonth | None:
        """The month as it was read before; None where a file is not what it was then."""
        before = self._seen.get(str(files[0].month))
        if before is None or before.files != looks or self._stack() is None:
            return None
        by_path = {str(file.path): file for file in files}
        grids = tuple((by_path[grid.path], _geobox(grid)) for grid in before.grids if grid.path in by_path)
        return OpenedMonth(grids, functools.partial(self._read, reader, files))

    def note(self, files: Sequence[ProductFile], looks: tuple[str, ...], opened: OpenedMonth) -> None:
        """Record a month."""
        month = str(files[0].month)
        self._noted[month] = SeenMonth(month=month, files=looks, grids=tuple(_grid(*pair) for pair in opened.grids))

    def _read(self, reader: Product, files: Sequence[ProductFile], geobox: GeoBox) -> LightMonth:
        stack, month = self._stack(), files[0].month
        if stack is None or stack.geobox != geobox or month not in stack.months:
            with reader.open_month(files) as opened:  # the region's grid moved: its window is another
                return opened.read(geobox)
        return _month_of(stack, month)


def _month_of(stack: LightStack, month: Month) -> LightMonth:
    at = month - stack.months[0]
    observations = stack.observations[at]
    return LightMonth(
        month=month,
        radiance=stack.radiance[at],
        valid=observations > 0,
        observations=observations,
        geobox=stack.geobox,
        provenance=stack.provenance[at],
    )


def _look(path: Path) -> str:
    try:
        stat = path.stat()
    except OSError:
        return f"{path} is not there"  # whoever opens it tells why
    return f"{path} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} {stat.st_ino}"


def _grid(file: ProductFile, grid: GeoBox) -> SeenGrid:
    a, b, c, d, e, f = (float(value) for value in tuple(grid.affine)[:6])
    return SeenGrid(
        path=str(file.path), affine=(a, b, c, d, e, f), shape=(grid.shape[0], grid.shape[1]), crs=str(grid.crs)
    )


def _geobox(grid: SeenGrid) -> GeoBox:
    return GeoBox(grid.shape, Affine(*grid.affine), grid.crs)
