"""Black Marble over other connections: own addresses, no network, a certificate nobody trusts, many threads."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from loopback_faults import drip, refuse
from nasa_double import PASSWORD, USER, Nasa
from nasa_granules import CLOUD, CMR, LAADS, Granule
from nasa_months import (
    BOTH,
    BY_PASSWORD,
    FIRST,
    LAST,
    QUICK,
    SHANGHAI,
    TOKEN,
    archive,
    assert_whole,
    fetch,
    granule,
    six_months,
)
from odc.geo.geobox import GeoBox
from pydantic import SecretStr

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.black_marble import black_marble_archive
from gvio.archives.retry import RetryPolicy
from gvio.errors import ConfigError, UpstreamUnavailable
from gvio.grid.region import region_geobox
from gvio.simulate.formats.black_marble import write_vnp46a3
from gvio.sources.vnp46a3 import PRODUCT, recognise, tile_geobox
from gvio.types import Month

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def nasa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nasa]:
    with six_months(tmp_path, monkeypatch) as double:
        yield double


@pytest.fixture
def direct(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nasa]:
    with six_months(tmp_path, monkeypatch, direct=True) as double:
        yield double


@pytest.mark.parametrize("credentials", [TOKEN, BY_PASSWORD])
def test_addresses_of_our_own_serve_listing_login_and_files(
    direct: Nasa, tmp_path: Path, credentials: Credentials
) -> None:
    """A mirror with a port in its address: earthaccess itself would keep the password from such a login server."""
    place = archive(credentials, endpoints=direct.endpoints)
    assert_whole(direct, place.fetch(place.list_(FIRST, LAST), tmp_path, None), tmp_path)
    assert direct.issued == (0 if credentials is TOKEN else 1)
    assert all(entry.startswith(("127.0.0.1:", "localhost:")) for entry in direct.asked)


def test_a_certificate_that_is_not_trusted_ends_the_listing(nasa: Nasa, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS is verified: no second path and no repetition helps."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(
        ConfigError, match=rf"{CMR}/search: the certificate of CMR is not trusted\. Check REQUESTS_CA_BU"
    ):
        archive().list_(FIRST, LAST)
    assert nasa.asked == []


def test_without_a_network_both_paths_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and never listening
        dead = f"https://127.0.0.1:{nobody.getsockname()[1]}"
        monkeypatch.setenv("NETRC", str(tmp_path / "none"))
        nowhere = Endpoints(cmr=f"{dead}/search", laads=dead)
        with pytest.raises(
            UpstreamUnavailable, match=r"CMR does not answer .*second path fails as well: LAADS does not"
        ):
            black_marble_archive(SHANGHAI, TOKEN, nowhere, retry=QUICK).list_(FIRST, LAST)


def test_threads_refused_together_log_in_once(nasa: Nasa, tmp_path: Path) -> None:
    nasa.bearer_refused_by = "401"
    nasa.tokens.clear()
    files = archive().list_(Month(2020, 11), Month(2021, 4))
    assert len(files) == 6
    assert_whole(nasa, fetch(files, tmp_path, BOTH), tmp_path)
    granted = [s for s in nasa.server.seen if s.path == "/api/users/find_or_create_token" and s.status == 200]
    assert len(granted) == 1


def test_a_new_login_that_is_refused_as_well_is_not_repeated(nasa: Nasa, tmp_path: Path) -> None:
    """Asking for tokens for ever is how accounts get locked."""
    nasa.bearer_refused_by = "401"
    files = archive().list_(Month(2020, 11), Month(2021, 4))
    nasa.server.routes["/prod-lads/"] = lambda request: refuse(401)(request, nasa.cloud)
    with pytest.raises(ConfigError, match=r"does not accept the credential \(HTTP 401\)"):
        fetch(files, tmp_path, BY_PASSWORD)
    granted = [s for s in nasa.server.seen if s.path == "/api/users/find_or_create_token" and s.status == 200]
    assert len(granted) == 2


def test_a_wrong_password_is_tried_once_by_all_threads_together(nasa: Nasa, tmp_path: Path) -> None:
    wrong = Credentials(earthdata_username=SecretStr(USER), earthdata_password=SecretStr(PASSWORD + "?"))
    with pytest.raises(ConfigError, match="Earthdata Login refuses the user name or the password"):
        fetch(archive().list_(FIRST, LAST), tmp_path, wrong)
    with_password = [seen for seen in nasa.server.seen if seen.headers.get("Authorization", "").startswith("Basic")]
    assert len(with_password) == 1


def test_a_login_server_that_is_down_is_waited_for_once_and_not_by_every_file(nasa: Nasa, tmp_path: Path) -> None:
    nasa.granules |= {one.name: one for one in (granule(Month(2014, 1) + i) for i in range(24))}
    files = archive().list_(Month(2014, 1), Month(2015, 12))
    nasa.server.routes["/api/users/find_or_create_token"] = lambda request: refuse(503)(request, nasa.cloud)
    slower = RetryPolicy(attempts=3, first_wait=0.2)  # waits of 0.6 s at most in all
    began = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match=r"Earthdata Login failed \(HTTP 503\)"):
        black_marble_archive(SHANGHAI, BY_PASSWORD, Endpoints(), retry=slower).fetch(files, tmp_path, None)
    assert time.monotonic() - began < 2.5


def test_a_wrong_configuration_does_not_wait_for_slow_files(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, LAST)
    nasa.server.faults = {f"/s3/{file.name}": [drip(0.5, 1000)] for file in files[:2]}  # twenty seconds each
    nasa.server.faults[f"/prod-lads/VNP46A3/{files[2].name}"] = [refuse(401)] * 2
    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"does not accept the credential \(HTTP 401\)"):
        fetch(files, tmp_path)
    assert time.monotonic() - began < 10


def test_a_quota_of_both_is_told_with_the_wait_that_is_asked_for(nasa: Nasa, tmp_path: Path) -> None:
    files = archive().list_(FIRST, FIRST)
    for path in ("/prod-lads/", "/api/v2/content/archives/"):
        nasa.server.routes[path] = lambda request: refuse(429, {"Retry-After": "3600"})(request, nasa.cloud)
    with pytest.raises(
        UpstreamUnavailable, match=r"quota of NASA VNP46A3 is used up \(HTTP 429\) and asks to wait 3600 s"
    ):
        fetch(files, tmp_path)
    asked = [entry for entry in nasa.asked if entry.startswith((CLOUD, LAADS))]
    assert len(asked) == 2  # an hour is not waited for, nor asked for again


def test_a_fetched_granule_is_read_as_light(nasa: Nasa, tmp_path: Path) -> None:
    """A granule in the true format, by the true way, through the reader."""
    geobox: GeoBox = region_geobox((121.0, 31.0, 121.2, 31.2), tile_geobox("h30v05"))
    light = np.random.default_rng(7).gamma(2.0, 5.0, geobox.shape).astype(np.float32)
    made = tmp_path / "made"
    made.mkdir()
    month = Month(2022, 6)
    paths = write_vnp46a3(made, month, light, np.full(geobox.shape, 9, np.uint16), geobox, satellite="j01")
    nasa.granules |= {path.name: Granule(path.name, path.read_bytes()) for path in paths}
    place = black_marble_archive((121.0, 31.0, 121.2, 31.2), TOKEN, Endpoints(), "VJ146A3", retry=QUICK)
    records = place.fetch(place.list_(month, month), tmp_path / "raw", None)
    assert [record.name.split(".")[0] for record in records] == ["VJ146A3"]
    known = [recognise(record.name) for record in records]
    files = [file.__class__(**{**vars(file), "path": tmp_path / "raw" / file.path}) for file in known if file]
    with PRODUCT.open_month(files) as opened:
        read = opened.read(geobox)
    np.testing.assert_allclose(read.radiance, light, rtol=1e-6)
    assert read.provenance[0].sha256 == records[0].sha256
