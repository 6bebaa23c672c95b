"""Every fault an archive's server can have, injected on loopback and survived: each byte comes once where it can."""

import dataclasses
import gzip
import threading
import time

import pytest
import requests
from download_case import DATA, NAME, PATH, QUICK, assert_whole, fetcher, ranges
from loopback import Answer, file_route, loopback
from loopback_faults import (
    drip,
    drop_after,
    garble,
    ignore_range,
    login_page,
    redirect,
    refuse,
    served,
    truncate,
    without_length,
)

from gvio.archives.ranges import CHUNK
from gvio.errors import UpstreamUnavailable

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


def test_a_file_comes_whole_and_its_bytes_once(server, fetch, tmp_path):
    found = fetch()
    assert_whole(tmp_path, found)
    assert found.etag == "v1"
    assert server.sent() == len(DATA)
    assert server.seen[0].headers["Accept-Encoding"] == "identity"


def test_what_lies_there_whole_is_not_asked_for(server, fetch, tmp_path):
    first = fetch()
    server.seen.clear()
    assert dataclasses.replace(fetch(), fetched_at="") == dataclasses.replace(first, fetched_at="")
    assert server.seen == []


def test_a_file_without_note_is_believed_by_its_checksum_alone(server, fetch, tmp_path):
    (tmp_path / NAME).write_bytes(DATA)
    assert_whole(tmp_path, fetch())
    assert server.seen == []
    (tmp_path / NAME).write_bytes(DATA[:-1] + b"x")
    assert_whole(tmp_path, fetch())
    assert server.sent() == len(DATA)


def test_without_note_and_checksum_a_file_is_fetched(server, fetch, tmp_path):
    (tmp_path / NAME).write_bytes(DATA)
    fetch({"checksum": None})
    assert server.sent() == len(DATA)


def test_broken_connections_are_continued_where_they_broke(server, fetch, tmp_path):
    server.faults[PATH] = [drop_after(1_000_000), drop_after(5), served]
    assert_whole(tmp_path, fetch())
    assert ranges(server) == [None, "bytes=1000000-", "bytes=1000005-"]
    assert server.seen[1].headers["If-Range"] == '"v1"'
    assert server.sent() == len(DATA)


def test_more_breaks_than_attempts_are_survived_while_chunks_arrive(server, fetch, tmp_path):
    server.faults[PATH] = [drop_after(CHUNK // 3)] * 9
    assert_whole(tmp_path, fetch())
    assert server.sent() == len(DATA)


def test_breaks_without_progress_are_bounded(server, fetch, tmp_path):
    server.faults[PATH] = [drop_after(10)] * 99
    with pytest.raises(UpstreamUnavailable, match=r"LAADS does not answer or broke off \(ProtocolError\)"):
        fetch()
    assert len(server.seen) == QUICK.attempts
    assert not (tmp_path / NAME).exists()
    server.faults.clear()
    assert_whole(tmp_path, fetch())
    assert server.sent() == len(DATA)


def test_a_server_that_ignores_ranges_starts_over(server, fetch, tmp_path):
    server.faults[PATH] = [drop_after(1_000_000), ignore_range]
    assert_whole(tmp_path, fetch())
    assert server.sent() == 1_000_000 + len(DATA)


def test_a_file_that_changed_between_two_parts_starts_over(server, fetch, tmp_path):
    old = DATA[:-7] + b"changed"
    server.routes[PATH] = file_route(old, "v0")

    def change(request, route):
        server.routes[PATH] = file_route(DATA, "v1")
        return dataclasses.replace(route(request), cut=2_000_000)

    server.faults[PATH] = [change]
    found = fetch({"checksum": None})
    assert_whole(tmp_path, found)
    assert found.etag == "v1"
    assert ranges(server) == [None, "bytes=2000000-"]


def test_another_part_than_was_asked_for_starts_over(server, fetch, tmp_path):
    def other_part(request, route):
        part = (("ETag", '"v1"'), ("Content-Range", f"bytes 0-{len(DATA) - 1}/{len(DATA)}"))
        return Answer(206, DATA, part)

    server.faults[PATH] = [drop_after(1_000_000), other_part]
    assert_whole(tmp_path, fetch())


def test_wrong_parts_again_and_again_are_told(server, fetch):
    wrong = (("ETag", '"v2"'), ("Content-Range", f"bytes 10-{len(DATA) - 1}/{len(DATA)}"))
    server.faults[PATH] = [lambda request, route: Answer(206, DATA[10:], wrong)] * 9
    with pytest.raises(UpstreamUnavailable, match="LAADS sent another part or version than was asked for"):
        fetch()


def test_a_file_that_became_shorter_starts_over(server, fetch, tmp_path):
    server.faults[PATH] = [drop_after(1_000_000), refuse(416), served]
    assert_whole(tmp_path, fetch())
    server.faults[PATH] = [refuse(416)] * 9
    (tmp_path / NAME).unlink()
    with pytest.raises(UpstreamUnavailable, match="LAADS has less of it than was fetched before"):
        fetch({"size": None})


@pytest.mark.parametrize("kept", ["validator", "checksum"])
def test_parts_are_joined_only_where_a_mixture_would_be_noticed(server, fetch, tmp_path, kept):
    def bare(request, route):
        answer = route(request)
        return dataclasses.replace(answer, headers=tuple(h for h in answer.headers if h[0] != "ETag"))

    fault = served if kept == "validator" else bare
    listing = {"checksum": None} if kept == "validator" else {}
    server.faults[PATH] = [lambda request, route: dataclasses.replace(fault(request, route), cut=2**21), fault]
    assert_whole(tmp_path, fetch(listing))
    assert server.sent() == len(DATA)
    (tmp_path / NAME).unlink()
    server.seen.clear()
    server.faults[PATH] = [lambda request, route: dataclasses.replace(bare(request, route), cut=2**21), bare]
    assert_whole(tmp_path, fetch({"checksum": None}))
    assert server.sent() == 2**21 + len(DATA)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_what_can_get_better_is_tried_again(server, fetch, tmp_path, status):
    server.faults[PATH] = [refuse(status), drop_after(1000), refuse(status)]
    assert_whole(tmp_path, fetch())
    assert server.sent() == len(DATA) + 2 * len(b"no")


def test_the_server_is_waited_for_as_long_as_it_asks(server, fetch, tmp_path):
    server.faults[PATH] = [refuse(503, {"Retry-After": "1"})]
    started = time.monotonic()
    assert_whole(tmp_path, fetch())
    assert time.monotonic() - started >= 1


def test_a_quota_for_the_rest_of_the_day_is_told_at_once(server, fetch):
    server.faults[PATH] = [drop_after(2_000_000), *[refuse(429, {"Retry-After": "36000"})] * 9]
    with pytest.raises(UpstreamUnavailable, match=r"quota of LAADS is used up \(HTTP 429\) and asks to wait 36000 s"):
        fetch()
    assert len(server.seen) == 2


def test_a_session_is_renewed_once_and_the_file_continued(server, fetch, tmp_path):
    renewed = []
    server.faults[PATH] = [drop_after(1_000_000), refuse(401)]
    assert_whole(tmp_path, fetch(renew=lambda: renewed.append(1)))
    assert renewed == [1]
    assert ranges(server)[-1] == "bytes=1000000-"
    (tmp_path / NAME).unlink()
    server.faults[PATH] = [login_page]
    assert_whole(tmp_path, fetch(renew=lambda: renewed.append(2)))
    assert renewed == [1, 2]


@pytest.mark.parametrize("fault", [garble, truncate(1_000_000)])
def test_a_file_that_is_damaged_once_is_fetched_again(server, fetch, tmp_path, fault):
    server.faults[PATH] = [fault]
    assert_whole(tmp_path, fetch())


def test_a_file_without_length_and_listing_is_taken_as_it_comes(server, fetch, tmp_path):
    server.faults[PATH] = [without_length]
    assert_whole(tmp_path, fetch({"size": None, "checksum": None}))


def test_content_is_never_decoded(server, fetch, tmp_path):
    """Some servers declare a .tgz as content encoding; its bytes are the file."""
    data = gzip.compress(DATA)
    server.routes[PATH] = lambda request: Answer(200, data, (("Content-Encoding", "x-gzip"), ("ETag", '"z"')))
    found = fetch({"size": len(data), "checksum": None}, magic="gzip archive")
    assert (tmp_path / NAME).read_bytes() == data
    assert found.size == len(data)


def test_redirects_to_another_host_keep_the_range_and_lose_the_token(server, fetch, session, tmp_path):
    session.headers["Authorization"] = "Bearer SECRET"
    server.routes["/signed"] = file_route(DATA, "v1")
    signed = redirect(f"{server.other_url}/signed?signature=SECRET")
    server.faults[PATH] = [signed, signed]
    server.faults["/signed"] = [drop_after(1_000_000)]
    found = fetch()
    assert_whole(tmp_path, found)
    seen = [one for one in server.seen if one.path == "/signed"]
    assert [one.headers.get("Range") for one in seen] == [None, "bytes=1000000-"]
    assert [one.headers.get("Authorization") for one in seen] == [None, None]
    assert "SECRET" not in repr(found)


def test_a_stall_ends_by_the_timeout_and_goes_on(server, session, fetch, tmp_path):
    def get(url, headers):
        return session.get(url, headers=dict(headers), stream=True, timeout=(5, 0.5))

    def stall(request, route):
        return dataclasses.replace(route(request), pause=3.0, piece=1_000_000)

    server.faults[PATH] = [stall]
    assert_whole(tmp_path, fetch(get=get))


def test_a_wish_to_stop_is_met_at_the_next_read(server, fetch, tmp_path):
    stop = threading.Event()
    server.faults[PATH] = [drip(0.05, 65536)]
    threading.Timer(0.4, stop.set).start()
    with pytest.raises(UpstreamUnavailable, match="the download was stopped"):
        fetch(stop=stop)
    assert len(server.seen) == 1
    had = (tmp_path / f".{NAME}.partial").stat().st_size
    assert 0 < had < len(DATA)
    assert_whole(tmp_path, fetch())
    assert ranges(server) == [None, f"bytes={had}-"]


def test_what_a_slow_line_brings_is_on_the_disk_soon(server, fetch, tmp_path):
    """A kill loses what was not written yet: large blocks are for lines that fill them in no time."""
    stop, behind = threading.Event(), []

    def look():
        behind.append(server.sent() - (tmp_path / f".{NAME}.partial").stat().st_size)
        stop.set()

    server.faults[PATH] = [drip(0.06, 8192)]
    threading.Timer(1.5, look).start()
    with pytest.raises(UpstreamUnavailable, match="the download was stopped"):
        fetch(stop=stop)
    assert behind[0] <= 2**16
