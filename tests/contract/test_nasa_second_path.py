"""Black Marble from LAADS, where the Earthdata cloud does not give a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nasa_double
import pytest
from loopback_faults import garble, refuse, truncate
from nasa_double import Nasa
from nasa_granules import CLOUD, LAADS
from nasa_months import BOTH, FIRST, LAST, QUICK, archive, assert_whole, fetch, granule, six_months
from pydantic import SecretStr

from gvio.archives.archive import RemoteFile
from gvio.archives.manifest import read_manifest
from gvio.errors import ConfigError, ProductError
from gvio.types import Month

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def nasa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nasa]:
    with six_months(tmp_path, monkeypatch) as double:
        yield double


@pytest.mark.parametrize("fault", [refuse(503), truncate(1000), garble])
def test_a_file_that_the_cloud_does_not_give_comes_from_laads(nasa: Nasa, tmp_path: Path, fault: object) -> None:
    files = archive().list_(FIRST, LAST)
    nasa.server.faults = {f"/s3/{file.name}": [fault] * 9 for file in files}  # type: ignore[list-item]
    records = fetch(files, tmp_path)
    assert_whole(nasa, records, tmp_path)
    assert all(record.url == f"https://{LAADS}/api/v2/content/archives/{record.name}" for record in records)
    assert [record.url for record in read_manifest(tmp_path).values()] == [record.url for record in records]


def test_a_cloud_that_failed_once_is_not_waited_for_again(nasa: Nasa, tmp_path: Path) -> None:
    many = [granule(Month(2014, 1) + i) for i in range(20)]
    nasa.granules |= {one.name: one for one in many}
    nasa.server.routes["/prod-lads/"] = lambda request: nasa_double.json_answer({}, 503)
    files = archive().list_(Month(2014, 1), Month(2015, 8))
    assert_whole(nasa, fetch(files, tmp_path), tmp_path)
    at_cloud = [entry for entry in nasa.asked if entry.startswith(CLOUD)]
    assert len(at_cloud) <= 4 * QUICK.attempts  # the four that were under way when it was found out


def test_where_both_paths_fail_the_first_error_counts(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    del nasa.granules[files[0].name]
    with pytest.raises(ProductError, match=rf"{CLOUD}/prod-lads/.*no longer has it \(HTTP 404\)"):
        fetch(files, tmp_path)


def test_a_page_of_the_licence_in_the_archives_tree_says_so(nasa: Nasa, tmp_path: Path) -> None:
    listed = archive().list_(FIRST, FIRST)[0]
    tree = f"https://{LAADS}/archive/allData/5200/VNP46A3/2021/001/{listed.name}"
    nasa.licence_page = True
    with pytest.raises(ConfigError, match=r"sent an HTML page in the place of the file|wants its licence accepted"):
        fetch([RemoteFile(listed.name, listed.month, tree, listed.size, listed.checksum)], tmp_path)


def test_laads_alone_serves_listing_and_files_with_cookies_of_its_own(nasa: Nasa, tmp_path: Path) -> None:
    """By password and with no token accepted anywhere: LAADS → login → back with a cookie that serves the rest."""
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.json_answer({}, 503)
    expired = BOTH.model_copy(update={"earthdata_token": SecretStr("long-expired")})
    files = archive(expired).list_(FIRST, LAST)
    records = fetch(files, tmp_path, expired)
    assert nasa.issued == 0
    assert_whole(nasa, records, tmp_path)
    assert {record.url.split("/")[2] for record in records} == {LAADS}


def test_an_expired_token_at_laads_is_renewed_by_password_while_listing(nasa: Nasa) -> None:
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.json_answer({}, 503)
    nasa.bearer_refused_by = "401"
    nasa.tokens.clear()
    assert len(archive(BOTH).list_(FIRST, LAST)) == 3
    assert nasa.issued == 1
