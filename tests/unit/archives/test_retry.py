"""Retries: bounded, only for what can get better, as late as the server asks, and not beyond a wish to stop."""

import threading
import time

import pytest
import requests

from gvio.archives.retry import RetryPolicy, retried
from gvio.errors import ConfigError, ProductError, UpstreamUnavailable

QUICK = RetryPolicy(attempts=4, first_wait=0.001, longest_wait=0.002)


def failing(errors):
    left, calls = list(errors), []

    def work():
        calls.append(time.monotonic())
        if left:
            raise left.pop(0)
        return "here"

    return work, calls


def asking(seconds: str) -> UpstreamUnavailable:
    response = requests.Response()
    response.headers["Retry-After"] = seconds
    error = UpstreamUnavailable("busy")
    error.__cause__ = requests.HTTPError(response=response)
    return error


def test_what_gets_better_is_tried_again():
    work, calls = failing([UpstreamUnavailable("one"), UpstreamUnavailable("two")])
    assert retried(work, QUICK) == "here"
    assert len(calls) == 3


def test_attempts_are_bounded_and_the_last_error_is_told():
    work, calls = failing([UpstreamUnavailable(str(number)) for number in range(9)])
    with pytest.raises(UpstreamUnavailable, match=r"^3$"):
        retried(work, QUICK)
    assert len(calls) == 4


@pytest.mark.parametrize("error", [ConfigError("401"), ProductError("404"), ValueError("bug")])
def test_what_cannot_get_better_is_asked_once(error):
    work, calls = failing([error])
    with pytest.raises(type(error)):
        retried(work, QUICK)
    assert len(calls) == 1


def test_the_server_is_waited_for_as_long_as_it_asks():
    work, calls = failing([asking("1")])
    assert retried(work, QUICK) == "here"
    assert 1.0 <= calls[1] - calls[0] < 1.5


def test_who_asks_for_too_long_is_left_alone():
    work, calls = failing([asking("3600")])
    with pytest.raises(UpstreamUnavailable, match="busy"):
        retried(work, QUICK)
    assert len(calls) == 1


def test_a_wish_to_stop_ends_the_waiting():
    stop = threading.Event()
    work, calls = failing([UpstreamUnavailable("one")] * 9)
    threading.Timer(0.1, stop.set).start()
    started = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match="one"):
        retried(work, RetryPolicy(attempts=9, first_wait=60.0), stop)
    assert time.monotonic() - started < 5
    assert len(calls) <= 2


def test_waits_differ_from_each_other():
    gaps = set()
    for _ in range(4):
        work, calls = failing([UpstreamUnavailable("one")])
        retried(work, RetryPolicy(first_wait=0.02, longest_wait=0.05))
        gaps.add(round(calls[1] - calls[0], 4))
    assert len(gaps) > 1
