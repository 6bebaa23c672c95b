"""Light Every Night monthly composites: global COGs `DNB_npp_…avg_rade9.tif` with `…n_cf.tif`, read by window.

The reprocessed months (`rp2`, `vcm`) before the switch to operational processing have another background: the
processing, and so the regime, carries cloud mask, stray-light treatment and `rp2`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from gvio.sources.files import ProductFile, month_of_period
from gvio.sources.pairs import open_pairs, pair_tiles
from gvio.sources.product import OpenedMonth, Product

LIGHT, COUNT = "avg_rade9", "n_cf"

_NAME = re.compile(
    r"DNB_(?P<satellite>npp|j01)_(?P<start>\d{8})-(?P<end>\d{8})_(?P<tile>[0-9A-Za-z]+)_"
    r"(?P<config>(?:ecm|vcm)-(?:slcorr|slexcl)|ecmslcfg|ecmcfg)_(?P<collection>v\d+)_(?P<run>[0-9A-Za-z]+)\."
    r"(?P<layer>avg_rade9|n_cf)\.tif",
    re.IGNORECASE,
)
_RENAMED = {"ecmslcfg": "ecm-slcorr", "ecmcfg": "ecm-slexcl"}  # October 2024 only: the same, in EOG's own words


def recognise(filename: str) -> ProductFile | None:
    """Parts of an official name, in any case; None for any other name and for periods that are not one month."""
    match = _NAME.fullmatch(filename)
    month = month_of_period(match["start"], match["end"]) if match else None
    if match is None or month is None:
        return None
    run, tile = match["run"].lower(), match["tile"].upper()
    config = _RENAMED.get(match["config"].lower(), match["config"].lower())
    return ProductFile(
        path=Path(filename),
        month=month,
        product="light-every-night",
        satellite=match["satellite"].lower(),
        collection=match["collection"].lower(),
        processing=config if run == "ops" else f"{config}_{run}",
        stamp=run,
        tile=tile.lower() if tile == "GLOBAL" else tile,
        layer=match["layer"].lower(),
    )


def open_month(files: Sequence[ProductFile]) -> AbstractContextManager[OpenedMonth]:
    """One month, open; its radiance is NaN where the count is 0, absent, or the value is not finite.

    Args:
        files: Radiance and count of one month.

    Raises:
        ProductError: Damaged or missing file.
    """
    return open_pairs(pair_tiles(files, LIGHT, COUNT))


PRODUCT = Product(
    name="light-every-night",
    example="DNB_npp_20211201-20211231_global_ecm-slcorr_v10_ops.avg_rade9.tif",
    recognise=recognise,
    open_month=open_month,
)
