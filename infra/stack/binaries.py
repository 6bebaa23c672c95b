"""Where the programs are that a stack starts."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from gvio.errors import ConfigError

_EXTRA = "Install what the stack needs: `pip install -e '.[stack]'`."


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
