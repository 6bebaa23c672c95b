"""Records from several threads at once: those that come while the manifest is being written are written together next.

Writing costs an fsync and grows with the number of files; one writing a file, threads queueing for the lock between
processes (which is polled), took longer than the download itself on a fast line.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path

from gvio.archives.manifest import RawFile, record


class Recorder:
    """Adds records to the manifest of one folder; may be used by several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._guard, self._writing = threading.Lock(), threading.Lock()
        self._waiting: list[tuple[tuple[RawFile, ...], Future[None]]] = []

    def add(self, *files: RawFile) -> None:
        """Return when the manifest that holds these files is on disk, all of them or none.

        Raises:
            InputRefused: The manifest that is there is damaged.
            OSError: It cannot be written; whoever shares the writing gets the same error.
        """
        mine: Future[None] = Future()
        with self._guard:
            self._waiting.append((files, mine))
        with self._writing:  # whoever held it before has either written these files, or left them in the queue
            self._write_waiting()
        mine.result()

    def _write_waiting(self) -> None:
        with self._guard:
            batch, self._waiting = self._waiting, []
        if not batch:
            return
        try:
            record(self._folder, *(file for files, _ in batch for file in files))
        except Exception as error:
            for _, waiter in batch:
                waiter.set_exception(error)
        else:
            for _, waiter in batch:
                waiter.set_result(None)
