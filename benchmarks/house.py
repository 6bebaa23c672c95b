"""The table of the house: how large the package is, how deep its imports go, what it says to the outside.

    python -m benchmarks.house [CHECKOUT ...] [--packages gvio flows dashboards]

Read off the source by `ast`, nothing is imported: any checkout can be measured, one column each. Definitions:

- module: a file of Python that holds code, so not the one-line `__init__.py`;
- depth of imports: modules in the longest chain in which each imports the next; imports inside of functions and
  those for type checkers alone count;
- fan-out: modules of the package that one module imports;
- public names: functions and classes at the top of a module without a leading underscore;
- untyped records: `dict[str, Any]` and `Mapping[str, Any]`, wherever written as code;
- parameters: all that a function names but `self` and `cls`, star arguments not counted;
- code lines: neither blank nor a comment of their own nor in a docstring; comments: `#` to the end of any line.
"""

from __future__ import annotations

import argparse
import ast
import io
import statistics
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

MANY_PARAMETERS = 8
LONG_FILE = 250
UNTYPED = {"dict[str, Any]", "Mapping[str, Any]"}
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file: its dotted name and its text."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))


def read_modules(root: Path, packages: list[str]) -> dict[str, Module]:
    """Modules of the packages of a checkout by dotted name, `__init__.py` left out."""
    files = (path for package in packages for path in sorted((root / package).rglob("*.py")))
    named = {".".join(p.relative_to(root).with_suffix("").parts): p for p in files if p.name != "__init__.py"}
    return {name: Module(name, path.read_text(encoding="utf-8")) for name, path in named.items()}


def imports(module: Module, names: set[str]) -> set[str]:
    """Which of `names` the module imports, at its top or inside of a function; relative imports are not read."""
    found: set[str] = set()
    for node in module.nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return (found & names) - {module.name}


def depth(graph: dict[str, set[str]]) -> int:
    """Number of modules in the longest chain of imports. Raises ValueError on a cycle."""
    known: dict[str, int] = {}

    def below(name: str, chain: tuple[str, ...]) -> int:
        if name in chain:
            raise ValueError("cycle of imports: " + " → ".join((*chain, name)))
        if name not in known:
            known[name] = 1 + max((below(other, (*chain, name)) for other in graph[name]), default=0)
        return known[name]

    return max((below(name, ()) for name in graph), default=0)


def public_names(module: Module) -> int:
    return sum(isinstance(n, FUNCTION | ast.ClassDef) and not n.name.startswith("_") for n in module.tree.body)


def untyped_records(module: Module) -> int:
    return sum(isinstance(n, ast.Subscript) and ast.unparse(n) in UNTYPED for n in module.nodes)


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(a.arg not in {"self", "cls"} for a in named)


def comments_and_code(module: Module) -> tuple[int, int]:
    """Comments, and lines that hold code."""
    prose = {line for node in _docstrings(module) for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    comments, code = 0, set[int]()
    silent = {tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER, tokenize.ENCODING}
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT:
            comments += 1
        elif token.type not in silent:
            code |= set(range(token.start[0], token.end[0] + 1))
    return comments, len(code - prose)


def _docstrings(module: Module) -> Iterator[ast.expr]:
    for node in module.nodes:
        if isinstance(node, FUNCTION | ast.ClassDef | ast.Module) and ast.get_docstring(node) is not None:
            first = node.body[0]
            if isinstance(first, ast.Expr):
                yield first.value


def measure(root: Path, packages: list[str]) -> dict[str, str]:
    """The rows of the table for one checkout. Raises ValueError where it holds none of the packages."""
    modules = read_modules(root, packages)
    if not modules:
        raise ValueError(f"no module of {', '.join(packages)} in {root}; name a checkout")
    graph = {name: imports(module, set(modules)) for name, module in modules.items()}
    fan_out = [len(others) for others in graph.values()]
    functions = [node for module in modules.values() for node in module.nodes if isinstance(node, FUNCTION)]
    lines = [len(module.text.splitlines()) for module in modules.values()]
    counts = [comments_and_code(module) for module in modules.values()]
    comments, code = (sum(column) for column in zip(*counts, strict=True))
    return {
        "modules": f"{len(modules)}",
        "lines of a file, median and most": f"{statistics.median(lines):.0f}, {max(lines)}",
        f"files over {LONG_FILE} lines": f"{sum(n > LONG_FILE for n in lines)}",
        "depth of imports": f"{depth(graph)}",
        "fan-out, median and most": f"{statistics.median(fan_out):.0f}, {max(fan_out)}",
        "public names": f"{sum(map(public_names, modules.values()))}",
        "untyped records (`dict[str, Any]`)": f"{sum(map(untyped_records, modules.values()))}",
        f"functions over {MANY_PARAMETERS} parameters": f"{sum(parameters(f) > MANY_PARAMETERS for f in functions)}",
        "comments per 100 code lines": f"{100 * comments / code:.1f}",
    }


def table(columns: dict[str, dict[str, str]]) -> str:
    """Markdown: one row a measure, one column a checkout."""
    head = ["| | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    rows = next(iter(columns.values()))
    return "\n".join(head + [f"| {row} | " + " | ".join(c[row] for c in columns.values()) + " |" for row in rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkouts", nargs="*", type=Path, default=[Path()], metavar="CHECKOUT")
    parser.add_argument("--packages", nargs="+", default=["gvio"])
    arguments = parser.parse_args()
    print(table({str(root): measure(root, arguments.packages) for root in arguments.checkouts}))


if __name__ == "__main__":
    main()
