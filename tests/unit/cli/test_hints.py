"""A command that a message names can be run: it exists, its flags do, and the message speaks of those it must have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gvio.cli.main import cli
from gvio.cli.options import request_options
from gvio.errors import RETRAIN, SAME_OPTIONS

ROOT = Path(__file__).parents[3]
KNOWN = {"SAME_OPTIONS": SAME_OPTIONS, "stage": "map"}
NAMED = re.compile(r"`(gvio [^`]+)`(?! has not run| left there)")  # those are facts
UNTOLD = ("gvio/registry/", "gvio/stages/decide.py")  # the registry does not know where its caller's pack is


def sentences() -> Iterator[tuple[str, str]]:
    """Texts of the program that name a command, without descriptions of code and of the commands themselves."""
    for path in sorted(p for folder in ("gvio", "flows", "dashboards") for p in (ROOT / folder).rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        tree = ast.parse("" if place.startswith(UNTOLD) else path.read_text())
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        parts |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        parts |= {
            id(k.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Call)
            for k in node.keywords
            if k.arg == "help"
        }
        for node in ast.walk(tree):
            text = _text(node)
            if id(node) not in parts and text is not None and NAMED.search(text):
                yield f"{place}:{node.lineno}", text


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    values = (
        KNOWN.get(ast.unparse(v.value), "X") if isinstance(v, ast.FormattedValue) else _text(v) for v in node.values
    )
    return "".join(v or "" for v in values)


def command_of(words: list[str]) -> click.Command:
    found: click.Command = cli
    for word in words:
        if isinstance(found, click.Group) and not word.startswith("-"):
            found = found.commands[word]
    return found


@pytest.mark.parametrize(("place", "text"), sorted(sentences()))
def test_a_message_names_a_command_that_can_be_run(place: str, text: str) -> None:
    for command in NAMED.findall(text):
        words = command.split()[1:]
        options = [p for p in command_of(words).params if isinstance(p, click.Option)]
        names = {name for option in options for name in option.opts} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= names, place
        required = {option.opts[0] for option in options if option.required}
        assert "--help" in words or required <= set(re.findall(r"--[a-z-]+", text)), place


def test_the_same_options_are_those_that_every_stage_takes() -> None:
    command = request_options()(click.command("stage")(lambda: None))
    flags = {option for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", SAME_OPTIONS)) == flags
    assert SAME_OPTIONS in RETRAIN
