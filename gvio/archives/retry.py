"""Trying again: a bounded number of times, only what can get better, with jitter, as long as the server asks for."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import TypeVar

import tenacity

from gvio.archives.http_errors import asked_wait
from gvio.errors import UpstreamUnavailable

T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class RetryPolicy:
    """How often and how long; seconds.

    Attributes:
        attempts: How often something is asked for in all, without progress.
        first_wait: Mean of the first wait; it doubles, each with full jitter.
        longest_wait: No wait of our own is longer.
        longest_asked: A server that asks for more by Retry-After is left alone: the error is raised at once.
    """

    attempts: int = 5
    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_asked: float = 120.0


RETRY_POLICY = RetryPolicy()


def retried(work: Callable[[], T], retry: RetryPolicy = RETRY_POLICY, stop: threading.Event | None = None) -> T:
    """The result of `work`, called again when it raises a retryable `UpstreamUnavailable`; other errors pass at once.

    Args:
        work: What may fail.
        retry: How often and how long.
        stop: Ends the waiting when set; the last error is raised.

    Raises:
        UpstreamUnavailable: It still failed at the last attempt, or the server asks for a longer wait than we have.
    """
    return _trying(retry, stop)(work)


class Attempts:
    """The attempts of `retried`, for work that goes on in pieces and gets them anew when it gets on."""

    def __init__(self, retry: RetryPolicy, stop: threading.Event) -> None:
        self._retry, self._stop = retry, stop
        self.anew()

    def anew(self) -> None:
        """All attempts are there again."""
        self._rounds = iter(_trying(self._retry, self._stop))
        self._attempt = next(self._rounds)

    def failed(self, error: UpstreamUnavailable) -> None:
        """Return when it is time for the next attempt.

        Raises:
            UpstreamUnavailable: The error itself: this was the last attempt, or the server asks for a longer wait.
        """
        with self._attempt:
            raise error
        self._attempt = next(self._rounds)


def _trying(retry: RetryPolicy, stop: threading.Event | None) -> tenacity.Retrying:
    event = stop or threading.Event()
    jitter = tenacity.wait_random_exponential(multiplier=retry.first_wait, max=retry.longest_wait)

    def worth_it(error: BaseException) -> bool:
        passing = isinstance(error, UpstreamUnavailable) and error.retryable
        return passing and (asked_wait(error) or 0.0) <= retry.longest_asked

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = asked_wait(error) if error is not None else None
        return jitter(state) if asked is None else asked + jitter(state) / 10  # not all threads at the same second

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(worth_it),
        wait=wait,
        stop=tenacity.stop_after_attempt(retry.attempts) | tenacity.stop_when_event_set(event),
        sleep=tenacity.sleep_using_event(event),
        reraise=True,
    )
