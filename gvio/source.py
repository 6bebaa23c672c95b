"""The digest of our own source: what a cache key must know besides its inputs.

A version number stays the same through any number of edits. A result that is kept must go when the code that made it
changes, or when a numerical library does; it must stay when something else in the house is edited.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

from gvio.errors import ConfigError

_ROOT = Path(__file__).parents[1]
_LATER_BODIES = ("orelse", "handlers", "finalbody", "cases")
_BODIES = ("body", *_LATER_BODIES)  # where statements have statements
_SOURCE = {".py", ".html"}  # templates make pages as code does
LIBRARIES = (
    "affine",
    "exactextract",
    "geopandas",
    "h5py",
    "holidays",
    "numpy",
    "odc-geo",
    "pandas",
    "pyarrow",
    "pyogrio",
    "pyproj",
    "rasterio",
    "safetensors",
    "scikit-learn",
    "scipy",
    "shapely",
    "torch",
)
"""Distributions whose next version may compute other numbers, or write them as other bytes; a test compares this list
with what the source of the stages imports."""


@functools.cache
def source_digest(*packages: str) -> str:
    """Hash (16 hex digits) of the source of packages and modules of gvio, and of the numerical libraries' versions.

    Args:
        packages: Dotted names, as `gvio.model` (with all that lies below it) or `gvio.grid.area`; their order and
            repetitions do not matter. Computed once a process.

    Raises:
        ConfigError: There is no such package or module.
    """
    versions = tuple(f"{name}=={importlib.metadata.version(name)}" for name in LIBRARIES)
    return digest_source(_ROOT, packages, versions)


def code_digest(*modules: str) -> str:
    """As `source_digest`, of modules and of all that they import: a list that nobody has to keep.

    Raises:
        ConfigError: There is no such module.
    """
    found = frozenset().union(*(reachable(module) for module in modules))
    # a package's own file holds no code, and its name would stand for all that lies below it
    return source_digest(*sorted(name for name in found if _module_file(_ROOT, name).name != "__init__.py"))


def digest_source(root: Path, packages: tuple[str, ...], versions: tuple[str, ...]) -> str:
    """As `source_digest`, of the source below any `root` and any `versions`; computed anew at every call."""
    files = sorted({path for name in packages for path in _files_of(root, name)})
    digest = hashlib.sha256("\n".join(versions).encode())
    for path in files:
        data = path.read_bytes()
        # the length keeps two files apart: moving a line from one's end to the next one's start is an edit
        digest.update(f"\n{path.relative_to(root).as_posix()} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()[:16]


def uncovered(packages: tuple[str, ...], *modules: str) -> tuple[str, ...]:
    """What `modules` reach outside of `packages`: modules that a digest of `packages` would not notice, sorted."""
    known = tuple(f"{name}." for name in packages)
    found = frozenset().union(*(reachable(module) for module in modules))
    # a package's own file holds no code; only what lies in it counts
    return tuple(
        sorted(m for m in found if not f"{m}.".startswith(known) and _module_file(_ROOT, m).stem != "__init__")
    )


def imported_libraries(*packages: str) -> frozenset[str]:
    """Top-level names, neither ours nor Python's own, that packages and modules of gvio import when they run.

    Raises:
        ConfigError: There is no such package or module.
    """
    trees = (ast.parse(file.read_text(encoding="utf-8")) for name in packages for file in _code_of(name))
    names = {name.partition(".")[0] for tree in trees for node in _run_nodes(tree) for name in _names(_ROOT, node)}
    return frozenset(names - sys.stdlib_module_names - {"gvio"})


def _code_of(name: str) -> list[Path]:
    return [file for file in _files_of(_ROOT, name) if file.suffix == ".py"]


@functools.cache
def reachable(module: str, root: Path = _ROOT) -> frozenset[str]:
    """Modules of gvio that run when `module` does: it, what it imports, and so on, wherever the import stands.

    Read off the source below `root`. Imports for type checkers only are left out; so are modules that are imported by
    a computed name.

    Raises:
        ConfigError: There is no such module.
    """
    found, ahead = set[str](), [module]
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += _imported(root, name)
    return frozenset(found)


@functools.cache
def _imported(root: Path, module: str) -> tuple[str, ...]:
    if module == "gvio":
        return ()  # its own file is what users of the library call, and nothing of gvio does
    tree = ast.parse(_module_file(root, module).read_text(encoding="utf-8"))
    names = {name for node in _run_nodes(tree) for name in _names(root, node) if f"{name}.".startswith("gvio.")}
    return tuple(sorted(names))


def _run_nodes(tree: ast.Module) -> Iterator[ast.AST]:
    """Every statement below, without what stands under `if TYPE_CHECKING:`. Nothing is imported by an expression."""
    ahead: list[ast.AST] = [tree]
    while ahead:
        node = ahead.pop()
        yield node
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for field in _LATER_BODIES if typing_only else _BODIES:
            ahead += getattr(node, field, ())


def _names(root: Path, node: ast.AST) -> Iterator[str]:
    """Dotted names an import statement runs: `from a import b` runs `a`, and `a.b` where that is a module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        inside = (f"{node.module}.{alias.name}" for alias in node.names)
        yield from (name for name in inside if _find(root, name) is not None)


def _files_of(root: Path, name: str) -> list[Path]:
    path = _module_file(root, name)
    if path.name != "__init__.py":
        return [path]
    return sorted(file for file in path.parent.rglob("[!.]*") if file.suffix in _SOURCE and file.is_file())


def _module_file(root: Path, name: str) -> Path:
    path = _find(root, name)
    if path is None:
        hint = "Correct the list of packages in the code that asked for their digest."
        raise ConfigError(f"there is no module {name}", where="source of gvio", hint=hint)
    return path


def _find(root: Path, name: str) -> Path | None:
    place = root.joinpath(*name.split("."))
    candidates = (place / "__init__.py", place.with_name(f"{place.name}.py"))
    return next((path for path in candidates if path.is_file()), None)
