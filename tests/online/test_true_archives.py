"""The true archives, with whatever credentials the environment holds: `pytest tests/online -m online`.

One month of one small region each. What a provider has changed shows here first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gvio.archives.archive import Archive
from gvio.archives.environment import credentials_from, endpoints_from
from gvio.archives.manifest import current_files, read_manifest, verify
from gvio.archives.table import ARCHIVES
from gvio.sources.folder import open_files, recognise_files
from gvio.types import Month

pytestmark = [pytest.mark.online, pytest.mark.enable_socket]

SHANGHAI = (121.3, 31.1, 121.6, 31.3)
MONTH = Month(2021, 12)
NEEDED = {"vnp46a3": ("EARTHDATA_TOKEN", "EARTHDATA_PASSWORD"), "vnl-monthly": ("EOG_CLIENT_SECRET",)}


@pytest.fixture(params=[(p, v) for p, official in ARCHIVES.items() for v in official.variants], ids="-".join)
def product_and_archive(request: pytest.FixtureRequest) -> tuple[str, Archive]:
    product, variant = request.param
    needed = NEEDED.get(product, ())
    if needed and not any(os.environ.get(name) for name in needed):
        pytest.skip(f"set {' or '.join(needed)} (docs/sources.md) to ask the archive of {product}")
    netrc = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
    access = credentials_from(os.environ, netrc), endpoints_from(os.environ)
    return product, ARCHIVES[product].make(SHANGHAI, *access, variant)


def test_a_month_is_listed_fetched_verified_and_read(
    product_and_archive: tuple[str, Archive], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    product, archive = product_and_archive
    listed = archive.list_(MONTH, MONTH)
    record_property("listed", [(file.name, file.size, file.etag) for file in listed])
    assert {file.month for file in listed} == {MONTH}
    records = archive.fetch(listed, tmp_path, None)
    assert all(record.size > 0 for record in records)
    assert all(check.passed for check in verify(tmp_path))
    files = recognise_files(current_files(tmp_path, read_manifest(tmp_path)), product)
    stack, _ = open_files(files, product, SHANGHAI, MONTH, MONTH, str(tmp_path))
    seen = stack.radiance[0][stack.observations[0] > 0]
    assert seen.size > 0.5 * stack.radiance[0].size
    assert 1 < float(seen.mean()) < 200, "the centre of Shanghai, nW cm-2 sr-1"


def test_the_newest_month_is_not_older_than_the_documentation_says(product_and_archive: tuple[str, Archive]) -> None:
    import datetime as dt

    _, archive = product_and_archive
    today = dt.datetime.now(dt.UTC).date()
    now = Month(today.year, today.month)
    months = sorted({file.month for file in archive.list_(now + -12, now)})
    assert months, "nothing within a year"
