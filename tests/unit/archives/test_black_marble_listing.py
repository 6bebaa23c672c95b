"""What CMR's and LAADS' entries say of a file."""

from __future__ import annotations

from typing import Any

import pytest

from gvio.archives.access import Endpoints
from gvio.archives.archive import Checksum
from gvio.archives.cmr import file_of_granule
from gvio.archives.laads import file_of_entry
from gvio.types import Month

NAME = "VNP46A3.A2021032.h30v05.002.2025133151707.h5"
TREE = f"https://ladsweb.modaps.eosdis.nasa.gov/archive/allData/5200/VNP46A3/2021/032/{NAME}"
CLOUD = f"https://data.laadsdaac.earthdatacloud.nasa.gov/prod-lads/VNP46A3/{NAME}"
MD5 = "12EF3568FCDA5FD0F4E74B3837E94D97"


def granule(*urls: str, **file: Any) -> dict[str, Any]:
    entry = {"Name": NAME, "SizeInBytes": 57392259, "Checksum": {"Value": MD5, "Algorithm": "MD5"}} | file
    return {
        "RelatedUrls": [{"URL": url, "Type": "GET DATA"} for url in urls],
        "DataGranule": {"ArchiveAndDistributionInformation": [entry]},
    }


def test_name_month_size_and_checksum_come_from_the_metadata() -> None:
    file = file_of_granule(granule(CLOUD))
    assert file is not None
    assert (file.name, file.month, file.url, file.size) == (NAME, Month(2021, 2), CLOUD, 57392259)
    assert file.checksum == Checksum("md5", MD5.lower())


def test_the_cloud_goes_before_the_tree_that_may_ask_for_a_licence() -> None:
    chosen = file_of_granule(granule(TREE, CLOUD))
    assert chosen is not None
    assert chosen.url == CLOUD
    only = file_of_granule(granule(TREE))
    assert only is not None
    assert only.url == TREE


@pytest.mark.parametrize(
    "urls", [(), (f"s3://prod-lads/VNP46A3/{NAME}",), ("https://example.org/README.pdf",), (f"{CLOUD}.xml",)]
)
def test_a_granule_without_a_product_file_over_http_is_none(urls: tuple[str, ...]) -> None:
    assert file_of_granule(granule(*urls)) is None


def test_links_of_other_kinds_do_not_count() -> None:
    umm = granule(CLOUD)
    umm["RelatedUrls"][0]["Type"] = "VIEW RELATED INFORMATION"
    assert file_of_granule(umm) is None


@pytest.mark.parametrize(
    ("checksum", "expected"),
    [
        ({"Value": "AB", "Algorithm": "SHA-256"}, Checksum("sha256", "ab")),
        ({"Value": "AB", "Algorithm": "CRC-32"}, None),
        (None, None),
    ],
)
def test_only_checksums_that_can_be_verified_are_kept(checksum: Any, expected: Checksum | None) -> None:
    file = file_of_granule(granule(CLOUD, Checksum=checksum))
    assert file is not None
    assert file.checksum == expected


def test_sizes_of_other_files_are_not_mistaken_for_this_one() -> None:
    umm = granule(CLOUD, Name="browse.jpg")
    umm["DataGranule"]["ArchiveAndDistributionInformation"].append({"Name": "other.xml", "SizeInBytes": 7})
    file = file_of_granule(umm)
    assert file is not None
    assert (file.size, file.checksum) == (None, None)


def test_metadata_without_sizes_still_name_the_file() -> None:
    file = file_of_granule({"RelatedUrls": [{"URL": CLOUD, "Type": "GET DATA"}]})
    assert file is not None
    assert (file.size, file.checksum) == (None, None)


def test_an_entry_of_laads_names_its_own_download() -> None:
    entry = {"name": NAME, "size": 57392259, "md5sum": MD5, "downloadsLink": f"/api/v2/content/archives/{NAME}"}
    file = file_of_entry(entry, Endpoints())
    assert file is not None
    assert file.url == f"https://ladsweb.modaps.eosdis.nasa.gov/api/v2/content/archives/{NAME}"
    assert (file.month, file.size, file.checksum) == (Month(2021, 2), 57392259, Checksum("md5", MD5.lower()))


def test_an_entry_without_size_checksum_and_link_is_still_a_file() -> None:
    file = file_of_entry({"name": NAME}, Endpoints(laads="https://mirror.example.org/laads"))
    assert file is not None
    assert file.url == f"https://mirror.example.org/laads/api/v2/content/archives/{NAME}"
    assert (file.size, file.checksum) == (None, None)


@pytest.mark.parametrize("name", ["", "032", f"../{NAME}", NAME.replace("VNP46A3", "VNP46A4"), f"{NAME}/../x"])
def test_folders_and_names_that_are_no_official_ones_are_no_files(name: str) -> None:
    assert file_of_entry({"name": name}, Endpoints()) is None
