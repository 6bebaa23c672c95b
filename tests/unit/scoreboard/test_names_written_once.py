"""A name of `scoreboard.json` is written in one module: two spellings of it could drift apart unseen."""

from __future__ import annotations

import ast
from pathlib import Path

import gvio.scoreboard.names as names

ROOT = Path(__file__).parents[3]
PLACE = ROOT / "gvio/scoreboard/names.py"
MODELS = (
    names.OURS,
    names.PLAIN,
    names.GONG2025,
    names.NO_LIGHT,
    *names.NAIVE,
    names.LIGHT_SHARES,
    names.RANDOM_FOREST,
)
WRITTEN = {*names.PROTOCOLS, *MODELS, names.PROPORTIONAL, names.UNIFORM, names.TRUE}


def test_names_are_written_once() -> None:
    modules = [path for folder in ("gvio", "flows", "dashboards") for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value!r}"
        for path in modules
        if path != PLACE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in WRITTEN
    ]
    assert not found, "\n".join(found)
    assert len(WRITTEN) == len(names.PROTOCOLS) + len(MODELS) + 3
