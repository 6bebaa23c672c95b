"""What NASA lists of Black Marble: earthaccess asks the double of CMR, and LAADS where CMR fails."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import nasa_double
import pytest
from loopback_faults import drip, refuse
from nasa_double import Nasa
from nasa_granules import CLOUD, CMR, LAADS
from nasa_months import BY_PASSWORD, FIRST, LAST, QUICK, TWO_TILES, archive, granule, six_months

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.cmr import search_granules
from gvio.archives.retry import RetryPolicy
from gvio.errors import ConfigError, UpstreamUnavailable
from gvio.types import Month

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def nasa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nasa]:
    with six_months(tmp_path, monkeypatch) as double:
        yield double


def test_a_range_of_months_is_listed_exactly_and_without_any_login(nasa: Nasa) -> None:
    files = archive(Credentials()).list_(FIRST, LAST)
    assert [(file.month, file.name.split(".")[2]) for file in files] == [(FIRST + i, "h30v05") for i in range(3)]
    data = nasa.granules[files[0].name].data
    assert (files[0].size, files[0].url) == (len(data), f"https://{CLOUD}/prod-lads/VNP46A3/{files[0].name}")
    assert files[0].checksum is not None
    assert files[0].checksum.value == hashlib.md5(data).hexdigest()
    assert {entry.partition("/")[0] for entry in nasa.asked} == {CMR}
    assert all("Authorization" not in seen.headers for seen in nasa.server.seen)


def test_neighbours_that_a_search_returns_as_well_are_left_out(nasa: Nasa) -> None:
    """CMR answers with tiles that only touch the box and with the month before, which ends where this one begins."""
    tile = (120.0, 30.0, 130.0, 40.0)
    found = search_granules(Endpoints(), "VNP46A3", "2", tile, FIRST, FIRST, QUICK)
    assert {file.month for file in found} == {Month(2020, 12), FIRST}
    assert len({file.name.split(".")[2] for file in found}) == 6
    assert [file.name for file in archive(bounds=tile).list_(FIRST, FIRST)] == [granule(FIRST).name]
    assert len(archive(bounds=TWO_TILES).list_(FIRST, FIRST)) == 2


def test_a_search_of_more_than_a_page_is_complete(nasa: Nasa) -> None:
    """CMR gives at most 2000 granules a page; the next page is asked for with CMR-Search-After."""
    crowd = [granule(FIRST, stamp=f"2024{i:09d}") for i in range(2100)]
    nasa.granules |= {one.name: one for one in crowd}
    newest = archive().list_(FIRST, FIRST)
    assert len(newest) == 1
    assert newest[0].name.split(".")[4] == "2024000002099"
    assert any(seen.headers.get("CMR-Search-After") == "2000" for seen in nasa.server.seen)


def test_a_search_cut_short_is_an_error_and_no_short_listing(nasa: Nasa) -> None:
    nasa.cmr_limit = 2
    nasa.granules = {name: one for name, one in nasa.granules.items() if one.archive_set == "5200"}
    nasa.server.faults["/api/v2/content/details"] = [refuse(503)] * 9
    nasa.server.routes["/archive/allData/"] = lambda request: nasa_double.json_answer({}, 503)
    with pytest.raises(
        UpstreamUnavailable, match=r"CMR returned 2 of the \d+ granules that it counts; the second path"
    ):
        archive().list_(FIRST, LAST)


def test_an_absent_month_is_simply_not_there(nasa: Nasa) -> None:
    gone = granule(Month(2021, 2)).name
    del nasa.granules[gone]
    assert [file.month for file in archive().list_(FIRST, LAST)] == [FIRST, LAST]
    assert archive().list_(Month(2021, 5), Month(2021, 9)) == []


def test_months_that_collection_two_lacks_come_from_collection_one(nasa: Nasa) -> None:
    for month in (FIRST, LAST):
        del nasa.granules[granule(month).name]
    for month in (FIRST, FIRST + 1, LAST):
        old = granule(month, collection="001")
        nasa.granules[old.name] = old
    assert [file.name.split(".")[3] for file in archive().list_(FIRST, LAST)] == ["001", "002", "001"]


def test_a_cmr_that_never_answers_is_given_up(nasa: Nasa) -> None:
    nasa.server.faults["/search/granules.umm_json"] = [drip(30.0)] * 2
    impatient = RetryPolicy(attempts=2, first_wait=0.01)
    began = time.monotonic()
    with pytest.raises(
        UpstreamUnavailable, match=r"CMR does not answer or broke off \((ReadTimeout|ConnectionError)\)"
    ):
        search_granules(Endpoints(), "VNP46A3", "2", TWO_TILES, FIRST, LAST, impatient, timeout=(5.0, 0.2))
    assert time.monotonic() - began < 10


def test_a_republished_month_is_listed_by_its_newest_production(nasa: Nasa) -> None:
    again = granule(FIRST, stamp="2026001000000")
    nasa.granules[again.name] = again
    assert [file.name for file in archive().list_(FIRST, FIRST)] == [again.name]


def test_a_busy_cmr_is_asked_again(nasa: Nasa) -> None:
    nasa.server.faults["/search/granules.umm_json"] = [refuse(503, {"Retry-After": "0"}), refuse(500)]
    assert len(archive().list_(FIRST, LAST)) == 3


def test_a_page_of_maintenance_instead_of_a_result_leads_to_the_second_path(nasa: Nasa) -> None:
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.html_answer("Maintenance")
    files = archive().list_(FIRST, LAST)
    assert files[0].url.startswith(f"https://{LAADS}/api/v2/content/archives/VNP46A3.A2021001.h30v05")
    assert len(files) == 3
    assert files[0].checksum is not None


def test_a_question_that_cmr_refuses_is_not_repeated(nasa: Nasa) -> None:
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.json_answer({"errors": ["bad"]}, 400)
    with pytest.raises(ConfigError, match=r"CMR refused the request \(HTTP 400\)"):
        archive().list_(FIRST, LAST)
    assert len(nasa.server.seen) == 1


def test_laads_lists_the_same_files_over_several_pages(nasa: Nasa) -> None:
    by_cmr = archive(bounds=TWO_TILES).list_(FIRST, LAST)
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.json_answer({}, 503)
    nasa.laads_page = 3
    by_laads = archive(bounds=TWO_TILES).list_(FIRST, LAST)
    assert [(f.name, f.month, f.size, f.checksum) for f in by_laads] == [
        (f.name, f.month, f.size, f.checksum) for f in by_cmr
    ]
    asked = next(seen for seen in nasa.server.seen if seen.path == "/api/v2/content/details")
    assert "products=VNP46A3&archiveSets=5200&temporalRanges=2020-11-01..2021-03-31" in asked.target
    assert "regions=%5BBBOX%5DN31.9%20S29.5%20E122.15%20W120.85" in asked.target
    assert asked.headers["Authorization"] == "Bearer a-personal-token"


@pytest.mark.parametrize("status", [404, 503])
def test_folders_of_the_archive_serve_when_both_searches_fail(nasa: Nasa, status: int) -> None:
    """404 is what version 1 of LAADS' interface has answered since it was taken down."""
    for path in ("/search/granules.umm_json", "/api/v2/content/details"):
        nasa.server.routes[path] = lambda request, status=status: nasa_double.json_answer({}, max(status, 503))
    nasa.server.routes["/api/v2/content/details"] = lambda request: nasa_double.json_answer({}, status)
    files = archive().list_(FIRST, LAST)
    assert [file.url for file in files] == [
        f"https://{LAADS}/archive/allData/5200/VNP46A3/2021/{day}/{file.name}"
        for day, file in zip(("001", "032", "060"), files, strict=True)
    ]
    assert [file.size for file in files] == [len(nasa.granules[file.name].data) for file in files]


def test_an_archive_that_has_moved_away_is_no_absent_month(nasa: Nasa) -> None:
    nasa.server.routes = {"/": lambda request: nasa_double.json_answer({}, 404)}
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.json_answer({}, 502)
    with pytest.raises(
        UpstreamUnavailable, match=r"its folders have no VNP46A3 from 2020-11 to 2021-03 either"
    ) as info:
        archive().list_(FIRST, LAST)
    assert info.value.exit_code == 4


def test_a_listing_that_is_none_is_an_error(nasa: Nasa) -> None:
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.json_answer({}, 503)
    for path in ("/api/v2/content/details", "/archive/allData/"):
        nasa.server.routes[path] = lambda request: nasa_double.json_answer({"content": "?"})
    with pytest.raises(UpstreamUnavailable, match="the second path fails as well: LAADS answered no list of files"):
        archive().list_(FIRST, LAST)


def test_a_login_that_is_down_as_well_is_waited_for_once(nasa: Nasa) -> None:
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.json_answer({}, 503)
    nasa.server.routes["/api/users/find_or_create_token"] = lambda request: nasa_double.json_answer({}, 503)
    with pytest.raises(UpstreamUnavailable, match=r"CMR failed \(HTTP 503\); the second path fails as well: Earthdata"):
        archive(BY_PASSWORD).list_(FIRST, LAST)
    with_password = [seen for seen in nasa.server.seen if "Authorization" in seen.headers]
    assert len(with_password) == QUICK.attempts


def test_no_login_is_not_blamed_when_cmr_is_down(nasa: Nasa) -> None:
    """Listing needs no credentials: without them the answer is 'try later', not 'wrong configuration'."""
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.json_answer({}, 503)
    with pytest.raises(UpstreamUnavailable, match=r"CMR failed \(HTTP 503\); the second path fails as well: no creden"):
        archive(Credentials()).list_(FIRST, LAST)
