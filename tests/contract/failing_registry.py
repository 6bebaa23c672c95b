"""A real registry whose calls of MLflow and whose writing of files fail one after the other, before or after they did
what was asked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import mlflow.tracking
import pytest
from mlflow.exceptions import MlflowException

from gvio.registry import training

REAL = mlflow.tracking.MlflowClient


@dataclasses.dataclass
class Trouble:
    """Which call fails and how. `calls` are the names of those made so far."""

    at: int = -1
    done: bool = False  # the registry does it, and only the answer is lost
    dead: bool = False  # every later call fails too, as for a process that was killed
    calls: list[str] = dataclasses.field(default_factory=list)

    def client(self, *args: Any, **kwargs: Any) -> FailingClient:
        return FailingClient(REAL(*args, **kwargs), self)

    def over(self, name: str, method: Callable[..., Any], error: type[Exception]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            number = len(self.calls)
            self.calls.append(name)
            fails = number == self.at or (self.dead and 0 <= self.at < number)
            if fails and not (self.done and number == self.at):
                raise error(f"no connection for {name}")
            answer = method(*args, **kwargs)
            if fails:
                raise error(f"no answer to {name}")
            return answer

        return call


class FailingClient:
    def __init__(self, real: Any, trouble: Trouble) -> None:
        self._real, self._trouble = real, trouble

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self._trouble.over(name, getattr(self._real, name), MlflowException)


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trouble]:
    """The trouble that every client and every writing of artifacts has, once its `at` is set."""
    one = Trouble()
    monkeypatch.setattr(mlflow.tracking, "MlflowClient", lambda *a, **k: one.client(*a, **k))
    monkeypatch.setattr(training, "_lay_out", one.over("lay_out", training._lay_out, OSError))
    yield one
    one.at = -1
