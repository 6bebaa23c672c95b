"""What NASA's double holds, and how CMR and LAADS describe it: UMM-G of CMR, `content` of LAADS' API v2."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loopback import Request

CMR = "cmr.earthdata.nasa.gov"
LOGIN = "urs.earthdata.nasa.gov"
CLOUD = "data.laadsdaac.earthdatacloud.nasa.gov"
SIGNED = "d1nklfio7vscoe.cloudfront.net"
LAADS = "ladsweb.modaps.eosdis.nasa.gov"
HOSTS = (CMR, LOGIN, CLOUD, SIGNED, LAADS)
VERSIONS = {"001": ("1", "5000"), "002": ("2", "5200")}


@dataclasses.dataclass(frozen=True)
class Granule:
    """A product file by its official name; `in_cmr` False: only LAADS knows it; `file` in place of data, if large."""

    name: str
    data: bytes = b""
    in_cmr: bool = True
    file: Path | None = None

    @property
    def body(self) -> bytes | Path:
        return self.file or self.data

    @property
    def size(self) -> int:
        return self.file.stat().st_size if self.file is not None else len(self.data)

    @functools.cached_property
    def md5(self) -> str:
        return hashlib.md5(self.file.read_bytes() if self.file is not None else self.data).hexdigest()

    @property
    def product(self) -> str:
        return self.name.split(".")[0]

    @property
    def first_day(self) -> dt.date:
        return dt.datetime.strptime(self.name.split(".")[1], "A%Y%j").date()  # noqa: DTZ007

    @property
    def next_month(self) -> dt.date:
        return (self.first_day + dt.timedelta(days=32)).replace(day=1)

    @property
    def version(self) -> str:
        return VERSIONS[self.name.split(".")[3]][0]

    @property
    def archive_set(self) -> str:
        return VERSIONS[self.name.split(".")[3]][1]

    @property
    def box(self) -> tuple[float, float, float, float]:
        h, v = int(self.name.split(".")[2][1:3]), int(self.name.split(".")[2][4:6])
        return -180.0 + 10 * h, 80.0 - 10 * v, -170.0 + 10 * h, 90.0 - 10 * v

    @property
    def folder(self) -> str:
        return f"{self.archive_set}/{self.product}/{self.first_day:%Y/%j}"


def matches(granule: Granule, request: Request) -> bool:
    """As CMR matches: a month that ends where the range begins is within it, and so are tiles that only touch."""
    start, _, end = request.query["temporal[]"][0].partition(",")
    west, south, east, north = (float(side) for side in request.query["bounding_box"][0].split(","))
    return (
        request.query["short_name"] == [granule.product]
        and request.query["version"] == [granule.version]
        and f"{granule.first_day}T00:00:00Z" <= end
        and f"{granule.next_month}T00:00:00Z" >= start
        and touch(granule.box, (west, south, east, north))
    )


def touch(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] <= other[2] and one[2] >= other[0] and one[1] <= other[3] and one[3] >= other[1]


def umm(granule: Granule, places: Mapping[str, str]) -> dict[str, Any]:
    file = {
        "Name": granule.name,
        "SizeInBytes": granule.size,
        "Size": granule.size / 2**20,
        "SizeUnit": "MB",
        "Checksum": {"Value": granule.md5, "Algorithm": "MD5"},
    }
    tree = f"{places[LAADS]}/archive/allData/{granule.folder}/{granule.name}"
    cloud = f"{places[CLOUD]}/prod-lads/{granule.product}/{granule.name}"
    return {
        "GranuleUR": granule.name,
        "CollectionReference": {"ShortName": granule.product, "Version": granule.version},
        "TemporalExtent": {"RangeDateTime": {"BeginningDateTime": f"{granule.first_day}T00:00:00.000Z"}},
        "DataGranule": {"ArchiveAndDistributionInformation": [file]},
        "RelatedUrls": [
            {"URL": tree, "Type": "GET DATA"},
            {"URL": f"{places[LAADS]}/opendap/{granule.name}.html", "Type": "USE SERVICE API"},
            {"URL": cloud, "Type": "GET DATA"},
            {"URL": f"s3://prod-lads/{granule.product}/{granule.name}", "Type": "GET DATA VIA DIRECT ACCESS"},
        ],
    }


def entry(granule: Granule, places: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": granule.name,
        "size": granule.size,
        "md5sum": granule.md5,
        "archiveSets": int(granule.archive_set),
        "resourceType": "File",
        "downloadsLink": f"{places[LAADS]}/api/v2/content/archives/{granule.name}",
    }
