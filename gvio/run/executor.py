"""How a step of the run is carried out: here and now, or by somebody who retries, records and shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Executor(Protocol):
    """Carries out one named step and returns what it makes; errors of ours reach the caller unchanged."""

    def __call__(self, name: str, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do `step(*args, **kwargs)`."""


def in_process(name: str, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Do the step here and now."""
    del name
    return step(*args, **kwargs)
