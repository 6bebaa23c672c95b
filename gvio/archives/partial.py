"""What lies on disk of a download under way: the bytes that came, which version they are of, and their digests."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gvio.archives.version import Version, checksum_text, differs
from gvio.files import write_json

if TYPE_CHECKING:
    from gvio.archives.archive import RemoteFile

_READ = 2**20


@dataclasses.dataclass(frozen=True)
class Note:
    """Which version the partial file is of.

    Attributes:
        validator: As `gvio.archives.version.Version`.
        etag: Likewise.
        total: Likewise.
        listed_size: As the archive listed the file when the download began.
        listed_checksum: Likewise.
        sha256: Of the whole file; set when it is complete and verified.
    """

    validator: str | None = None
    etag: str | None = None
    total: int | None = None
    listed_size: int | None = None
    listed_checksum: str | None = None
    sha256: str | None = None

    @property
    def version(self) -> Version:
        """Of the answer that the bytes came with."""
        return Version(self.validator, self.etag, self.total)

    def is_of(self, remote: RemoteFile) -> bool:
        """Whether nothing that is known says that the file is another version by now."""
        return not differs(remote, self.etag, self.listed_size, self.listed_checksum)


def partial_path(into: Path, name: str) -> Path:
    """Where the bytes of a file gather; hidden, so that no reader takes it for a product file."""
    return into / f".{name}.partial"


def note_path(into: Path, name: str) -> Path:
    """Where the note of a download lies."""
    return into / f".{name}.download.json"


def read_note(into: Path, name: str) -> Note | None:
    """The note of a download; None where there is none or it is damaged: then the file starts over."""
    try:
        return Note(**json.loads(note_path(into, name).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def write_note(into: Path, name: str, note: Note) -> None:
    """Keep the note; it appears whole or not at all."""
    write_json(note_path(into, name), dataclasses.asdict(note))


def resume_point(into: Path, remote: RemoteFile, note: Note | None) -> int:
    """Bytes that are there and can be continued; 0 after removing what cannot.

    The reader decides whether parts may be joined at all (`gvio.archives.ranges.Kept`).
    """
    path = partial_path(into, remote.name)
    have = path.stat().st_size if path.is_file() else 0
    if note is None or not note.is_of(remote) or have > (note.total or have):
        discard(into, remote.name)
        return 0
    return have


def discard(into: Path, name: str) -> None:
    """Remove what came of a file: the next download starts over."""
    partial_path(into, name).unlink(missing_ok=True)
    note_path(into, name).unlink(missing_ok=True)


def settle(into: Path, name: str) -> None:
    """Remove the note of a file that is whole and recorded."""
    note_path(into, name).unlink(missing_ok=True)


def sha256_if_there(into: Path, remote: RemoteFile) -> str | None:
    """SHA-256 of the file under its final name, if note or checksum tell that it is this version; else None."""
    path, note = into / remote.name, read_note(into, remote.name)
    noted = note.sha256 if note is not None and note.is_of(remote) else None
    if not path.is_file() or (noted is None and remote.checksum is None):
        return None
    digests = Digests(remote)
    digests.catch_up(path, path.stat().st_size)
    return digests.sha256 if digests.sha256 == noted or digests.agrees is True else None


class Digests:
    """SHA-256 of a file that grows, and the digest its provider publishes; `hashed` bytes so far."""

    def __init__(self, remote: RemoteFile) -> None:
        self._remote = remote
        self._start()

    def _start(self) -> None:
        self.hashed = 0
        algorithm: Literal["md5", "sha256"] | None = self._remote.checksum.algorithm if self._remote.checksum else None
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if algorithm == "md5" else None

    def add(self, data: bytes) -> None:
        """Bytes that follow those hashed so far."""
        self._sha256.update(data)
        if self._md5 is not None:
            self._md5.update(data)
        self.hashed += len(data)

    def catch_up(self, path: Path, size: int) -> None:
        """Hash from disk what lies there beyond `hashed`; from the beginning when less lies there."""
        if self.hashed > size or size == 0:
            self._start()
        if self.hashed == size:
            return
        with path.open("rb") as stream:
            stream.seek(self.hashed)
            while data := stream.read(_READ):
                self.add(data)

    @property
    def sha256(self) -> str:
        """Of what was hashed so far."""
        return self._sha256.hexdigest()

    @property
    def agrees(self) -> bool | None:
        """Whether the provider's digest is met; None where it publishes none."""
        listed = checksum_text(self._remote)
        found = f"sha256:{self.sha256}" if self._md5 is None else f"md5:{self._md5.hexdigest()}"
        return None if listed is None else listed == found
