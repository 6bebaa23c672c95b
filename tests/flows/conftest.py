"""A Prefect server for the tests of one file: it sets the address for the process, which others must not see."""

import gc
from collections.abc import Iterator

import pytest
from prefect.testing.utilities import prefect_test_harness


@pytest.fixture(autouse=True, scope="session")
def _one_process(one_process: None) -> None:
    """For every test here."""


@pytest.fixture(scope="module")
def _server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def prefect_server(_server: None) -> Iterator[None]:
    """Use with the marks of `test_stage_tasks.py`: Prefect leaves its client's sockets to the garbage collector."""
    yield
    gc.collect()  # here, where the warning is expected, and not in somebody else's test
