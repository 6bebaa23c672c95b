"""What EOG's index pages make of a region and a range of months, over HTTPS with a login."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eog_double import BOUNDS, CREDENTIALS, TOKEN, EogDouble, eog, write_tile
from loopback import Answer, Request
from loopback_faults import login_page, refuse

from gvio.archives.archive import Archive
from gvio.archives.eog import eog_archive
from gvio.archives.retry import RetryPolicy
from gvio.errors import ConfigError, ProductError, UpstreamUnavailable
from gvio.types import Month

pytestmark = pytest.mark.enable_socket
QUICK = RetryPolicy(attempts=3, first_wait=0.01, longest_wait=0.02)
TWO_TILES = (59.9, 31.0, 60.1, 31.1)


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("eog")
    written = [write_tile(folder, Month(2022, month)) for month in (6, 7, 9)]
    written.append(write_tile(folder, Month(2022, 8), satellite="j01"))
    written.append(write_tile(folder, Month(2022, 6), stamp="202301010000"))
    written.append(write_tile(folder, Month(2022, 6), tile="75N060W"))
    written.append(write_tile(folder, Month(2022, 6), config="vcmcfg"))
    return written


@pytest.fixture
def double(tiles: list[Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[EogDouble]:
    with eog(tiles) as double:
        for name, value in double.environment.items():
            monkeypatch.setenv(name, value)
        yield double


def archive(double: EogDouble, bounds: tuple[float, float, float, float] = BOUNDS, config: str = "vcmslcfg") -> Archive:
    return eog_archive(bounds, CREDENTIALS, double.endpoints, config, QUICK)


def test_months_are_listed_with_the_second_satellite_for_august_2022(double: EogDouble) -> None:
    listed = archive(double).list_(Month(2022, 6), Month(2022, 11))
    assert [(str(file.month), file.url.partition("/v10/")[2]) for file in listed] == [
        ("2022-06", "2022/202206/vcmslcfg/SVDNB_npp_20220601-20220630_75N060E_vcmslcfg_v10_c202301010000.tgz"),
        ("2022-07", "2022/202207/vcmslcfg/SVDNB_npp_20220701-20220731_75N060E_vcmslcfg_v10_c202208121200.tgz"),
        ("2022-08", "2022/202208/NOAA-20/vcmslcfg/SVDNB_j01_20220801-20220831_75N060E_vcmslcfg_v10_c202209121200.tgz"),
        ("2022-09", "2022/202209/vcmslcfg/SVDNB_npp_20220901-20220930_75N060E_vcmslcfg_v10_c202210121200.tgz"),
    ]
    assert all(file.name == file.url.rpartition("/")[2] for file in listed)


def test_the_other_configuration_lies_beside_it(double: EogDouble) -> None:
    listed = archive(double, config="vcmcfg").list_(Month(2022, 6), Month(2022, 9))
    assert [file.name for file in listed] == ["SVDNB_npp_20220601-20220630_75N060E_vcmcfg_v10_c202207121200.tgz"]


def test_a_month_is_listed_when_every_tile_of_the_region_is_there(double: EogDouble) -> None:
    listed = archive(double, TWO_TILES).list_(Month(2022, 6), Month(2022, 9))
    assert [(str(file.month), file.name.split("_")[3]) for file in listed] == [
        ("2022-06", "75N060E"),
        ("2022-06", "75N060W"),
    ]


def test_other_bounds_are_another_version_of_the_same_file(double: EogDouble) -> None:
    one, other = (archive(double, b).list_(Month(2022, 7), Month(2022, 7))[0] for b in (BOUNDS, (121, 31, 121.3, 31.1)))
    assert one.url == other.url
    assert one.etag != other.etag


def test_one_login_serves_all_months_and_an_expired_token_is_refreshed(double: EogDouble) -> None:
    eog_connection = archive(double)
    eog_connection.list_(Month(2022, 6), Month(2022, 9))
    assert double.grants == ["password"]
    double.lifetime = 0  # every token is at its end at once
    eog_connection.list_(Month(2022, 6), Month(2022, 7))
    assert double.grants[1] == "password"
    assert set(double.grants[2:]) == {"refresh_token"}


def test_a_refused_refresh_token_leads_to_the_password_again(double: EogDouble) -> None:
    double.lifetime = 0
    whole = double.token

    def forgetting(request):
        answer = whole(request)
        double.refresh_tokens.clear()
        return answer

    double.server.routes["/realms/eog/protocol/openid-connect/token"] = forgetting
    listed = archive(double).list_(Month(2022, 6), Month(2022, 7))
    assert len(listed) == 2
    assert double.grants[:3] == ["password", "refresh_token", "password"]


@pytest.mark.parametrize("sends_to_login", [False, True])
def test_a_token_that_the_archive_no_longer_accepts_is_renewed_once(double: EogDouble, sends_to_login: bool) -> None:
    double.sends_to_login = sends_to_login
    whole = double.site
    forgotten: list[str] = []

    def forgetting(request):
        if not forgotten:
            forgotten.extend(double.tokens)
            double.tokens.clear()
        return whole(request)

    double.server.routes["/nighttime_light/"] = forgetting
    assert len(archive(double).list_(Month(2022, 6), Month(2022, 7))) == 2
    assert double.grants == ["password", "refresh_token"]


def test_a_login_page_that_stays_is_an_error_that_says_so(double: EogDouble) -> None:
    double.server.faults["*"] = []
    double.server.routes["/nighttime_light/"] = lambda request: login_page(request, double.site)
    with pytest.raises(ConfigError, match=r"EOG sent an HTML page in the place of the file.*Renew the token"):
        archive(double).list_(Month(2022, 6), Month(2022, 6))
    assert len(double.grants) == 2


def test_a_server_that_fails_in_passing_is_asked_again_and_one_that_keeps_failing_is_not(double: EogDouble) -> None:
    path = "/nighttime_light/monthly/v10/2022/202206/vcmslcfg/"
    double.server.faults[path] = [refuse(503, {"Retry-After": "0"}), refuse(500)]
    assert len(archive(double).list_(Month(2022, 6), Month(2022, 6))) == 1
    double.server.faults[path] = [refuse(503)] * 10
    with pytest.raises(UpstreamUnavailable, match=r"EOG failed \(HTTP 503\)"):
        archive(double).list_(Month(2022, 6), Month(2022, 6))
    assert len(double.server.faults[path]) == 7


def test_a_login_server_that_is_dead_is_waited_for_once_whatever_the_number_of_months(double: EogDouble) -> None:
    double.server.faults[TOKEN] = [refuse(503)] * 99
    with pytest.raises(UpstreamUnavailable, match=r"the login server failed \(HTTP 503\)"):
        archive(double).list_(Month(2014, 1), Month(2021, 12))
    assert len(double.server.faults[TOKEN]) == 99 - QUICK.attempts


def test_a_dead_archive_is_waited_for_once_whatever_the_number_of_months(double: EogDouble) -> None:
    double.server.routes["/nighttime_light/"] = lambda request: Answer(503, b"down")
    with pytest.raises(UpstreamUnavailable, match=r"EOG failed \(HTTP 503\)"):
        archive(double).list_(Month(2014, 1), Month(2021, 12))
    asked = [seen for seen in double.server.seen if seen.path.startswith("/nighttime_light/")]
    assert len(asked) < 96, "months in flight and those begun before one had failed, not every month"
    assert double.grants == ["password"]


def test_when_a_month_fails_nobody_waits_any_longer(double: EogDouble) -> None:
    def failing(request: Request) -> Answer:
        return Answer(410 if "/202206/" in request.path else 503, b"down")

    double.server.routes["/nighttime_light/"] = failing
    retry = RetryPolicy(attempts=9, first_wait=60.0, longest_wait=60.0)
    began = time.monotonic()
    with pytest.raises(ProductError, match="EOG"):
        eog_archive(BOUNDS, CREDENTIALS, double.endpoints, retry=retry).list_(Month(2022, 6), Month(2022, 9))
    assert time.monotonic() - began < 20


def test_a_month_that_is_late_is_absent_and_a_wrong_address_is_an_error(double: EogDouble) -> None:
    assert archive(double).list_(Month(2022, 10), Month(2022, 12)) == []
    wrong = double.endpoints.model_copy(update={"eog": f"{double.server.url}/nighttime_light/moved"})
    with pytest.raises(ConfigError, match=r"moved/monthly/v10/: there is no index of VNL monthly. Correct the address"):
        eog_archive(BOUNDS, CREDENTIALS, wrong, retry=QUICK).list_(Month(2022, 10), Month(2022, 12))


def test_an_open_index_is_read_as_well(double: EogDouble) -> None:
    double.open_index = True
    assert len(archive(double).list_(Month(2022, 6), Month(2022, 9))) == 4


def test_an_unknown_certificate_is_refused(double: EogDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(ConfigError, match=r"the certificate of EOG's login is not trusted"):
        archive(double).list_(Month(2022, 6), Month(2022, 6))
    assert not [seen for seen in double.server.seen if seen.method == "GET"]
