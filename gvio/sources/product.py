"""Functions of every night-light product: recognise its names, open a month, read it onto a region's grid."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from odc.geo.geobox import GeoBox

from gvio.sources.files import ProductFile
from gvio.types import LightMonth


@dataclasses.dataclass(frozen=True, eq=False)
class OpenedMonth:
    """The files of one month, each open once: their grids, and the light while they stay open.

    Attributes:
        grids: Files with their grids, at least one.
        read: A region's grid, a window of the product's lattice → the month on it. Raises ProductError: a damaged
            file, another lattice, or no tile touches the region.
    """

    grids: tuple[tuple[ProductFile, GeoBox], ...]
    read: Callable[[GeoBox], LightMonth]


@dataclasses.dataclass(frozen=True)
class Product:
    """A product as a table of functions; adding a product is adding a module and a line in `products.py`.

    Attributes:
        name: The name in `region.yaml`.
        example: An official file name, for messages.
        recognise: File name → its parsed parts (its path is the bare name), or None.
        open_month: Files of one production of one month → the month, open within the context.
    """

    name: str
    example: str
    recognise: Callable[[str], ProductFile | None]
    open_month: Callable[[Sequence[ProductFile]], AbstractContextManager[OpenedMonth]]
