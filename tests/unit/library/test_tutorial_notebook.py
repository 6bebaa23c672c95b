"""The notebook of the tutorial runs from top to bottom on a release, and is kept without outputs."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import matplotlib.figure
import pandas as pd
import pytest

NOTEBOOK = json.loads((Path(__file__).parents[3] / "docs" / "tutorial.ipynb").read_text(encoding="utf-8"))
CODE = [cell for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def run(cell: dict[str, Any], names: dict[str, Any]) -> Any:
    """What the cell shows: the value of its last line, where that is an expression."""
    tree = ast.parse("".join(cell["source"]))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, cell["id"], "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), cell["id"], "eval"), names)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")  # odc-geo multiplies its matrices in the old way
def test_every_cell_runs_and_shows_what_it_says(folder: Path, capsys) -> None:
    given, *cells = CODE
    assert given["metadata"]["tags"] == ["parameters"]
    names: dict[str, Any] = {"STORE": str(folder), "REGION": "testland"}
    shown = [run(cell, names) for cell in cells]
    tables = [value for value in shown if isinstance(value, pd.DataFrame)]
    assert len(tables) == 3
    assert all(len(table) for table in tables)
    assert list(tables[1].columns) == ["percent", "low", "high", "beyond noise"]
    (picture,) = [value for value in shown if isinstance(value, matplotlib.figure.Figure)]
    assert picture.axes[0].get_title() == "Testland, March 2021"
    picture.canvas.draw()
    said = capsys.readouterr().out
    assert "skill: weak" in said
    assert "sum of all pixels" in said


def test_it_is_kept_as_it_was_before_it_ran() -> None:
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in CODE)
    ids = [cell["id"] for cell in NOTEBOOK["cells"]]
    assert len(ids) == len(set(ids))
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
