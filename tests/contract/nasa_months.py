"""Six months of Black Marble tiles in and around Shanghai at NASA's double, and the archive that asks for them."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from nasa_double import PASSWORD, USER, Nasa, nasa
from nasa_granules import Granule
from pydantic import SecretStr

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.archive import Archive, RemoteFile
from gvio.archives.black_marble import black_marble_archive
from gvio.archives.manifest import RawFile
from gvio.archives.retry import RetryPolicy
from gvio.simulate.formats.black_marble import granule_name
from gvio.types import Month

Bounds = tuple[float, float, float, float]

SHANGHAI = (120.85, 30.65, 122.15, 31.9)
TWO_TILES = (120.85, 29.5, 122.15, 31.9)
FIRST, LAST = Month(2021, 1), Month(2021, 3)
MONTHS = [Month(2020, 11) + i for i in range(6)]
QUICK = RetryPolicy(attempts=3, first_wait=0.01, longest_wait=0.02, longest_asked=1.0)
TOKEN = Credentials(earthdata_token=SecretStr("a-personal-token"))
BY_PASSWORD = Credentials(earthdata_username=SecretStr(USER), earthdata_password=SecretStr(PASSWORD))
BOTH = TOKEN.model_copy(update=BY_PASSWORD.model_dump(exclude_none=True))


def granule(month: Month, v: int = 5, h: int = 30, collection: str = "002", **more: str) -> Granule:
    name = granule_name(month, h, v, satellite="npp", collection=collection, **more)
    noise = np.random.default_rng([month.ordinal, v, h]).bytes(40_000)
    return Granule(name, b"\x89HDF\r\n\x1a\n" + noise)


@contextlib.contextmanager
def six_months(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, direct: bool = False) -> Iterator[Nasa]:
    """The double, with this process's environment leading to it."""
    folder = tmp_path / "nasa"
    folder.mkdir()
    granules = [granule(month, v, h) for month in MONTHS for v in (5, 6) for h in (29, 30, 31)]
    with nasa(folder, granules, direct) as double:
        for name, value in double.environment.items():
            monkeypatch.setenv(name, value)
        yield double


def archive(credentials: Credentials = TOKEN, bounds: Bounds = SHANGHAI, endpoints: Endpoints | None = None) -> Archive:
    return black_marble_archive(bounds, credentials, endpoints or Endpoints(), retry=QUICK)


def fetch(files: list[RemoteFile], into: Path, credentials: Credentials = TOKEN) -> list[RawFile]:
    return archive(credentials).fetch(files, into, None)


def assert_whole(nasa: Nasa, records: list[RawFile], into: Path) -> None:
    assert records
    for record in records:
        data = nasa.granules[record.name].data
        assert (into / record.path).read_bytes() == data
        assert record.sha256 == hashlib.sha256(data).hexdigest()
