from pathlib import Path

import numpy as np
import pytest

from gvio.errors import ConfigError, PackError, ProductError, UpstreamUnavailable
from gvio.simulate.formats.black_marble import write_vnp46a3
from gvio.simulate.formats.vnl import pack_vnl
from gvio.sources.folder import list_files, open_stack, select_months
from gvio.sources.products import PRODUCTS
from gvio.sources.vnp46a3 import recognise
from gvio.types import LightStack, Month

MUMBAI = Path(__file__).parents[3] / "../shared/regions/mumbai-spike-in/ntl"
FIRST = Month(2021, 9)


def stack_of(folder: Path, light, last: Month | None = None, first: Month = FIRST) -> LightStack:
    return open_stack(folder, "vnl-monthly", light.bounds, first, last)[0]


def test_every_product_recognises_its_example_and_no_other() -> None:
    for name, product in PRODUCTS.items():
        file = product.recognise(product.example)
        assert file is not None
        assert file.product == product.name == name
        others = [other for other in PRODUCTS.values() if other is not product]
        assert [other.recognise(product.example) for other in others] == [None, None]


def test_months_become_one_stack_on_one_grid(tmp_path: Path, light) -> None:
    for month in ("2021-09", "2021-10", "2021-11", "2021-12"):
        light.write(tmp_path, month)
    seen: list[tuple[str, int, int]] = []
    stack, notes = open_stack(
        tmp_path, "vnl-monthly", light.bounds, FIRST, None, lambda label, done, total: seen.append((label, done, total))
    )
    assert [str(m) for m in stack.months] == ["2021-09", "2021-10", "2021-11", "2021-12"]
    assert stack.geobox == light.grid
    for index, month in enumerate(stack.months):
        np.testing.assert_array_equal(stack.radiance[index], light.month(month)[0])
        np.testing.assert_array_equal(stack.observations[index], light.month(month)[1])
    assert (stack.radiance.dtype, stack.observations.dtype) == (np.float32, np.uint16)
    assert (stack.missing, notes) == ((), ())
    assert set(stack.regimes) == {"vnl-monthly/npp/v10/vcmslcfg"}
    assert seen == [("reading night light", done, 4) for done in (1, 2, 3, 4)]


def test_a_month_missing_in_the_middle_is_nan_and_listed(tmp_path: Path, light) -> None:
    for month in ("2021-09", "2021-11"):
        light.write(tmp_path, month)
    stack = stack_of(tmp_path, light)
    assert stack.missing == (Month(2021, 10),)
    assert np.isnan(stack.radiance[1]).all()
    assert not stack.observations[1].any()
    assert (stack.provenance[1], stack.regimes[1]) == ((), "")
    assert np.isfinite(stack.radiance[2]).any()


def test_only_the_months_asked_for_are_read(tmp_path: Path, light) -> None:
    for month in ("2021-08", "2021-09", "2021-10", "2021-11"):
        light.write(tmp_path, month)
    for path in [*tmp_path.glob("SVDNB_npp_202108*"), *tmp_path.glob("SVDNB_npp_202111*")]:
        path.write_bytes(b"damaged, but nobody asked")
    assert [str(m) for m in stack_of(tmp_path, light, Month(2021, 10)).months] == ["2021-09", "2021-10"]


def test_files_below_the_folder_count_and_hidden_ones_do_not(tmp_path: Path, light) -> None:
    (tmp_path / "2021").mkdir()
    pair = light.write(tmp_path / "2021", "2021-09")
    (tmp_path / f".{pair[0].name}").write_bytes(b"")
    (tmp_path / "readme.txt").write_text("notes")
    assert [file.path for file in list_files(tmp_path, "vnl-monthly")] == list(pair)


def test_the_later_stamp_wins_with_a_warning(tmp_path: Path, light) -> None:
    old = light.write(tmp_path, "2021-09", stamp="202110120000")
    new = light.write(tmp_path, "2021-09", light.grid, stamp="202203010000")
    stack, notes = open_stack(tmp_path, "vnl-monthly", light.bounds, FIRST, None)
    assert [p.file for p in stack.provenance[0]] == [p.name for p in new]
    (note,) = notes
    assert (note.name, note.passed, note.required, note.subject) == ("light.superseded", False, False, "2021-09")
    assert new[0].name in note.message
    assert note.observed["ignored"] == [p.name for p in old]


def test_the_newer_collection_wins_whatever_its_stamp() -> None:
    names = [
        "VNP46A3.A2021335.h30v05.001.2023012120000.h5",
        "VNP46A3.A2021335.h30v05.002.2022012120000.h5",
        "VNP46A3.A2021335.h30v05.002.2022002120000.h5",
    ]
    files = [file for name in names if (file := recognise(name))]
    selected = select_months(files)
    assert [f.path.name for f in selected.months[Month(2021, 12)]] == [names[1]]
    assert selected.notes[0].observed["ignored"] == [names[0], names[2]]


def test_tiles_of_one_month_may_have_different_stamps() -> None:
    names = ["VNP46A3.A2021335.h30v05.002.2022012120000.h5", "VNP46A3.A2021335.h29v05.002.2022013120000.h5"]
    selected = select_months([file for name in names if (file := recognise(name))])
    assert [f.tile for f in selected.months[Month(2021, 12)]] == ["h29v05", "h30v05"]
    assert selected.notes == ()


def test_tiles_of_different_collections_are_refused() -> None:
    names = ["VNP46A3.A2021335.h30v05.002.2022012120000.h5", "VNP46A3.A2021335.h29v05.001.2022012120000.h5"]
    with pytest.raises(ProductError, match="tiles of 2021-12 come from collections 001 and 002"):
        select_months([file for name in names if (file := recognise(name))])


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ({}, {"config": "vcmcfg"}, "npp/vcmcfg and npp/vcmslcfg"),
        ({}, {"satellite": "j01"}, "j01/vcmslcfg and npp/vcmslcfg"),
        ({"stamp": "1"}, {"satellite": "j01", "stamp": "2"}, "j01/vcmslcfg and npp/vcmslcfg"),
    ],
)
def test_one_month_of_two_kinds_is_refused(tmp_path: Path, light, first, second, words: str) -> None:
    light.write(tmp_path, "2021-09", **first)
    light.write(tmp_path, "2021-09", light.grid, **second)
    with pytest.raises(ProductError, match=f"2021-09 is there more than once, as {words}"):
        stack_of(tmp_path, light)


def test_the_same_file_in_two_folders_is_used_once_with_a_warning(tmp_path: Path, light) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        light.write(tmp_path / name, "2021-09")
    selected = select_months(list_files(tmp_path, "vnl-monthly"))
    assert {f.path.parent.name for f in selected.months[FIRST]} == {"a"}
    assert len(selected.notes[0].observed["ignored"]) == 2


def test_many_superseded_files_are_counted_not_listed(tmp_path: Path, light) -> None:
    for stamp in ("1", "2", "3", "4"):
        light.write(tmp_path, "2021-09", stamp=stamp)
    (note,) = select_months(list_files(tmp_path, "vnl-monthly")).notes
    assert "and 3 more;" in note.message


@pytest.mark.parametrize("odd", ["2021-09", "2021-10", "2021-12"])
def test_the_file_off_the_lattice_of_the_majority_is_named(tmp_path: Path, light, odd: str) -> None:
    for month in ("2021-09", "2021-10", "2021-11", "2021-12"):
        light.write(tmp_path, month, light.moved(0, 0.5) if month == odd else light.moved(2, -3))
    words = rf"^SVDNB_npp_{odd.replace('-', '')}01-.*tif: the grid is shifted by 0\.50 pixels east"
    with pytest.raises(ProductError, match=words):
        stack_of(tmp_path, light)


def test_of_two_lattices_with_equal_votes_the_newest_month_is_right(tmp_path: Path, light) -> None:
    light.write(tmp_path, "2021-09")
    light.write(tmp_path, "2021-10", light.moved(0.25, 0))
    with pytest.raises(ProductError, match=r"^SVDNB_npp_202109.*shifted by 0\.25 pixels north"):
        stack_of(tmp_path, light)


def test_the_newest_archive_is_named_when_it_alone_is_off(tmp_path: Path, light) -> None:
    """Not the first met: the region's grid is cut from the newest month's, and all others differ from it."""
    for month in ("2021-09", "2021-10"):
        light.write(tmp_path, month)
    archive = pack_vnl(*light.write(tmp_path, "2021-11", light.moved(0, 0.5)))
    with pytest.raises(ProductError, match=rf"^{archive.name}: the grid is shifted by 0\.50 pixels east"):
        stack_of(tmp_path, light)


def test_an_archive_off_the_lattice_is_refused_when_read(tmp_path: Path, light) -> None:
    pack_vnl(*light.write(tmp_path, "2021-09", light.moved(0, 0.5)))
    light.write(tmp_path, "2021-10")
    with pytest.raises(ProductError, match=r"^SVDNB_npp_202109.*shifted by 0\.50 pixels east"):
        stack_of(tmp_path, light)


def test_the_newest_months_lattice_defines_the_grid(tmp_path: Path, light) -> None:
    light.write(tmp_path, "2021-09", light.moved(-10, -10, (60, 50)))
    light.write(tmp_path, "2021-10", light.moved(3, 3, (20, 20)))
    stack = stack_of(tmp_path, light)
    assert stack.geobox.shape == light.grid.shape
    assert np.isfinite(stack.radiance[0]).mean() > 0.8
    assert 0 < np.isfinite(stack.radiance[1]).mean() < 0.4


def test_black_marble_months_make_a_stack(tmp_path: Path, light) -> None:
    grid = light.moved(0.5, 0.5)  # VNL centres lie on the borders of Black Marble's pixels
    for month in (Month(2021, 9), Month(2021, 10)):
        write_vnp46a3(tmp_path, month, *light.month(month), grid)
    stack, _ = open_stack(tmp_path, "vnp46a3", tuple(grid.boundingbox.bbox), FIRST, None)
    assert stack.geobox.shape == grid.shape
    np.testing.assert_allclose(stack.radiance[1], light.month(Month(2021, 10))[0], rtol=1e-6, equal_nan=True)


def test_a_missing_folder_is_a_defect_of_the_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no such folder of night-light files") as caught:
        list_files(tmp_path / "ntl", "vnl-monthly")
    assert caught.value.exit_code == 3


def test_no_recognised_file_is_upstreams_and_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UpstreamUnavailable, match="the folder is empty") as caught:
        list_files(tmp_path, "vnl-monthly")
    assert caught.value.exit_code == 4
    for name in ("readme.txt", "SVDNB_20211201-20211231_75N060E_vcmslcfg_v10.avg_rade9h.tif"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(UpstreamUnavailable, match=r"none of 2 file.*nearest name is 'SVDNB_20211201.*such as SVDNB"):
        list_files(tmp_path, "vnl-monthly")


def test_an_unknown_product_is_a_wrong_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown night-light product 'vnl'; nearest is 'vnl-monthly'"):
        list_files(tmp_path, "vnl")


@pytest.mark.parametrize(
    ("first", "last", "month"),
    [(FIRST, Month(2022, 1), "2022-01"), (Month(2022, 3), None, "2022-03"), (Month(2022, 3), FIRST, "2022-03")],
)
def test_a_month_that_is_not_there_yet_is_upstreams(tmp_path: Path, light, first: Month, last, month: str) -> None:
    for there in ("2021-09", "2021-10"):
        light.write(tmp_path, there)
    with pytest.raises(UpstreamUnavailable, match=rf"no product for {month}; 2021-09\.\.2021-10 are there\. Wait"):
        stack_of(tmp_path, light, last, first)


def test_real_radiance_of_mumbai_opens() -> None:
    if not MUMBAI.is_dir():
        pytest.skip(f"real data absent: {MUMBAI}")
    bounds = (72.781252, 18.847916, 72.981252, 19.268750)
    stack, notes = open_stack(MUMBAI, "vnl-monthly", bounds, Month(2020, 1), None)
    assert stack.radiance.shape == (24, 101, 48)
    assert (stack.months[-1], stack.missing, notes) == (Month(2021, 12), (), ())
    share_unseen = np.isnan(stack.radiance).mean(axis=(1, 2))
    assert share_unseen[Month(2020, 7) - Month(2020, 1)] > share_unseen[11] == 0  # monsoon against December
    assert 5 < np.nanmedian(stack.radiance) < 60
