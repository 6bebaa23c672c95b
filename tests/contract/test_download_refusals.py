"""What a download refuses, injected on loopback: asked for once or as often as is worth it, one line each."""

import dataclasses

import pytest
import requests
from download_case import DATA, NAME, PATH, QUICK, assert_whole, fetcher
from loopback import file_route, loopback
from loopback_faults import login_page, refuse

from gvio.archives.archive import Checksum, RemoteFile
from gvio.archives.download import download
from gvio.errors import ConfigError, ProductError, StoreError, UpstreamUnavailable
from gvio.types import Month

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def server():
    with loopback({PATH: file_route(DATA, "v1")}) as running:
        yield running


@pytest.fixture
def session():
    with requests.Session() as one:
        yield one


@pytest.fixture
def fetch(server, session, tmp_path):
    return fetcher(server, session, tmp_path)


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        (refuse(401), ConfigError, "does not accept the credential"),
        (refuse(403, body=b"Accept the EULA"), ConfigError, "wants its licence accepted first"),
        (refuse(403), ConfigError, "does not allow this account"),
        (refuse(404), ProductError, "no longer has it"),
        (refuse(410), ProductError, "no longer has it"),
        (login_page, ConfigError, "sent an HTML page in the place of the file"),
        (
            refuse(200, body=b"<!doctype html><title>Login</title>"),
            UpstreamUnavailable,
            "offers 35 bytes, 3145736 were",
        ),
        (refuse(204, body=b""), UpstreamUnavailable, r"LAADS sent no file \(HTTP 204\)"),
    ],
)
def test_what_cannot_get_better_is_asked_once(server, fetch, tmp_path, fault, kind, message):
    server.faults[PATH] = [fault] * 9
    with pytest.raises(kind, match=message):
        fetch()
    assert len(server.seen) == (QUICK.attempts if kind is UpstreamUnavailable else 1)
    assert not (tmp_path / NAME).exists()


def test_a_page_that_says_it_is_a_file_is_found_out_by_its_first_bytes(server, fetch, tmp_path):
    server.routes[PATH] = file_route(b"<html><title>Login</title>" + b" " * 2**20)
    with pytest.raises(ConfigError, match="sent an HTML page in the place of the file"):
        fetch({"size": None, "checksum": None})
    assert list(tmp_path.iterdir()) == []


def test_a_long_page_is_not_read_to_its_end(server, fetch):
    server.routes[PATH] = file_route(b"<html>" + b" " * 2**26)
    with pytest.raises(ConfigError, match="sent an HTML page"):
        fetch({"size": None, "checksum": None})
    assert server.sent() < 2**26


@pytest.mark.parametrize(("body", "found"), [(b"PK\3\4zip" + bytes(999), "starts with b'PK"), (b"", "it is empty")])
def test_another_kind_of_file_is_refused(server, fetch, tmp_path, body, found):
    server.routes[PATH] = file_route(body)
    with pytest.raises(ProductError, match=f"LAADS sent no HDF5: .*{found}"):
        fetch({"size": None, "checksum": None})
    assert list(tmp_path.iterdir()) == []


def test_a_credential_that_is_refused_after_renewal_is_told(server, fetch):
    renewed = []
    server.faults[PATH] = [refuse(401)] * 9
    with pytest.raises(ConfigError, match="does not accept the credential"):
        fetch(renew=lambda: renewed.append(1))
    assert renewed == [1]
    assert len(server.seen) == 2


def test_a_refused_licence_is_not_answered_by_a_new_login(server, fetch):
    server.faults[PATH] = [refuse(403, body=b"eula")]
    with pytest.raises(ConfigError, match="licence"):
        fetch(renew=lambda: pytest.fail("logged in again"))


@pytest.mark.parametrize(
    ("listing", "message"),
    [
        ({"checksum": Checksum("md5", "0" * 32)}, "the md5 checksum is not the listed one, twice"),
        ({"checksum": Checksum("sha256", "0" * 64)}, "the sha256 checksum is not the listed one, twice"),
    ],
)
def test_a_file_that_is_damaged_twice_is_refused(server, fetch, tmp_path, listing, message):
    with pytest.raises(ProductError, match=message):
        fetch(listing)
    assert len(server.seen) == 2
    assert list(tmp_path.iterdir()) == []


def test_bytes_that_lack_without_a_length_are_noticed(server, fetch):
    def half(request, route):
        return dataclasses.replace(route(request), cut=2_000_000, length=False)

    server.faults[PATH] = [half] * 9
    with pytest.raises(ProductError, match="2000000 bytes came, 3145736 were listed, twice"):
        fetch({"checksum": None})


def test_a_listing_that_names_another_size_is_told_before_the_download(server, fetch):
    with pytest.raises(UpstreamUnavailable, match="LAADS offers 3145736 bytes, 77 were listed"):
        fetch({"size": 77})
    assert len(server.seen) == QUICK.attempts


def test_a_dead_server_is_told(fetch, tmp_path):
    with pytest.raises(UpstreamUnavailable, match=r"LAADS does not answer or broke off \(Connection"):
        fetch({"url": "http://127.0.0.1:9/x.h5"})


def test_a_folder_that_cannot_be_written_is_told(fetch, tmp_path):
    (tmp_path / f".{NAME}.partial").mkdir()
    with pytest.raises(StoreError, match=r"cannot be written .* Free space"):
        fetch()


@pytest.mark.parametrize("name", ["../A.h5", ".A.h5", "", "a/b.h5", "a\0.h5"])
def test_a_listed_name_that_would_leave_the_folder_is_refused(server, fetch, name):
    with pytest.raises(ProductError, match="which is no file name"):
        fetch({"name": name})
    assert server.seen == []


def test_tls_is_verified(tmp_path, monkeypatch):
    """Against the machine's authorities the double's certificate is refused, with its own authority accepted."""
    with loopback({PATH: file_route(DATA)}, tls=True) as server, requests.Session() as session:

        def get(url, headers):
            return session.get(url, headers=dict(headers), stream=True, timeout=5)

        remote = RemoteFile(NAME, Month(2021, 3), server.url + PATH)
        monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
        monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
        with pytest.raises(ConfigError, match="the certificate of LAADS is not trusted"):
            download(get, remote, tmp_path, "HDF5", archive="LAADS", retry=QUICK)
        assert server.seen == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", server.ca_file)
        assert_whole(tmp_path, download(get, remote, tmp_path, "HDF5", archive="LAADS", retry=QUICK))
