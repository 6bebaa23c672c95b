"""Where nothing was to be learned the champion's evaluation stands, if it is of the same figures and the same model."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gvio.run.artifacts import EvaluatedHead
from gvio.run.made import Kept, Made
from gvio.run.workspace import Workspace
from gvio.stages import evaluate as stage

OLD = {"samples": "october", "trained": "then", "statistics": "figures", "model": "w", "truth": "", "params": "p"}
NEW = OLD | {"samples": "november", "trained": "now"}


def _made(inputs: dict[str, str], source: str = "code") -> Made:
    return Made(stage="evaluate", inputs=inputs, source=source)


def _workspace(folder: Path) -> Workspace:
    workspace = Workspace(folder)
    head = EvaluatedHead(made=_made(OLD), month="2024-10", weights_sha256="w", skill="weak", verdict="v")
    workspace.keep(head, {stage.WEIGHTS: b"weights", stage.CONFIG: b"document", stage.SCOREBOARD: b"{}"})
    return workspace


def _found(workspace: Workspace, made: Made, document: bytes = b"document") -> EvaluatedHead | None:
    package = SimpleNamespace(weights=b"weights", document=document)
    context: Any = SimpleNamespace(workspace=workspace)
    sampled: Any = SimpleNamespace(head=SimpleNamespace(month="2024-11"))
    trained: Any = SimpleNamespace(package=Kept.here(package))
    return stage._standing(context, sampled, trained, made)


def test_it_stands_for_the_new_month_and_is_found_again(tmp_path: Path) -> None:
    workspace, made = _workspace(tmp_path), _made(NEW)
    found = _found(workspace, made)
    assert found is not None
    assert (found.month, found.verdict) == ("2024-11", "v")
    assert workspace.find(EvaluatedHead, "evaluate", made) == found
    assert workspace.data(found, stage.SCOREBOARD) == b"{}"


@pytest.mark.parametrize("name", ["statistics", "model", "truth", "params"])
def test_what_would_judge_it_otherwise_makes_a_new_one(tmp_path: Path, name: str) -> None:
    assert _found(_workspace(tmp_path), _made(NEW | {name: "other"})) is None


def test_another_model_other_code_or_a_damaged_file_make_a_new_one(tmp_path: Path) -> None:
    assert _found(_workspace(tmp_path), _made(NEW, "edited")) is None
    assert _found(_workspace(tmp_path), _made(NEW), b"another document") is None
    workspace = _workspace(tmp_path)
    (tmp_path / stage.WEIGHTS).write_bytes(b"damaged")
    assert _found(workspace, _made(NEW)) is None
    assert _found(Workspace(tmp_path / "elsewhere"), _made(NEW)) is None
