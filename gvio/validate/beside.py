"""Great Expectations in a process beside the run's own: it takes three seconds to load, which a second core has.

`begin` starts the process, `check_beside` gives it the tables, and whoever asks for the answer waits. Where there is
no such process, or it came to harm, the tables are checked here: the results are the same.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from gvio.types import CheckResult
from gvio.validate.frames import Table

Answer = Callable[[], list[CheckResult]]
_waiting: list[subprocess.Popen[bytes]] = []


def begin() -> None:
    """Load Great Expectations beside, unless it is loaded here or a single core would do both."""
    if _waiting or "great_expectations" in sys.modules or (os.cpu_count() or 1) < 2:
        return
    code = f"import sys; sys.path[:] = {sys.path!r}; from gvio.validate.beside import serve; serve()"  # this very code
    command, pipe = [sys.executable, "-c", code], subprocess.PIPE
    with contextlib.suppress(OSError):  # no process to be had: then here
        _waiting.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL))


def end() -> None:
    """Let go of a process that nobody gave anything to check."""
    while _waiting:
        child = _waiting.pop()
        child.kill()
        child.communicate()


def check_beside(tables: Sequence[Table], folder: Path, invented: bool, *, documented: bool) -> Answer:
    """Begin to check; arguments as of `gvio.validate.tables.check_tables`.

    Returns:
        Gives the results, once they are there; raises what `check_tables` raises.
    """
    given = (list(tables), folder, invented, documented)
    child = _waiting.pop() if _waiting else None
    if child is None or child.stdin is None:
        return lambda: _checked(*given)
    with contextlib.suppress(OSError):  # it ended; seen when its answer is read
        pickle.dump(given, child.stdin)
        child.stdin.flush()

    def answer() -> list[CheckResult]:
        found, _ = child.communicate()
        # whatever befell it: checked here, the same data give the results, or the error in its own words
        return pickle.loads(found) if child.returncode == 0 else _checked(*given)

    return answer


def _checked(tables: Sequence[Table], folder: Path, invented: bool, documented: bool) -> list[CheckResult]:
    from gvio.validate.tables import check_tables  # the seconds

    return check_tables(tables, folder, invented, documented=documented)


def serve() -> None:
    """Load, wait for one request on standard input, and answer it on what was standard output."""
    import gvio.validate.tables  # noqa: F401

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    given = pickle.load(sys.stdin.buffer)
    with answers:
        pickle.dump(_checked(*given), answers)
