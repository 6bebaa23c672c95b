"""Many files from one archive: side by side, each recorded as soon as it is whole, failures apart from each other."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

from gvio.archives.archive import RemoteFile
from gvio.archives.manifest import VINTAGES, Manifest, RawFile, is_new, read_manifest, records_of
from gvio.archives.partial import settle
from gvio.archives.recording import Recorder
from gvio.archives.version import vintage_tag
from gvio.errors import ConfigError, GvioError, ProductError, RunHeld, StoreError, UpstreamUnavailable
from gvio.files import held
from gvio.types import Progress

FetchOne = Callable[[RemoteFile, Path, threading.Event], RawFile | Sequence[RawFile]]
"""A listed file, the folder to put it into and a wish to stop → records, with paths relative to that folder."""

_THREADS = 4  # connections that one archive sees at a time
_LOCK = ".fetch.lock"
_SEVERITY: tuple[type[GvioError], ...] = (ConfigError, StoreError, ProductError, UpstreamUnavailable, GvioError)


class _Place(NamedTuple):
    """Where a listed file belongs: a folder, and records that make fetching it needless."""

    folder: Path
    there: tuple[RawFile, ...]


def fetch_all(
    files: Sequence[RemoteFile],
    fetch_one: FetchOne,
    into: Path,
    *,
    archive: str = "the archive",
    threads: int = _THREADS,
    progress: Progress | None = None,
    lock_seconds: float = 60.0,
) -> list[RawFile]:
    """Bring files into a raw folder; what the manifest says is there, and is, costs no request.

    A file that another version of is recorded goes to `vintages/<version>/`, and the older record is superseded;
    nothing that was fetched is overwritten. A name that is listed twice is fetched once, as it is listed first. A file
    that fails does not stop the others, but for a wrong configuration or a full disk, which all would meet.
    Interrupting (Ctrl-C) stops at the next read; partial files are continued by the next call.

    Args:
        files: As the archive lists them.
        fetch_one: Brings one file, mostly by `gvio.archives.download.download`; called from several threads.
        into: The raw folder; made when absent.
        archive: What messages and the progress bar call the archive.
        threads: Files at a time.
        progress: Told of every file that is there.
        lock_seconds: How long to wait for another process that fetches into the same folder.

    Returns:
        The records of all files, in their order, each once.

    Raises:
        GvioError: The most severe error of any file (configuration, store, product, upstream), after all are through.
        RunHeld: Another process fetches into the folder.
        InputRefused: The manifest is damaged.
    """
    names = [file.name for file in files]  # of two alike, two threads would write one partial file
    files = [file for number, file in enumerate(files) if names.index(file.name) == number]
    with held(into / _LOCK, lambda: _taken(into, archive), lock_seconds):
        manifest = read_manifest(into)
        places = [_place(file, manifest, into) for file in files]
        results = {number: place.there for number, place in enumerate(places) if place.there}
        label, stop, recorder = f"fetching from {archive}", threading.Event(), Recorder(into)
        missing = [number for number in range(len(files)) if number not in results]

        def bring(number: int) -> None:
            results[number] = _bring(files[number], places[number].folder, fetch_one, into, stop, recorder)

        def tell(brought: int) -> None:
            if progress is not None and missing:
                progress(label, len(files) - len(missing) + brought, len(files))

        _side_by_side(bring, missing, threads, stop, tell)
    return [file for number in range(len(files)) for file in results[number]]


def _place(file: RemoteFile, manifest: Manifest, into: Path) -> _Place:
    """Beside the others; its own vintage when another version is recorded; where it was when it was lost."""
    records = tuple(records_of(file, manifest))
    if not records:
        return _Place(into, ())
    if is_new(file, manifest):
        return _Place(into / VINTAGES / vintage_tag(file), ())
    whole = all(_has_size(into / found.path, found.size) for found in records)
    return _Place((into / records[0].path).parent, records if whole else ())


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _bring(
    file: RemoteFile, folder: Path, fetch_one: FetchOne, into: Path, stop: threading.Event, recorder: Recorder
) -> tuple[RawFile, ...]:
    if stop.is_set():
        raise UpstreamUnavailable("was not asked for: the download was stopped", where=file.name, hint="Run again.")
    found = fetch_one(file, folder, stop)
    prefix = folder.relative_to(into)
    brought = [found] if isinstance(found, RawFile) else found
    records = tuple(dataclasses.replace(one, path=(prefix / one.path).as_posix()) for one in brought)
    recorder.add(*records)
    settle(folder, file.name)
    return records


def _side_by_side(
    bring: Callable[[int], None],
    numbers: Sequence[int],
    threads: int,
    stop: threading.Event,
    tell: Callable[[int], None],
) -> None:
    """Run all; raise the most severe error at the end, a wrong configuration as soon as it is met."""
    errors: list[GvioError] = []
    brought = 0
    pool = ThreadPoolExecutor(max(1, threads), thread_name_prefix="fetch")
    try:
        tell(brought)
        futures = [pool.submit(bring, number) for number in numbers]
        for future in as_completed(futures):
            error = _outcome(future)
            if error is None:
                brought += 1
                tell(brought)
            else:
                errors.append(error)
            if isinstance(error, ConfigError | StoreError):
                break
    finally:  # also when interrupted: whoever waits for the network learns it at the next read
        if errors or any(not future.done() for future in futures):
            stop.set()
        pool.shutdown(cancel_futures=True)
    if errors:
        raise min(errors, key=_severity)


def _outcome(future: Future[None]) -> GvioError | None:
    try:
        future.result()
    except GvioError as error:
        return error
    return None


def _severity(error: GvioError) -> int:
    return next(rank for rank, kind in enumerate(_SEVERITY) if isinstance(error, kind))


def _taken(into: Path, archive: str) -> RunHeld:
    hint = "Wait for it to end, or use another --workspace."
    return RunHeld(f"another run is fetching from {archive}", where=str(into), hint=hint)
