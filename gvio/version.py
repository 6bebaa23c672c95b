"""The version of the code that runs, in words of PEP 440: what a release's `code` says.

In a git checkout it is read from git itself, because the metadata of an editable install keep the version of the day
it was installed. setuptools-scm, which names the built packages, says the same of a clean commit; of changed files
it tells the day, here they are told by `.dirty`. What the files hold is not the matter of this module.
"""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

_DESCRIBED = re.compile(r"v?(?P<stem>[\w.]*?)(?P<last>\d+)-(?P<distance>\d+)-g(?P<node>[0-9a-f]+)(?P<dirty>-dirty)?")
_NODE_DIGITS = 9
_SECONDS = 5.0
# Before the first tag, as setuptools-scm counts from the `fallback_version` of pyproject.toml.
_UNTAGGED = "0.0.1"
UNKNOWN = "0.0.0"


@cache
def code_version() -> str:
    """Version of the code of this process, e.g. `0.2.0` or, twelve commits later, `0.2.1.dev12+g1234567ab.dirty`.

    Of git where the package lies in its own checkout, else of the installed metadata; read once a process, so that
    all that a process writes carries one version. Never raises: `0.0.0` is a version that nobody knows.
    """
    described = version_of_checkout(Path(__file__).resolve().parents[1])
    if described is not None:
        return described
    try:
        return importlib.metadata.version("gvio")
    except importlib.metadata.PackageNotFoundError:
        return UNKNOWN


def version_of_checkout(root: Path) -> str | None:
    """Version of gvio's git checkout at `root`; None where it is none, or git is absent or fails."""
    if not _is_our_checkout(root):
        return None
    text = _git(root, "describe", "--tags", "--long", "--dirty", "--always", "--abbrev=40", "--match", "v[0-9]*")
    if text is None:
        return None
    found = _DESCRIBED.fullmatch(text)
    if found is None:
        return _before_any_tag(root, text)
    dirty = found["dirty"] is not None
    if found["distance"] == "0" and not dirty:
        return found["stem"] + found["last"]
    # The next version is only guessed: `.dev` sorts it behind the tag before it and ahead of the tag to come.
    guess = f"{found['stem']}{int(found['last']) + 1}.dev{found['distance']}"
    return guess + _local(found["node"], dirty)


def _is_our_checkout(root: Path) -> bool:
    """Whether git's folder is there, and the project is ours: `pip install --target .` puts us into other people's."""
    try:
        return (root / ".git").exists() and 'name = "gvio"' in (root / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _before_any_tag(root: Path, text: str) -> str | None:
    node, _, dirty = text.partition("-")
    commits = _git(root, "rev-list", "--count", "HEAD")
    if commits is None or re.fullmatch("[0-9a-f]{40,64}", node) is None:
        return None
    return f"{_UNTAGGED}.dev{commits}" + _local(node, bool(dirty))


def _local(node: str, dirty: bool) -> str:
    return f"+g{node[:_NODE_DIGITS]}" + (".dirty" if dirty else "")


def _git(root: Path, *words: str) -> str | None:
    """What git answers about `root`, stripped; None when it is absent or fails."""
    program = shutil.which("git")
    if program is None:
        return None
    # Nothing of the caller's environment: within a hook GIT_DIR and GIT_INDEX_FILE are those of another repository.
    # Checkouts of another user (a mounted volume) are safe to read: their Python runs already.
    options = ["--no-optional-locks", "-c", f"safe.directory={root}", "-c", "core.fsmonitor=false"]
    try:
        answer = subprocess.run(
            [program, *options, *words],
            cwd=root,
            env={"LC_ALL": "C"},
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode(errors="replace").strip() or None
