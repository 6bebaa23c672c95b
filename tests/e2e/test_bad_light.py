"""Light that cannot be trusted is refused with its file or month; gaps of the history are reported and lived with."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from badland import TARGET, Outcome, Region

from gvio.grid.region import region_geobox
from gvio.simulate.formats.black_marble import write_vnp46a3
from gvio.simulate.formats.vnl import vnl_stem
from gvio.simulate.geography import lattice
from gvio.types import Month

HISTORY = Month(2019, 11)
LOGIN = b"<!DOCTYPE html><html><head><title>Earthdata Login</title></head><body>Please log in</body></html>"
NOTHING = "Nothing is published and the last release stands"
AGAIN = "Download the file again and compare its size with the provider's"


def _truncate(path: Path, share: float = 0.5) -> None:
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])


def _copy_as(region: Region, month: Month, **name: str) -> None:
    """The month a second time, under another official name."""
    for path in region.light(month):
        layer = path.name.split(".", 1)[1]
        shutil.copy(path, path.with_name(f"{vnl_stem(month, **name)}.{layer}"))


def _granules(region: Region) -> list[Path]:
    """Turn the region to Black Marble, with one true granule of the target month."""
    region.configure(ntl={"product": "vnp46a3", "source": "granules"})
    folder = region.pack / "granules"
    folder.mkdir()
    geobox = region_geobox((121.0, 31.0, 121.15, 31.12), lattice("vnp46a3"))
    return write_vnp46a3(folder, TARGET, np.ones(geobox.shape), np.full(geobox.shape, 5), geobox)


def _log_in(path: Path) -> None:
    path.write_bytes(LOGIN)


REFUSED: dict[str, tuple[Callable[[Region], object], str]] = {
    "truncated GeoTIFF": (
        lambda r: _truncate(r.light(TARGET)[0]),
        rf"202012.*avg_rade9h\.tif: cannot be read as a raster \(.*\). {AGAIN}",
    ),
    "truncated count": (
        lambda r: _truncate(r.light(HISTORY)[1], 0.9),
        rf"201911.*cf_cvg\.tif: cannot be read as a raster \(.*\). {AGAIN}",
    ),
    "GeoTIFF cut to its first bytes": (lambda r: _truncate(r.light(TARGET)[0], 0.005), rf"avg_rade9h\.tif: .*{AGAIN}"),
    "empty file": (lambda r: r.light(TARGET)[0].write_bytes(b""), rf"avg_rade9h\.tif: is empty.*{AGAIN}"),
    "login page saved as GeoTIFF": (
        lambda r: _log_in(r.light(TARGET)[0]),
        r"avg_rade9h\.tif: is an HTML page, probably a login page: 'Earthdata Login'. Log in",
    ),
    "login page saved as HDF5": (
        lambda r: _log_in(_granules(r)[0]),
        r"VNP46A3\.A2020336\..*\.h5: is an HTML page, probably a login page: 'Earthdata Login'. Log in \(or renew the "
        r"token\) at the provider and download the file again",
    ),
    "truncated HDF5": (
        lambda r: _truncate(_granules(r)[0]),
        rf"VNP46A3\.A2020336\..*\.h5: cannot be read as HDF5, it is truncated or damaged .*{AGAIN}",
    ),
    "HDF5 cut in its header": (lambda r: _truncate(_granules(r)[0], 0.001), rf"VNP46A3.*\.h5: .*damaged.*{AGAIN}"),
    "grid shifted by half a pixel": (
        lambda r: r.shift(TARGET, 0.5),
        r"202012.*tif: .*0\.5.*pixel",
    ),
    "grid of a month of the history shifted by half a pixel": (
        lambda r: r.shift(HISTORY, 0.5),
        r"201911.*tif: .*0\.5.*pixel",
    ),
    "count without radiance": (
        lambda r: r.light(TARGET)[0].unlink(),
        r"202012.*cf_cvg\.tif: has no avg_rade9h file of the same production beside it. Download SVDNB_.*avg_rade9h",
    ),
    "same month from another satellite": (
        lambda r: _copy_as(r, HISTORY, satellite="j01"),
        r"201911.*: 2019-11 is there more than once, as j01/vcmslcfg and npp/vcmslcfg. Keep the files of one satellite",
    ),
    "same month in another configuration": (
        lambda r: _copy_as(r, HISTORY, config="vcmcfg"),
        r"201911.*: 2019-11 is there more than once, as npp/vcmcfg and npp/vcmslcfg. Keep the files of one satellite",
    ),
    "target month without any observation": (
        lambda r: r.unsee(TARGET, where=True),
        rf"light\.target_seen\] expected pixels with an observation in the target month; found 0 of .*{NOTHING}",
    ),
    "target month without an observation over a district": (
        lambda r: r.unsee(TARGET, r.owner() == 1),
        r"light\.district_coverage\] expected an observation over every district; found nothing seen over D01. "
        rf"A map would invent these districts: wait for a reissued month.*{NOTHING}",
    ),
    "one file under the names of two months": (
        lambda r: [shutil.copy(a, b) for a, b in zip(r.light(HISTORY), r.light(TARGET), strict=True)],
        rf"light\.duplicate_months\] .* identical pixels in 2019-11 = 2020-12. One file was saved under two.*{NOTHING}",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_untrustworthy_light_is_refused_and_the_release_stands(region: Region, name: str) -> None:
    damage, message = REFUSED[name]
    before = region.published()
    damage(region)
    outcome = region.run("run")
    assert (outcome.code, outcome.out) == (3, "")
    assert re.search(message, outcome.message)
    assert region.published() == before


def _warnings(region: Region) -> list[str]:
    assert region.run("fetch").code == 0
    outcome: Outcome = region.run("validate", "--json")
    assert outcome.code == 0, outcome.err
    return list(outcome.document["facts"]["warnings"])


def test_month_missing_in_the_middle_is_named_and_lived_with(region: Region) -> None:
    for path in region.light(HISTORY):
        path.unlink()
    (warning,) = _warnings(region)
    assert re.search(r"1 of 26 months of the history without light \(4%\): 2019-11. Fetch these months", warning)
    assert region.run("sample").code == 0


def test_month_of_the_history_without_any_observation_is_named(region: Region) -> None:
    region.unsee(HISTORY, where=True)
    (warning,) = _warnings(region)
    assert re.search(r"1 of 26 months of the history without light \(4%\): 2019-11. Fetch these months", warning)


def test_too_many_missing_months_are_refused(region: Region) -> None:
    before = region.published()
    for path in [file for i in range(8) for file in region.light(HISTORY + i)]:
        path.unlink()
    outcome = region.run("run")
    assert outcome.code == 3
    assert re.search(rf"light\.missing_months\].* 8 of 26 months .*2019-11.*{NOTHING}", outcome.message)
    assert region.published() == before


def test_district_unseen_in_the_history_is_named(region: Region) -> None:
    region.unsee(HISTORY, region.owner() == 1)
    told = [warning for warning in _warnings(region) if "district unseen" in warning]
    assert len(told) == 1
    assert re.search(r"1 month with a district unseen: 2019-11 \(D01\). .*treated as missing, not as dark", told[0])


def test_newer_production_of_a_month_counts_and_the_older_is_named(region: Region) -> None:
    _copy_as(region, HISTORY, stamp="202001311200")
    (warning,) = _warnings(region)
    assert re.search(
        r"2019-11 is there more than once: used SVDNB_.*c202001311200\..*, ignored SVDNB_.*c201912121200\..*; remove "
        r"what is superseded",
        warning,
    )


def test_absent_month_can_be_tried_later(region: Region) -> None:
    before = region.published()
    outcome = region.run("run", month=TARGET + 3)
    assert outcome.code == 4
    assert re.search(
        r"ntl: no product for 2021-03; 2018-10\.\.2020-12 are there. Wait for the provider, or ask for an earlier",
        outcome.message,
    )
    assert region.published() == before


def test_folder_without_a_product_names_the_nearest_name(region: Region) -> None:
    before = region.published()
    for path in (region.pack / "ntl").iterdir():
        path.rename(path.with_name(path.name.replace("SVDNB", "SVDNBX")))
    outcome = region.run("run")
    assert outcome.code == 4
    assert re.search(
        r"none of 54 file\(s\) is a vnl-monthly product; nearest name is 'SVDNBX_.*'. Put files there under "
        r"their official names",
        outcome.message,
    )
    assert region.published() == before
