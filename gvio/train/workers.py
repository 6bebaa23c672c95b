"""How independent tasks are run: handed in from above, because who calls knows whether cores are free."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")


class Workers(Protocol):
    """Runs independent tasks, in turn or side by side, and returns their results in order."""

    def __call__(self, label: str, tasks: Sequence[Callable[[], T]], /) -> list[T]: ...  # noqa: D102


@dataclasses.dataclass(frozen=True)
class Here(Generic[T]):
    """A task whose result this process is asked for again (`gvio.train.looked`): no other process does it."""

    task: Callable[[], T]

    def __call__(self) -> T:
        """Do it."""
        return self.task()


def in_turn(_label: str, tasks: Sequence[Callable[[], T]], /) -> list[T]:
    """One task after the other."""
    return [task() for task in tasks]


def both(workers: Workers, label: str, first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Two tasks of different kinds, side by side in this process."""
    tasks: list[Callable[[], Any]] = [Here(first), Here(second)]
    one, other = workers(label, tasks)
    return one, other
