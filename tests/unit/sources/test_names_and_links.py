"""Folders of light as people keep them: links, other cases, older and half-official names."""

from pathlib import Path

import pytest

from gvio.errors import PackError, UpstreamUnavailable
from gvio.simulate.formats.vnl import pack_vnl
from gvio.sources.folder import list_files, open_stack
from gvio.sources.products import PRODUCTS
from gvio.sources.unread import unread_note
from gvio.types import Month

MONTH = Month(2021, 12)


def months_of(folder: Path, light) -> list[str]:
    return [str(m) for m in open_stack(folder, "vnl-monthly", light.bounds, Month(2021, 11), None)[0].months]


def test_folders_that_are_links_are_entered_and_loops_end(tmp_path: Path, light) -> None:
    elsewhere, folder = tmp_path / "disk", tmp_path / "ntl"
    folder.mkdir()
    light.write(elsewhere / "2021", "2021-12")
    light.write(folder / "2020", "2021-11")
    (folder / "2021").symlink_to(elsewhere / "2021")
    (folder / "2020" / "up").symlink_to(folder)
    (folder / "again").symlink_to(folder / "2020")
    assert months_of(folder, light) == ["2021-11", "2021-12"]
    assert [file.path.parent for file in list_files(folder, "vnl-monthly")][:2] == [folder / "2020"] * 2


def test_a_link_to_a_file_counts_and_a_link_to_nothing_is_named(tmp_path: Path, light) -> None:
    for path in light.write(tmp_path / "disk", "2021-12"):
        (tmp_path / "ntl").mkdir(exist_ok=True)
        (tmp_path / "ntl" / path.name).symlink_to(path)
    assert len(list_files(tmp_path / "ntl", "vnl-monthly")) == 2
    path.unlink()
    (note,) = unread_note(tmp_path / "ntl", "vnl-monthly")
    assert f"1 file(s) look like vnl-monthly but are not: {path.name} (a link to nothing)" in note.message


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_the_case_of_a_name_does_not_matter(tmp_path: Path, light, change) -> None:
    for path in light.write(tmp_path, "2021-12"):
        path.rename(path.with_name(change(path.name)))
    assert months_of(tmp_path, light)[-1] == "2021-12"


@pytest.mark.parametrize("product", list(PRODUCTS.values()), ids=list(PRODUCTS))
def test_names_in_any_case_mean_the_same(product) -> None:
    official, other = product.recognise(product.example), product.recognise(product.example.swapcase())
    assert official is not None
    assert other is not None
    assert {**vars(official), "path": None} == {**vars(other), "path": None}


@pytest.mark.parametrize("packed", [False, True])
def test_the_older_name_of_the_radiance_is_read(tmp_path: Path, light, packed: bool) -> None:
    radiance, counts = light.write(tmp_path, "2021-12")
    old = radiance.rename(radiance.with_name(radiance.name.replace("avg_rade9h", "avg_rade9")))
    if packed:
        archive = pack_vnl(old, counts)
        archive.rename(tmp_path / f"{counts.name.partition('.')[0]}.tgz")
    assert months_of(tmp_path, light)[-1] == "2021-12"


@pytest.mark.parametrize("change", ["{}.gz", "{}.tar", "{} (1).tif", "Copy of {}", "{}.tif"])
def test_names_that_are_nearly_official_are_named_with_what_to_do(tmp_path: Path, light, change: str) -> None:
    pair = light.write(tmp_path, "2021-12")
    for path in pair:
        path.rename(path.with_name(change.format(path.name)))
    with pytest.raises(
        PackError, match=r"2 file\(s\) look like vnl-monthly but are not: .*\. Unpack \.gz, \.zip and \.t"
    ):
        list_files(tmp_path, "vnl-monthly")
    for path, renamed in zip(sorted(pair), sorted(tmp_path.iterdir()), strict=True):
        renamed.rename(path)
    assert len(list_files(tmp_path, "vnl-monthly")) == 2


def test_what_the_provider_lays_beside_is_not_named(tmp_path: Path, light) -> None:
    stem = light.write(tmp_path, "2021-12")[0].name.partition(".")[0]
    for ending in ("cvg.tif", "avg_rade9h.masked.tif", "avg_rade9h.tif.aux.xml", "md5"):
        (tmp_path / f"{stem}.{ending}").write_bytes(b"")
    assert unread_note(tmp_path, "vnl-monthly") == ()
    assert unread_note(tmp_path, "light-every-night") == ()


def test_other_files_alone_are_waited_for(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("soon")
    with pytest.raises(UpstreamUnavailable, match="none of 1 file"):
        list_files(tmp_path, "vnl-monthly")


def test_a_count_that_is_absent_is_named_as_it_should_be_called(tmp_path: Path, light) -> None:
    radiance, counts = light.write(tmp_path, "2021-12")
    old = radiance.rename(radiance.with_name(radiance.name.replace("avg_rade9h", "avg_rade9")))
    name = counts.name
    counts.unlink()
    with pytest.raises(Exception, match=rf"{old.name}: has no cf_cvg file .* Download {name};"):
        months_of(tmp_path, light)
