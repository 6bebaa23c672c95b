"""Black Marble from NASA: earthaccess and requests talk to doubles of CMR, Earthdata Login, the cloud and LAADS.

The clients are led there by HTTPS_PROXY and trust the doubles' certificates by REQUESTS_CA_BUNDLE; nothing is patched,
the addresses are the true ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import nasa_double
import numpy as np
import pytest
from loopback_faults import drop_after, garble, login_page, refuse, truncate
from nasa_double import CLOUD, CMR, LAADS, LOGIN, PASSWORD, SIGNED, USER, Granule, Nasa
from pydantic import SecretStr

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.archive import Archive, RemoteFile
from gvio.archives.black_marble import black_marble_archive
from gvio.archives.manifest import MANIFEST, RawFile, read_manifest
from gvio.archives.patience import Patience
from gvio.errors import ConfigError, ProductError, UpstreamUnavailable
from gvio.simulate.formats.black_marble import granule_name
from gvio.types import Month

pytestmark = pytest.mark.enable_socket

SHANGHAI = (120.85, 30.65, 122.15, 31.9)
TWO_TILES = (120.85, 29.5, 122.15, 31.9)
FIRST, LAST = Month(2021, 1), Month(2021, 3)
MONTHS = [Month(2020, 11) + i for i in range(6)]
QUICK = Patience(attempts=3, first_wait=0.01, longest_wait=0.02, longest_asked=1.0)
TOKEN = Credentials(earthdata_token=SecretStr("a-personal-token"))
BY_PASSWORD = Credentials(earthdata_username=SecretStr(USER), earthdata_password=SecretStr(PASSWORD))


def granule(month: Month, v: int = 5, h: int = 30, collection: str = "002", **more: str) -> Granule:
    name = granule_name(month, h, v, satellite="npp", collection=collection, **more)
    noise = np.random.default_rng(abs(hash((month, v, h))) % 2**32).bytes(40_000)
    return Granule(name, b"\x89HDF\r\n\x1a\n" + noise)


@pytest.fixture
def nasa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nasa]:
    """Six months of the tiles in and around Shanghai."""
    folder = tmp_path / "nasa"
    folder.mkdir()
    granules = [granule(month, v, h) for month in MONTHS for v in (5, 6) for h in (29, 30, 31)]
    with nasa_double.nasa(folder, granules) as double:
        for name, value in double.environment.items():
            monkeypatch.setenv(name, value)
        yield double


def archive(credentials: Credentials = TOKEN, bounds: tuple[float, float, float, float] = SHANGHAI) -> Archive:
    return black_marble_archive(bounds, credentials, Endpoints(), patience=QUICK)


def fetch(files: list[RemoteFile], into: Path, credentials: Credentials = TOKEN) -> list[RawFile]:
    return archive(credentials).fetch(files, into, None)


def assert_whole(nasa: Nasa, records: list[RawFile], into: Path) -> None:
    for record in records:
        data = nasa.granules[record.name].data
        assert (into / record.path).read_bytes() == data
        assert record.sha256 == hashlib.sha256(data).hexdigest()


# Listing


def test_a_range_of_months_is_listed_exactly_and_without_any_login(nasa: Nasa) -> None:
    files = archive(Credentials()).list_(FIRST, LAST)
    assert [(file.month, file.name.split(".")[2]) for file in files] == [(FIRST + i, "h30v05") for i in range(3)]
    data = nasa.granules[files[0].name].data
    assert (files[0].size, files[0].url) == (len(data), f"https://{CLOUD}/prod-lads/VNP46A3/{files[0].name}")
    assert files[0].checksum is not None
    assert files[0].checksum.value == hashlib.md5(data).hexdigest()
    assert {entry.partition("/")[0] for entry in nasa.asked} == {CMR}
    assert all("Authorization" not in seen.headers for seen in nasa.server.seen)


def test_the_search_itself_returned_neighbours(nasa: Nasa) -> None:
    """What the filter by name is for: CMR answers with more than was asked."""
    archive().list_(FIRST, FIRST)
    hits = [seen for seen in nasa.server.seen if seen.path == "/search/granules.umm_json"]
    assert "temporal%5B%5D" in hits[0].target or "temporal[]" in hits[0].target
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


def test_a_month_that_collection_two_lacks_comes_from_collection_one(nasa: Nasa) -> None:
    del nasa.granules[granule(Month(2021, 2)).name]
    for month in (FIRST, Month(2021, 2)):
        old = granule(month, collection="001")
        nasa.granules[old.name] = old
    assert [file.name.split(".")[3] for file in archive().list_(FIRST, LAST)] == ["002", "001", "002"]


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


# LAADS as the second path of listings


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


def test_no_login_is_not_blamed_when_cmr_is_down(nasa: Nasa) -> None:
    """Listing needs no credentials: without them the answer is 'try later', not 'wrong configuration'."""
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.json_answer({}, 503)
    with pytest.raises(UpstreamUnavailable, match=r"CMR failed \(HTTP 503\); the second path fails as well: no creden"):
        archive(Credentials()).list_(FIRST, LAST)


# Fetching


def test_files_arrive_whole_by_the_signed_address_and_the_token_stays_behind(nasa: Nasa, tmp_path: Path) -> None:
    records = fetch(archive().list_(FIRST, LAST), tmp_path / "raw")
    assert_whole(nasa, records, tmp_path / "raw")
    assert [record.version for record in records] == [f"002/{record.name.split('.')[4]}" for record in records]
    assert all(record.url.startswith(f"https://{CLOUD}/prod-lads/VNP46A3/") for record in records)
    signed = [seen for seen in nasa.server.seen if seen.headers["Host"] == SIGNED]
    assert len(signed) == 3
    assert all(seen.status == 200 and "Authorization" not in seen.headers for seen in signed)


def test_what_is_there_is_not_fetched_again(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, LAST)
    fetch(files, tmp_path / "raw")
    before = len(nasa.server.seen)
    assert len(fetch(files, tmp_path / "raw")) == 3
    assert len(nasa.server.seen) == before


def test_no_secret_is_written_down(nasa: Nasa, tmp_path: Path) -> None:
    fetch(archive().list_(FIRST, LAST), tmp_path / "raw", BY_PASSWORD)
    manifest = (tmp_path / "raw" / MANIFEST).read_text()
    for secret in (PASSWORD, "issued-token", "Signature", "A-userid", "granted"):
        assert secret not in manifest
    everything = b"".join(path.read_bytes() for path in (tmp_path / "raw").rglob("*") if path.is_file())
    assert PASSWORD.encode() not in everything
    assert b"issued-token" not in everything


def test_by_password_a_token_is_asked_for_once(nasa: Nasa, tmp_path: Path) -> None:
    assert_whole(nasa, fetch(archive().list_(FIRST, LAST), tmp_path, BY_PASSWORD), tmp_path)
    assert nasa.issued == 1


def test_netrc_serves_where_nothing_was_given(nasa: Nasa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f'machine {LOGIN} login {USER} password "{PASSWORD}"\n')
    monkeypatch.setenv("NETRC", str(netrc))
    assert_whole(nasa, fetch(archive().list_(FIRST, FIRST), tmp_path / "raw", Credentials()), tmp_path / "raw")
    assert nasa.issued == 1


@pytest.mark.parametrize("refused_by", ["redirect", "401"])
def test_an_expired_token_is_replaced_by_password_in_the_middle_of_a_range(
    nasa: Nasa, tmp_path: Path, refused_by: str
) -> None:
    nasa.bearer_refused_by = refused_by
    nasa.tokens.clear()
    both = TOKEN.model_copy(update=BY_PASSWORD.model_dump(exclude_none=True))
    assert_whole(nasa, fetch(archive().list_(FIRST, LAST), tmp_path, both), tmp_path)
    assert nasa.issued == (1 if refused_by == "401" else 0)  # at a redirect the password is asked for on the way


@pytest.mark.parametrize("refused_by", ["redirect", "401"])
def test_an_expired_token_alone_says_renew_it(nasa: Nasa, tmp_path: Path, refused_by: str) -> None:
    nasa.bearer_refused_by = refused_by
    nasa.tokens.clear()
    files = archive().list_(FIRST, FIRST)
    with pytest.raises(ConfigError, match=r"does not accept the credential \(HTTP 401\)\. Renew the token"):
        fetch(files, tmp_path / "raw")
    assert not list((tmp_path / "raw").glob("*.h5"))


def test_a_login_page_with_status_200_is_not_believed(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    nasa.server.faults[f"/s3/{files[0].name}"] = [login_page, login_page]
    with pytest.raises(
        ConfigError, match="sent an HTML page in the place of the file, as it does when a login has exp"
    ):
        fetch(files, tmp_path / "raw")
    assert not list((tmp_path / "raw").glob("*.h5"))


def test_a_login_page_is_followed_by_a_new_login_where_a_password_is_known(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    nasa.server.faults[f"/s3/{files[0].name}"] = [login_page]
    assert_whole(nasa, fetch(files, tmp_path, BY_PASSWORD), tmp_path)
    assert sum(seen.path == "/api/users/find_or_create_token" and seen.status == 200 for seen in nasa.server.seen) == 2


def test_wrong_password_absent_and_half_credentials_each_say_so(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    wrong = BY_PASSWORD.model_copy(update={"earthdata_password": SecretStr("not this one")})
    half = Credentials(earthdata_username=SecretStr(USER))
    with pytest.raises(ConfigError, match="Earthdata Login refuses the user name or the password") as info:
        fetch(files, tmp_path, wrong)
    assert "not this one" not in str(info.value)
    with pytest.raises(ConfigError, match="EARTHDATA_PASSWORD is not set, its counterpart is"):
        fetch(files, tmp_path, half)
    with pytest.raises(
        ConfigError, match=r"no credentials for NASA Earthdata.* Set EARTHDATA_TOKEN, or EARTHDATA_USERN"
    ):
        fetch(files, tmp_path, Credentials())


def test_unaccepted_licence_and_unapproved_application_say_what_to_accept(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    nasa.eula = False
    with pytest.raises(
        ConfigError, match=r"wants its licence accepted first.*accept the licence and approve the applic"
    ):
        fetch(files, tmp_path)
    nasa.eula, nasa.approved = True, False
    nasa.tokens.clear()
    both = TOKEN.model_copy(update=BY_PASSWORD.model_dump(exclude_none=True))
    with pytest.raises(ConfigError, match="wants its licence accepted first"):
        fetch(files, tmp_path, both)


def test_a_login_server_that_is_down_or_says_nonsense_can_be_tried_later(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    path = "/api/users/find_or_create_token"
    nasa.server.routes[path] = lambda request: nasa_double.json_answer({}, 503)
    with pytest.raises(UpstreamUnavailable, match=r"Earthdata Login failed \(HTTP 503\)"):
        fetch(files, tmp_path, BY_PASSWORD)
    nasa.server.routes[path] = lambda request: nasa_double.json_answer({"no": "token"})
    with pytest.raises(UpstreamUnavailable, match="Earthdata Login answered no token"):
        fetch(files, tmp_path, BY_PASSWORD)


def test_a_token_is_not_sent_without_encryption(nasa: Nasa, tmp_path: Path) -> None:
    listed = archive().list_(FIRST, FIRST)[0]
    plain = RemoteFile(listed.name, listed.month, "http://example.org/file.h5?key=1", listed.size, listed.checksum)
    with pytest.raises(ConfigError, match=r"example\.org/file\.h5: a token is not sent over an unencrypted connection"):
        fetch([plain], tmp_path)


def test_a_broken_connection_resumes_where_it_broke(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    path = f"/s3/{files[0].name}"
    nasa.server.faults[path] = [drop_after(10_000), drop_after(12_000)]
    assert_whole(nasa, fetch(files, tmp_path), tmp_path)
    assert nasa.server.sent(path) == len(nasa.granules[files[0].name].data)


def test_damaged_bytes_are_told_by_the_providers_checksum(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    nasa.server.faults[f"/s3/{files[0].name}"] = [garble]
    assert_whole(nasa, fetch(files, tmp_path), tmp_path)


# LAADS as the second path of files


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
    expired = Credentials(earthdata_token=SecretStr("long-expired"))
    both = expired.model_copy(update=BY_PASSWORD.model_dump(exclude_none=True))
    files = archive(both).list_(FIRST, LAST)
    records = fetch(files, tmp_path, both)
    assert_whole(nasa, records, tmp_path)
    assert {record.url.split("/")[2] for record in records} == {LAADS}


def test_an_expired_token_at_laads_is_renewed_by_password_while_listing(nasa: Nasa) -> None:
    nasa.server.routes["/search/granules.umm_json"] = lambda request: nasa_double.json_answer({}, 503)
    nasa.bearer_refused_by = "401"
    nasa.tokens.clear()
    both = TOKEN.model_copy(update=BY_PASSWORD.model_dump(exclude_none=True))
    assert len(archive(both).list_(FIRST, LAST)) == 3
    assert nasa.issued == 1
