"""One thread: the matrices are small, and two test processes share the machine."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def single_thread() -> None:
    torch.set_num_threads(1)
