"""Functions of every night-light product: recognise its names, give its grid, read a month onto a region's grid."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from odc.geo.geobox import GeoBox

from gvio.sources.files import ProductFile
from gvio.types import LightMonth


@dataclasses.dataclass(frozen=True)
class Product:
    """A product as a table of functions; adding a product is adding a module and a line in `products.py`.

    Attributes:
        name: The name in `region.yaml`.
        example: An official file name, for messages.
        recognise: File name → its parsed parts (its path is the bare name), or None.
        reference_geobox: Files of one month → a grid on the product's lattice.
        lattices: Files of one month → their grids, as far as headers give them cheaply.
        open_month: Files of one month and the region's grid → the month.
    """

    name: str
    example: str
    recognise: Callable[[str], ProductFile | None]
    reference_geobox: Callable[[Sequence[ProductFile]], GeoBox]
    lattices: Callable[[Sequence[ProductFile]], list[tuple[ProductFile, GeoBox]]]
    open_month: Callable[[Sequence[ProductFile], GeoBox], LightMonth]
