"""What happens to a task in a worker: it never raises, so that no word of another library comes back."""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gvio.cluster.travel import pack_whole, unpack
from gvio.errors import GvioError, StoreError, TaskFailed

DEFECT = "This is a defect of gvio; the same command with `--workers 1` does without, or tells more of it to report."
_ROOT = Path(__file__).parents[1]


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why a task has no result."""

    error: GvioError


def carry(data: bytes, arrays: Mapping[str, np.ndarray[Any, np.dtype[Any]]]) -> bytes:
    """Do a task, and give the bytes of its result, or of a `Failure`.

    Args:
        data: What is to be done first, and the task, as `gvio.cluster.travel` packs them.
        arrays: Those that were left out.
    """
    try:
        return pack_whole(_done(*unpack(data, arrays)))
    except Exception as error:  # whatever it is, the run must say which task it was
        return pack_whole(Failure(_told(error)))


def _done(before: Callable[[], None], task: Callable[[], object]) -> object:
    before()
    return task()


def _told(error: Exception) -> GvioError:
    if isinstance(error, GvioError):
        return error
    if isinstance(error, OSError):  # a disk that is full, a folder of somebody else
        where = str(error.filename or "a file of the worker")
        return StoreError(error.strerror or type(error).__name__, where=where, hint="Check its rights and free space.")
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return TaskFailed(what, where=_place(error), hint=DEFECT)


def _place(error: Exception) -> str:
    """The line of ours that was at work."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(_ROOT)]
    last = frames[-1]
    return f"{Path(last.filename).relative_to(_ROOT.parent)} line {last.lineno}"
