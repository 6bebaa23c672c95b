"""A real MLflow client whose calls fail one after the other, before or after the registry did what it was asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import mlflow.tracking
import pytest
from mlflow.exceptions import MlflowException

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


class FailingClient:
    def __init__(self, real: Any, trouble: Trouble) -> None:
        self._real, self._trouble = real, trouble

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method, trouble = getattr(self._real, name), self._trouble

        def call(*args: Any, **kwargs: Any) -> Any:
            number = len(trouble.calls)
            trouble.calls.append(name)
            fails = number == trouble.at or (trouble.dead and 0 <= trouble.at < number)
            if fails and not (trouble.done and number == trouble.at):
                raise MlflowException(f"no connection for {name}")
            answer = method(*args, **kwargs)
            if fails:
                raise MlflowException(f"no answer to {name}")
            return answer

        return call


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trouble]:
    """The trouble that every client has, once its `at` is set."""
    one = Trouble()
    monkeypatch.setattr(mlflow.tracking, "MlflowClient", lambda *a, **k: one.client(*a, **k))
    yield one
    one.at = -1
