"""What is said of a task whose workers died: by their limit of memory, or by somebody else."""

from __future__ import annotations

import time
from types import SimpleNamespace

from gvio.cluster.workers import _Batch
from gvio.errors import ConfigError, WorkersUnavailable


def batch(events: list[tuple[float, dict[str, str]]]) -> _Batch:
    client = SimpleNamespace(
        get_events=lambda topic: events, scheduler_info=lambda n_workers: {"workers": {"a": {"memory_limit": 2e9}}}
    )
    return _Batch(client, "2 workers", "fits", [int, int], None)  # type: ignore[arg-type]


def test_a_limit_of_memory_is_named_with_what_to_give() -> None:
    error = batch([(time.time(), {"worker": "a"})])._killed("tls://w", 3, 1)
    assert isinstance(error, ConfigError)
    assert str(error).startswith("fits, task 2 of 2: worker tls://w needed more memory than its limit of 2.00 GB. Give")
    assert "--worker-memory" in error.hint


def test_other_deaths_and_those_of_earlier_runs_are_not_taken_for_it() -> None:
    error = batch([(time.time() - 3600, {"worker": "a"})])._killed("tls://w", 3, 0)
    assert isinstance(error, WorkersUnavailable)
    assert str(error).startswith("fits, task 1 of 2: 3 workers died of it, the last was tls://w. Look for who kills")
