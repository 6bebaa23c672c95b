"""How often product files are opened, by Python, GDAL or HDF5 alike: counted by the kernel."""

import contextlib
import ctypes
import os
import struct
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gvio.errors import ProductError
from gvio.simulate.formats.black_marble import write_vnp46a3
from gvio.simulate.formats.light_every_night import write_light_every_night
from gvio.simulate.formats.vnl import pack_vnl
from gvio.sources.folder import list_files, open_files, open_stack
from gvio.sources.read_before import ReadBefore
from gvio.types import LightStack, Month

MONTHS = (Month(2021, 9), Month(2021, 10), Month(2021, 11))
_ACCESS, _OPEN, _FOLDER = (
    0x1,
    0x20,
    0x40000000,
)  # inotify's events; reads are asked for since equal events in a row count as one


@contextlib.contextmanager
def opens_in(folder: Path) -> Iterator[Counter[str]]:
    """Opens per name of a file in `folder` and below, filled at the end."""
    counted: Counter[str] = Counter()
    libc = ctypes.CDLL(None, use_errno=True)
    events = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert events >= 0, os.strerror(ctypes.get_errno())
    try:
        for place in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
            watched = libc.inotify_add_watch(events, os.fsencode(place), _ACCESS | _OPEN)
            assert watched >= 0, os.strerror(ctypes.get_errno())
        yield counted
        with contextlib.suppress(BlockingIOError):
            while data := os.read(events, 2**16):
                counted.update(_opened_names(data))
    finally:
        os.close(events)


def _opened_names(data: bytes) -> Iterator[str]:
    while data:
        _, mask, _, length = struct.unpack_from("iIII", data)
        name = os.fsdecode(data[16 : 16 + length].rstrip(b"\0"))
        if mask & _OPEN and not mask & _FOLDER:
            yield name
        data = data[16 + length :]


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_the_counter_sees_python_and_libraries(tmp_path: Path, light) -> None:
    path, _ = light.write(tmp_path, "2021-09")
    with opens_in(tmp_path) as counted:
        with path.open("rb") as stream:
            stream.read(4)
            fd = os.open(path, os.O_RDONLY)
        os.close(fd)
    assert counted == {path.name: 2}


@pytest.mark.parametrize("product", ["vnl-monthly", "light-every-night", "vnp46a3"])
def test_every_product_file_is_opened_once(tmp_path: Path, light, product: str) -> None:
    grid = light.moved(0.5, 0.5) if product == "vnp46a3" else light.grid
    for month in MONTHS:
        if product == "vnl-monthly":
            light.write(tmp_path, str(month))
        elif product == "light-every-night":
            write_light_every_night(tmp_path, month, *light.month(month), grid)
        else:
            write_vnp46a3(tmp_path, month, *light.month(month), grid)
    with opens_in(tmp_path) as counted:
        stack, _ = open_stack(tmp_path, product, tuple(grid.boundingbox.bbox), MONTHS[0], None)
    assert counted == dict.fromkeys(names_in(tmp_path), 1)
    assert len(stack.provenance[0]) == (1 if product == "vnp46a3" else 2)
    np.testing.assert_allclose(stack.radiance[2], light.month(MONTHS[2])[0], rtol=1e-6, equal_nan=True)


def test_a_misaligned_month_is_opened_once_too(tmp_path: Path, light) -> None:
    for month in MONTHS:
        light.write(tmp_path, str(month), light.moved(0, 0.5) if month == MONTHS[2] else light.grid)
    with opens_in(tmp_path) as counted, pytest.raises(ProductError, match=r"^SVDNB_npp_202111.*shifted by 0\.50 pixel"):
        open_stack(tmp_path, "vnl-monthly", light.bounds, MONTHS[0], None)
    assert counted == dict.fromkeys(names_in(tmp_path), 1)


def test_a_months_files_are_closed_before_the_next_is_opened(tmp_path: Path, light) -> None:
    for month in MONTHS:
        light.write(tmp_path, str(month))
    still_open: list[int] = []

    def look(*_: object) -> None:
        files = [fd.readlink() for fd in Path("/proc/self/fd").iterdir() if fd.exists()]
        still_open.append(sum(file.is_relative_to(tmp_path) for file in files))

    open_stack(tmp_path, "vnl-monthly", light.bounds, MONTHS[0], None, look)
    assert still_open == [0, 0, 0]


def test_an_archive_is_read_by_gdal_and_for_its_hash(tmp_path: Path, light) -> None:
    """Python opens it once, for first bytes and SHA-256. GDAL lists it and unpacks two members, three opens each."""
    archive = pack_vnl(*light.write(tmp_path, "2021-09"))
    with opens_in(tmp_path) as counted:
        open_stack(tmp_path, "vnl-monthly", light.bounds, MONTHS[0], None)
    assert set(counted) == {archive.name}
    assert counted[archive.name] <= 1 + 2 * 3


@pytest.fixture
def read_once(tmp_path: Path, light) -> tuple[Path, LightStack, ReadBefore]:
    for month in MONTHS[:2]:
        light.write(tmp_path, str(month))
    return tmp_path, *read(tmp_path, light, ReadBefore())


def read(folder: Path, light, before: ReadBefore, bounds=None) -> tuple[LightStack, ReadBefore]:
    files = list_files(folder, "vnl-monthly")
    last = max(file.month for file in files)
    stack, _ = open_files(files, "vnl-monthly", bounds or light.bounds, MONTHS[0], last, str(folder), before=before)
    return stack, ReadBefore(before.noted, lambda: stack)


def test_of_a_new_month_only_its_own_files_are_opened(read_once, light) -> None:
    folder, stack, before = read_once
    new = {path.name for path in light.write(folder, str(MONTHS[2]))}
    with opens_in(folder) as counted:
        longer, _ = read(folder, light, before)
    assert counted == dict.fromkeys(new, 1)
    anew, _ = read(folder, light, ReadBefore())
    for name in ("radiance", "observations"):
        np.testing.assert_array_equal(getattr(longer, name), getattr(anew, name))
        np.testing.assert_array_equal(getattr(longer, name)[:2], getattr(stack, name))
    assert (longer.provenance, longer.geobox, longer.months) == (anew.provenance, anew.geobox, anew.months)


def test_a_file_with_other_bytes_of_the_same_size_and_the_old_time_is_read_again(read_once, light) -> None:
    folder, stack, before = read_once
    path = next(path for path in folder.iterdir() if "avg_rade9h" in path.name)
    stat, data = path.stat(), bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    changed, _ = read(folder, light, before)
    assert path.stat().st_size == stat.st_size
    assert changed.provenance != stack.provenance


def test_another_window_is_read_anew(read_once, light) -> None:
    folder, stack, before = read_once
    west, south, east, north = light.bounds
    narrow, _ = read(folder, light, before, (west + 5 / 240, south, east, north))
    anew, _ = read(folder, light, ReadBefore(), (west + 5 / 240, south, east, north))
    assert narrow.radiance.shape[2] < stack.radiance.shape[2]
    np.testing.assert_array_equal(narrow.radiance, anew.radiance)


def test_light_that_cannot_be_read_back_is_read_from_the_files(read_once, light) -> None:
    folder, stack, before = read_once
    again, _ = read(folder, light, ReadBefore(tuple(before._seen.values()), lambda: None))
    np.testing.assert_array_equal(again.radiance, stack.radiance)
    light.write(folder, str(MONTHS[2]), light.moved(0.5, 0.5))
    with pytest.raises(ProductError):
        read(folder, light, before)
