"""The files of one region's work: of every stage the newest artifact, found again by what made it.

An artifact is a head, `<stage>.json`, and files beside it. The head is written last and holds the digest of every
file, so a killed or edited artifact is never taken for a whole one: it is made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from gvio.errors import SAME_OPTIONS, ConfigError, InputRefused
from gvio.files import sha256, write_bytes, write_json
from gvio.run.made import Head, Made

H = TypeVar("H", bound=Head)


class Workspace:
    """A folder of artifacts; made by the first write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: set[str] = set()  # stages that worked in this run; the others found their artifact
        self._only: frozenset[str] | None = None

    def only(self, stages: Iterable[str]) -> None:
        """Let these stages alone work; the others must find their artifact."""
        self._only = frozenset(stages)

    def may_work(self, stage: str) -> bool:
        """Whether a stage may make its artifact in this run."""
        return self._only is None or stage in self._only

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            ConfigError: It cannot be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            hint = "Choose another --workspace."
            what = f"cannot be created ({type(error).__name__})"
            raise ConfigError(what, where=str(self.folder), hint=hint) from None

    def find(self, kind: type[H], stage: str, made: Made) -> H | None:
        """The stage's head when it was made of exactly this and its files are there; None otherwise.

        Raises:
            InputRefused: There is none, and the stage may not work in this run (see `only`).
        """
        head = self._head(kind, stage)
        if head is not None and head.made == made and self._has_files(head):
            return head
        if not self.may_work(stage):
            what = (
                f"what `gvio {stage}` left there is not of this run's inputs" if head else f"`gvio {stage}` has not run"
            )
            hint = f"Run `gvio {stage}` {SAME_OPTIONS}, then this command again."
            raise InputRefused(what, where=str(self.folder), hint=hint)
        return None

    def newest(self, kind: type[H], stage: str) -> H:
        """The stage's head, whatever it was made of.

        Raises:
            InputRefused: The stage has not run here, or its files are absent.
        """
        head = self._head(kind, stage)
        if head is None or not self._has_files(head):
            hint = f"Run `gvio {stage}` {SAME_OPTIONS}, then this command again."
            raise InputRefused(f"`gvio {stage}` has not run", where=str(self.folder), hint=hint)
        return head

    def data(self, head: Head, name: str) -> bytes:
        """A file of an artifact.

        Raises:
            InputRefused: Absent, or not the bytes that were written.
        """
        stage = head.made.stage
        try:
            data = (self.folder / name).read_bytes()
        except OSError as error:
            raise self._damaged(stage, name, f"cannot be read ({type(error).__name__})") from None
        if sha256(data) != head.files[name]:
            raise self._damaged(stage, name, "is not what the stage wrote")
        return data

    def keep(self, head: H, files: Mapping[str, bytes]) -> H:
        """Write an artifact: its files, what the head already names among them, then the head. Returns the head."""
        for name, data in files.items():
            write_bytes(self.folder / name, data)
        self.written.add(head.made.stage)
        whole = head.model_copy(update={"files": {name: sha256(data) for name, data in files.items()}})
        write_json(self.folder / f"{head.made.stage}.json", whole.model_dump(mode="json"))
        return whole

    def last(self, kind: type[H], stage: str) -> H | None:
        """The stage's head, whatever it was made of; None where there is none or a file of it is absent."""
        head = self._head(kind, stage)
        return head if head is not None and self._has_files(head) else None

    def renew(self, head: H) -> H:
        """Write a head whose files are those that lie there already. Returns it."""
        self.written.add(head.made.stage)
        write_json(self.folder / f"{head.made.stage}.json", head.model_dump(mode="json"))
        return head

    def forget(self, stage: str) -> None:
        """Remove a stage's head, so that nothing half rewritten is taken for it."""
        (self.folder / f"{stage}.json").unlink(missing_ok=True)

    def _head(self, kind: type[H], stage: str) -> H | None:
        try:
            return kind.model_validate(json.loads((self.folder / f"{stage}.json").read_text()))
        except (OSError, ValueError, ValidationError):
            return None

    def _has_files(self, head: Head) -> bool:
        return all((self.folder / name).is_file() for name in head.files)

    def _damaged(self, stage: str, name: str, what: str) -> InputRefused:
        self.forget(stage)  # so that the next run makes it anew instead of finding it again
        hint = "Run this command again: it makes the file anew."
        if not self.may_work(stage):
            hint = f"Run `gvio {stage}` {SAME_OPTIONS}, then this command again."
        return InputRefused(f"{name} {what}", where=str(self.folder), hint=hint)
