"""EOG VNL monthly composites: `SVDNB_…avg_rade9h.tif` with `…cf_cvg.tif`, or both in a `.tgz`.

Files may be global, a tile, or an already clipped window. Where `cf_cvg` is 0 nothing was observed: the zero
radiance there is not darkness.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from gvio.sources.files import ProductFile, month_of_period
from gvio.sources.pairs import ARCHIVE, open_pairs, pair_tiles
from gvio.sources.product import OpenedMonth, Product

LIGHT, COUNT = "avg_rade9h", "cf_cvg"
OLD_LIGHT = "avg_rade9"  # until 2017 the provider named the same layer so

_NAME = re.compile(
    r"SVDNB_(?P<satellite>npp|j01)_(?P<start>\d{8})-(?P<end>\d{8})_(?P<tile>[0-9A-Za-z]+)_"
    r"(?P<config>vcmcfg|vcmslcfg)_(?P<collection>v\d+)_c(?P<stamp>\d+)\.(?P<layer>avg_rade9h?\.tif|cf_cvg\.tif|tgz)",
    re.IGNORECASE,
)


def recognise(filename: str) -> ProductFile | None:
    """Parts of an official name, in any case; None for any other name and for periods that are not one month."""
    match = _NAME.fullmatch(filename)
    month = month_of_period(match["start"], match["end"]) if match else None
    if match is None or month is None:
        return None
    tile, layer = match["tile"].upper(), match["layer"].lower().removesuffix(".tif")
    return ProductFile(
        path=Path(filename),
        month=month,
        product="vnl-monthly",
        satellite=match["satellite"].lower(),
        collection=match["collection"].lower(),
        processing=match["config"].lower(),
        stamp=match["stamp"],
        tile=tile.lower() if tile == "GLOBAL" else tile,
        layer={"tgz": ARCHIVE, OLD_LIGHT: LIGHT}.get(layer, layer),
    )


def open_month(files: Sequence[ProductFile]) -> AbstractContextManager[OpenedMonth]:
    """One month, open; its radiance is NaN where the count is 0, absent, or the value is not finite.

    Args:
        files: All files of one production of one month.

    Raises:
        ProductError: Damaged or missing file.
    """
    return open_pairs(pair_tiles(files, LIGHT, COUNT, OLD_LIGHT))


PRODUCT = Product(
    name="vnl-monthly",
    example="SVDNB_npp_20211201-20211231_75N060E_vcmslcfg_v10_c202201122300.avg_rade9h.tif",
    recognise=recognise,
    open_month=open_month,
)
