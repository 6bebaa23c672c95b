"""The table of official archives, and a folder as one that has everything already."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import get_args

import pytest

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.folder import folder_archive
from gvio.archives.table import ARCHIVES, choose_variants
from gvio.config import ProductName
from gvio.errors import ConfigError, UpstreamUnavailable
from gvio.simulate.formats.vnl import vnl_stem
from gvio.sources.products import PRODUCTS
from gvio.types import Month

BOUNDS = (121.0, 31.0, 121.2, 31.1)


def test_every_product_has_an_official_archive() -> None:
    assert set(ARCHIVES) == set(PRODUCTS) == set(get_args(ProductName))


@pytest.mark.parametrize(
    ("product", "variant"), [(p, variant) for p, official in ARCHIVES.items() for variant in official.variants]
)
def test_an_archive_is_made_without_network_and_credentials(product: str, variant: str) -> None:
    archive = ARCHIVES[product].make(BOUNDS, Credentials(), Endpoints(), variant)
    assert archive.name


def test_a_variant_goes_to_the_product_that_has_it() -> None:
    products = ("vnp46a3", "vnl-monthly")
    assert choose_variants(products, None) == ("VNP46A3", "vcmslcfg")
    assert choose_variants(products, "vcmcfg") == ("VNP46A3", "vcmcfg")
    assert choose_variants(products, "VJ146A3") == ("VJ146A3", "vcmslcfg")


def test_an_unknown_variant_is_told_with_the_nearest() -> None:
    message = r"region\.yaml: ntl\.variant 'VNP46A2' is none of vnp46a3; nearest is 'VNP46A3'\. Correct it, or leave"
    with pytest.raises(ConfigError, match=message):
        choose_variants(("vnp46a3",), "VNP46A2")


def test_a_folder_lists_its_files_and_copies_nothing(tmp_path: Path) -> None:
    months = [Month(2021, 3), Month(2021, 1), Month(2021, 2)]
    for month in months:
        (tmp_path / str(month)).mkdir()
        (tmp_path / str(month) / f"{vnl_stem(month)}.cf_cvg.tif").write_bytes(str(month).encode())
    archive = folder_archive(tmp_path, "vnl-monthly")
    listed = archive.list_(Month(2021, 2), Month(2021, 12))
    assert [(file.month, file.size) for file in listed] == [(Month(2021, 2), 7), (Month(2021, 3), 7)]
    assert [Path(file.url).parent.name for file in listed] == ["2021-02", "2021-03"]
    steps: list[tuple[str, int, int]] = []
    records = archive.fetch(listed, tmp_path / "elsewhere", lambda *step: steps.append(step))
    assert [record.sha256 for record in records] == [
        hashlib.sha256(b"2021-02").hexdigest(),
        hashlib.sha256(b"2021-03").hexdigest(),
    ]
    assert {(record.version, record.month) for record in records} == {
        ("v10/202103121200", "2021-02"),
        ("v10/202104121200", "2021-03"),
    }
    assert steps == [("reading files", 1, 2), ("reading files", 2, 2)]
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_without_the_product_says_so(tmp_path: Path) -> None:
    with pytest.raises(UpstreamUnavailable, match=r"none of 0 file\(s\) is a vnp46a3 product; the folder is empty"):
        folder_archive(tmp_path, "vnp46a3").list_(Month(2021, 1), Month(2021, 2))
