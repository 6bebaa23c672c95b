"""The house rules of CONTRIBUTING.md that can be read off the source: sizes, names, files, and messages under test."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MODULES = [
    path for folder in ("gvio", "flows", "dashboards", "infra") for path in sorted((ROOT / folder).rglob("*.py"))
]
OWN_ERRORS = {
    node.name for node in ast.parse((ROOT / "gvio/errors.py").read_text()).body if isinstance(node, ast.ClassDef)
}
FORBIDDEN = {"utils", "util", "helpers", "helper", "base", "common", "misc"}
MAX_LINES, MAX_FUNCTION, MAX_BYTES = 300, 40, 50_000
WINDOW = 12  # letters of a message that a test must repeat


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of signature and body, without decorators and docstring."""
    first = function.body[0]
    docstring = 1 + (first.end_lineno or 0) - first.lineno if ast.get_docstring(function) is not None else 0
    return 1 + (function.end_lineno or 0) - function.lineno - docstring


def named(paths: Iterator[str] | list[str]) -> str:
    return "\n".join(paths)


def test_modules_are_short():
    long = [f"{p.relative_to(ROOT)}: {n}" for p in MODULES if (n := len(p.read_text().splitlines())) > MAX_LINES]
    assert not long, named(long)
    assert len(MODULES) > 50, "the scan sees the package"


def test_functions_are_short():
    long = [
        f"{p.relative_to(ROOT)}:{f.name}: {n}" for p in MODULES for f in functions(p) if (n := length(f)) > MAX_FUNCTION
    ]
    assert not long, named(long)


def test_no_module_is_a_drawer():
    drawers = [str(p.relative_to(ROOT)) for p in MODULES if FORBIDDEN & {p.stem, p.parent.name}]
    assert not drawers, named(drawers)


def test_packages_hold_no_code_of_their_own():
    """But for `gvio` itself: `gvio.open_release` and `gvio.__version__` are what users of the library call."""
    packages = [p for p in MODULES if p.name == "__init__.py" and p != ROOT / "gvio/__init__.py"]
    full = [str(p.relative_to(ROOT)) for p in packages if len(p.read_text().splitlines()) > 1]
    assert not full, named(full)


def test_nothing_is_validated_by_assert_and_only_the_command_line_prints():
    found = []
    for path in MODULES:
        place = path.relative_to(ROOT)
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Assert):
                found.append(f"{place}:{node.lineno}: assert")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                found.append(f"{place}:{node.lineno}: print")
    inside = [line for line in found if not (line.startswith("gvio/cli/") and line.endswith("print"))]
    assert not inside, named(inside)


def test_no_committed_file_is_large():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    large = [
        f"{p.relative_to(ROOT)}: {p.stat().st_size}" for p in files if p.is_file() and p.stat().st_size > MAX_BYTES
    ]
    assert not large, named(large)


def test_every_message_of_an_own_error_is_in_a_test():
    """Approximate: some twelve letters of a literal part of the message must stand in some string of the tests.

    Messages put together elsewhere (by a called function, or only of values) cannot be followed and are left out.
    """
    told = _strings_of_tests()
    missing, followed = [], 0
    for path in MODULES:
        for line, parts in _messages(path):
            followed += 1
            if not any(_window_in(part.strip(), told) for part in parts) and not _around_a_value(parts, told):
                missing.append(f"{path.relative_to(ROOT)}:{line}: {' … '.join(parts)}")
    assert not missing, named(missing)
    assert followed > 100, "the scan finds the errors"


def _window_in(part: str, text: str) -> bool:
    size = min(WINDOW, max(len(part), 8))
    return any(part[i : i + size] in text for i in range(len(part) - size + 1))


def _around_a_value(parts: list[str], text: str) -> bool:
    """Whether the letters before and after a value stand in one line of the tests, as in "has no FILE file"."""
    pairs = pairwise(parts)
    return any(re.search(f"{re.escape(a[-6:])}.{{1,60}}?{re.escape(b[:5])}", text) for a, b in pairs)


def _messages(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line and literal parts of every own error that is raised, or returned to be raised."""
    for function in functions(path):
        for node in ast.walk(function):
            error = node.exc if isinstance(node, ast.Raise) else node.value if isinstance(node, ast.Return) else None
            if isinstance(error, ast.Call) and isinstance(error.func, ast.Name) and error.func.id in OWN_ERRORS:
                parts = [part for value in _values(error.args[:1], function) for part in _literals(value)]
                if any(len(part.strip()) >= 8 for part in parts):
                    yield node.lineno, parts


def _values(arguments: list[ast.expr], function: ast.AST) -> Iterator[ast.expr]:
    """The argument, or what the function assigns to it when it is a name."""
    for argument in arguments:
        if not isinstance(argument, ast.Name):
            yield argument
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and any(ast.dump(t) == _stored(argument) for t in node.targets):
                yield node.value


def _stored(name: ast.Name) -> str:
    return ast.dump(ast.Name(name.id, ast.Store()))


def _literals(value: ast.expr) -> Iterator[str]:
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return (p.value for p in parts if isinstance(p, ast.Constant) and isinstance(p.value, str))


def _strings_of_tests() -> str:
    """Every string of the tests but this file's, docstrings left out, regular expressions unescaped."""
    found = []
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path != Path(__file__):
            module = ast.parse(path.read_text())
            prose = {id(n.value) for n in ast.walk(module) if isinstance(n, ast.Expr)}
            constants = (n for n in ast.walk(module) if isinstance(n, ast.Constant) and id(n) not in prose)
            found += [re.sub(r"\\(.)", r"\1", n.value) for n in constants if isinstance(n.value, str)]
    return "\n".join(found)
