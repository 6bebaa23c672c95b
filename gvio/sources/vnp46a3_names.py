"""Parts of the official names of Black Marble's files; apart from the reader, since the archives need no arrays."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from gvio.sources.files import ProductFile
from gvio.types import Month

COMPOSITE = "AllAngle_Composite_Snow_Free"

_NAME = re.compile(
    r"(?P<product>VNP46A3|VJ146A3)\.A(?P<day>\d{7})\.(?P<tile>h[0-3]\dv[01]\d)\.(?P<collection>\d{3})\.(?P<stamp>\d+)\.h5",
    re.IGNORECASE,
)


def recognise(filename: str, composite: str = COMPOSITE) -> ProductFile | None:
    """Parts of an official name, in any case; None for any other name and for days that do not begin a month."""
    match = _NAME.fullmatch(filename)
    month = _month_of(match["day"]) if match else None
    if match is None or month is None:
        return None
    return ProductFile(
        path=Path(filename),
        month=month,
        product="vnp46a3",
        satellite="npp" if match["product"].upper() == "VNP46A3" else "j01",
        collection=match["collection"],
        processing=composite,
        stamp=match["stamp"],
        tile=match["tile"].lower(),
        layer="granule",
    )


def _month_of(year_and_day: str) -> Month | None:
    try:
        day = dt.datetime.strptime(year_and_day, "%Y%j").date()  # noqa: DTZ007
    except ValueError:
        return None
    # Day 366 of a common year parses as the first of January of the next.
    return Month(day.year, day.month) if day.day == 1 and f"{day:%Y%j}" == year_and_day else None
