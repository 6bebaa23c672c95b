"""A download and a stream read the same file by the same rules: what they ask for, survive, and give up."""

import dataclasses
import hashlib

import pytest
import requests
from download_case import DATA, NAME, PATH, QUICK, assert_whole, fetcher
from loopback import file_route, loopback
from loopback_faults import drop_after, ignore_range, refuse, served

from gvio.archives import download as downloading
from gvio.archives.archive import RemoteFile
from gvio.archives.partial import read_note
from gvio.archives.ranges import RangeReader
from gvio.errors import UpstreamUnavailable
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


@pytest.fixture
def stream(server, session):
    def read():
        def get(url, headers):
            return session.get(url, headers=dict(headers), stream=True, timeout=(5, 5))

        remote = RemoteFile(NAME, Month(2021, 3), server.url + PATH)
        with RangeReader(get, remote, "LAADS", QUICK) as reader:
            data = b"".join(iter(lambda: reader.read(2**20), b""))
            assert reader.sha256 == hashlib.sha256(data).hexdigest()
        return data

    return read


def asked(server):
    """Range and If-Range of every request, which are then forgotten."""
    found = [(seen.status, seen.headers.get("Range"), seen.headers.get("If-Range")) for seen in server.seen]
    server.seen.clear()
    return found


def dated(request, route):
    """A server that knows no ETag, but a date."""
    answer = route(request)
    headers = tuple(h for h in answer.headers if h[0] != "ETag")
    return dataclasses.replace(answer, headers=(*headers, ("Last-Modified", "Mon, 01 Mar 2021 00:00:00 GMT")))


@pytest.mark.parametrize(
    "faults",
    [
        [drop_after(1_000_000), drop_after(5), served],
        [drop_after(5000)] * 9,
        [drop_after(0), refuse(503), drop_after(2_000_000), refuse(500), drop_after(10)],
        [refuse(429, {"Retry-After": "0"}), drop_after(1_000_000)],
        [lambda request, route: dataclasses.replace(dated(request, route), cut=1_000_000), dated],
    ],
)
def test_both_ask_for_the_same_and_get_the_whole(server, fetch, stream, tmp_path, faults):
    server.faults[PATH] = list(faults)
    assert_whole(tmp_path, fetch())
    first = asked(server)
    server.faults[PATH] = list(faults)
    assert stream() == DATA
    assert asked(server) == first
    assert any(if_range for _, _, if_range in first)


@pytest.mark.parametrize(
    ("faults", "requests", "message"),
    [
        ([drop_after(10)] * 99, 4, r"broke off \(ProtocolError\): the connection broke 4 times, last after \d+ bytes"),
        ([refuse(503)] * 99, 4, r"LAADS failed \(HTTP 503\)"),
        ([drop_after(2_000_000), *[refuse(429, {"Retry-After": "36000"})] * 9], 2, "quota of LAADS is used up"),
        ([drop_after(10), *[refuse(204, body=b"")] * 9], 4, r"LAADS sent no file \(HTTP 204\)"),
    ],
)
def test_both_give_up_after_the_same_attempts(server, fetch, stream, faults, requests, message):
    for read in (fetch, stream):
        server.faults[PATH] = list(faults)
        with pytest.raises(UpstreamUnavailable, match=message):
            read()
        assert len(asked(server)) == requests


def test_a_line_that_breaks_again_and_again_is_left_for_later(server, fetch, stream):
    for read in (fetch, stream):
        server.faults[PATH] = [drop_after(5000)] * 999
        with pytest.raises(UpstreamUnavailable, match=r"broke 100 times, last after 500000 bytes. Check the network"):
            read()
        asked(server)


def test_a_stream_whose_repetition_breaks_off_is_continued(server, stream):
    def half(request, route):
        return dataclasses.replace(ignore_range(request, route), cut=500_000, length=False)

    short = [drop_after(1_000_000), half]
    server.faults[PATH] = list(short)
    assert stream() == DATA
    server.faults[PATH] = [short[0], *[short[1]] * 9]
    with pytest.raises(UpstreamUnavailable, match="LAADS broke off before byte 1000000, where the last connection"):
        stream()


def test_another_version_is_not_read_to_its_end_by_a_stream(server, stream):
    def newer(request, route):
        return dataclasses.replace(ignore_range(request, route), headers=(("ETag", '"v2"'),))

    server.faults[PATH] = [drop_after(1_000_000), newer]
    with pytest.raises(UpstreamUnavailable, match="the file changed at the archive while it was being read"):
        stream()
    assert len(server.seen) == 2


def test_a_kill_while_a_file_starts_over_mixes_no_versions(server, fetch, monkeypatch, tmp_path):
    """The note of the new version must not lie beside bytes of the old one, whenever the process dies."""
    lying = []

    def looking(into, name, note):
        path = into / f".{name}.partial"
        lying.append((note.etag, path.stat().st_size if path.exists() else 0))
        keep(into, name, note)

    keep = downloading.write_note
    server.routes[PATH] = file_route(DATA[:-7] + b"changed", "v0")
    server.faults[PATH] = [drop_after(1_000_000), refuse(404)]
    with pytest.raises(Exception, match="no longer has it"):
        fetch({"checksum": None})
    server.routes[PATH] = file_route(DATA, "v1")
    monkeypatch.setattr(downloading, "write_note", looking)
    assert_whole(tmp_path, fetch({"checksum": None}))
    assert lying[0] == ('"v1"', 0)
    note = read_note(tmp_path, NAME)
    assert note is not None
    assert note.etag == '"v1"'
