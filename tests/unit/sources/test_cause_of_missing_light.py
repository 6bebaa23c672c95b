"""Light that cannot be used: the sentence says whether to wait, to unpack, to correct or to fetch a neighbour."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from gvio.errors import ProductError, UpstreamUnavailable
from gvio.grid.region import region_geobox
from gvio.simulate.formats.black_marble import tile_geobox, write_vnp46a3
from gvio.sources.folder import list_files, open_stack
from gvio.types import Month

MONTH = Month(2021, 12)


def notes_of(folder: Path, light, bounds) -> dict[str, str]:
    return {n.name: n.message for n in open_stack(folder, "vnl-monthly", bounds, MONTH, None)[1]}


def test_files_that_do_not_reach_over_the_region_are_not_clouds(tmp_path: Path, light) -> None:
    light.write(tmp_path, "2021-12")
    west, south, east, north = light.bounds
    assert notes_of(tmp_path, light, light.bounds) == {}
    wider = notes_of(tmp_path, light, (west, south, 2 * east - west, north))
    assert "of 2021-12 50% is missing: download the neighbouring tiles, or correct bounds" in wider["light.tiles"]


def test_files_of_another_product_are_named(tmp_path: Path) -> None:
    small = region_geobox((121.0, 31.0, 121.05, 31.05), tile_geobox(30, 5))
    write_vnp46a3(tmp_path, MONTH, np.ones(small.shape, np.float32), np.ones(small.shape, np.int64), small)
    with pytest.raises(
        UpstreamUnavailable, match=r"none of 1 file.* 1 are vnp46a3\. Correct ntl\.product or ntl\.source"
    ):
        list_files(tmp_path, "vnl-monthly")
    assert len(list_files(tmp_path, "vnp46a3")) == 1


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (gzip.compress, r"is packed \(gzip\), not a GeoTIFF as its name says\. Unpack it"),
        (lambda data: b"", "is empty"),
    ],
)
def test_a_packed_file_under_the_name_of_what_is_in_it(tmp_path: Path, light, packed, words: str) -> None:
    path, _ = light.write(tmp_path, "2021-12")
    data = path.read_bytes()
    path.write_bytes(packed(data))
    with pytest.raises(ProductError, match=words):
        notes_of(tmp_path, light, light.bounds)
    path.write_bytes(data)
    assert notes_of(tmp_path, light, light.bounds) == {}


def test_a_file_that_may_not_be_read_is_not_asked_to_be_downloaded(tmp_path: Path, light, monkeypatch) -> None:
    light.write(tmp_path, "2021-12")

    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ProductError, match=r"cannot be opened \(Permission denied\)\. Make it readable for this user"):
        notes_of(tmp_path, light, light.bounds)
