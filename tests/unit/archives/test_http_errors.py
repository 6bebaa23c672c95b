"""What HTTP answers mean: each its own clear line, no secret in any, and whether trying again can help."""

import datetime as dt
import io

import pytest
import requests
import urllib3

from gvio.archives.http_errors import answering, asked_wait, check_answer, is_login_error, safe_url, starts_a_page
from gvio.errors import ConfigError, ProductAbsent, ProductError, UpstreamUnavailable
from gvio.types import Month

URL = "https://user:pass@archive.test/data/A.h5?token=SECRET#part"
TODAY = dt.date(2026, 11, 22)


def answer(status: int, body: bytes = b"", url: str = "https://archive.test/data/A.h5", **headers: str):
    response = requests.Response()
    response.status_code, response.url = status, url
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    response.raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False, status=status)
    return response


def meaning(response, **kwargs):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        check_answer(response, URL, "LAADS", today=TODAY, **kwargs)
    text = str(caught.value)
    assert "SECRET" not in text
    assert "pass@" not in text
    assert "https://archive.test/data/A.h5" in text
    assert "\n" not in text
    return caught.value


@pytest.mark.parametrize(
    ("response", "kind", "message"),
    [
        (answer(401), ConfigError, r"LAADS does not accept the credential \(HTTP 401\)\. Renew the token"),
        (answer(403, b"Please accept the EULA of VIIRS"), ConfigError, "LAADS wants its licence accepted first"),
        (answer(401, b"approve application first"), ConfigError, "licence accepted first"),
        (answer(403), ConfigError, r"LAADS does not allow this account to read it \(HTTP 403\)"),
        (answer(403, b"Download quota exceeded"), UpstreamUnavailable, r"the quota of LAADS is used up \(HTTP 403\)"),
        (answer(429, Retry_After="30"), UpstreamUnavailable, r"used up \(HTTP 429\) and asks to wait 30 s\. Try again"),
        (answer(500), UpstreamUnavailable, r"LAADS failed \(HTTP 500\)\. Try again later"),
        (answer(503), UpstreamUnavailable, r"LAADS failed \(HTTP 503\)"),
        (answer(408), UpstreamUnavailable, r"LAADS failed \(HTTP 408\)"),
        (answer(400), ConfigError, r"LAADS refused the request \(HTTP 400\)"),
        (answer(404), ProductError, r"LAADS no longer has it \(HTTP 404\)"),
        (answer(200, Content_Type="text/html; charset=utf-8"), ConfigError, "sent an HTML page .* Renew the token"),
        (answer(200, url="https://urs.test/approve_app?x", Content_Type="text/html"), ConfigError, "licence accepted"),
        (answer(200, url="https://l.test/Licenses/v", Content_Type="text/html"), ConfigError, "licence accepted"),
    ],
)
def test_each_answer_has_its_own_line(response, kind, message):
    error = meaning(response)
    assert type(error) is kind
    with pytest.raises(kind, match=message):
        raise error


def test_an_answer_with_the_file_passes_unread():
    response = answer(200, b"\x89HDF", Content_Type="application/x-hdf5")
    check_answer(response, URL, "LAADS")
    assert response.raw.read() == b"\x89HDF"


def test_a_page_passes_where_a_page_was_asked_for():
    check_answer(answer(200, b"<html>", Content_Type="text/html"), URL, "EOG", html=True)


@pytest.mark.parametrize(
    ("month", "status", "kind", "message"),
    [
        (Month(2026, 10), 404, ProductAbsent, r"does not have 2026-10 yet \(HTTP 404\)"),
        (Month(2026, 8), 404, ProductAbsent, "does not have 2026-08 yet"),
        (Month(2026, 7), 404, ProductError, "LAADS no longer has it"),
        (Month(2026, 10), 410, ProductError, r"LAADS no longer has it \(HTTP 410\)"),
    ],
)
def test_absent_is_not_yet_or_gone(month, status, kind, message):
    error = meaning(answer(status), month=month)
    assert type(error) is kind
    with pytest.raises(kind, match=message):
        raise error


@pytest.mark.parametrize(("status", "renewable"), [(401, True), (403, False), (404, False), (500, False)])
def test_only_a_refused_credential_is_worth_a_new_login(status, renewable):
    assert is_login_error(meaning(answer(status))) is renewable


def test_a_login_page_is_worth_a_new_login_and_a_licence_is_not():
    assert is_login_error(meaning(answer(200, Content_Type="text/html")))
    assert not is_login_error(meaning(answer(403, b"unaccepted eula")))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    error = meaning(answer(503, Retry_After=header))
    assert asked_wait(error, dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)) == seconds


def test_an_error_without_an_answer_asks_for_no_wait():
    assert asked_wait(UpstreamUnavailable("x")) is None


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (requests.exceptions.SSLError("u=SECRET"), ConfigError, "the certificate of EOG is not trusted"),
        (requests.TooManyRedirects("SECRET"), ConfigError, "the login of EOG goes round in circles"),
        (requests.ConnectTimeout("SECRET"), UpstreamUnavailable, r"does not answer or broke off \(ConnectTimeout\)"),
        (requests.exceptions.ChunkedEncodingError("SECRET"), UpstreamUnavailable, "broke off"),
        (urllib3.exceptions.IncompleteRead(1, 2), UpstreamUnavailable, r"broke off \(IncompleteRead\)"),
        (ConnectionResetError("SECRET"), UpstreamUnavailable, r"broke off \(ConnectionResetError\)"),
        (requests.exceptions.InvalidURL("SECRET"), ConfigError, r"EOG cannot be asked \(InvalidURL\)"),
    ],
)
def test_exceptions_of_the_network_become_ours(error, kind, message):
    with pytest.raises(kind, match=message) as caught, answering(URL, "EOG"):
        raise error
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_other_exceptions_pass():
    with pytest.raises(PermissionError), answering(URL, "EOG"):
        raise PermissionError("disk")


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        (URL, "https://archive.test/data/A.h5"),
        ("https://h.test:8443/a/b", "https://h.test:8443/a/b"),
        ("s3://bucket/key", "s3://bucket/key"),
        ("/folder/a.h5", "/folder/a.h5"),
    ],
)
def test_safe_urls_keep_the_place_and_lose_the_secret(url, safe):
    assert safe_url(url) == safe


@pytest.mark.parametrize(
    ("head", "page"),
    [(b"<!DOCTYPE html>", True), (b"\xef\xbb\xbf\n <HTML>", True), (b"\x89HDF\r\n\x1a\n", False), (b"", False)],
)
def test_first_bytes_tell_a_page(head, page):
    assert starts_a_page(head) is page
