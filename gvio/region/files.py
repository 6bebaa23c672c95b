"""The files of a pack. Each is read once, so that the bytes that are hashed are the bytes that are parsed, whatever
happens to the pack while a run works."""

from __future__ import annotations

import copy
import difflib
import functools
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from gvio.errors import PackError

_FOLDERS = frozenset({".gdb"})
_WITH_SIBLINGS = frozenset({".shp", ".tab", ".mif"})  # formats of several files with one stem


class PackFile:
    """One file of a pack, absent ones included: whoever needs it refuses it then (`require_present`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding: str | None = None  # what region.yaml says of it
        self.layer: str | None = None
        self.crs: str | None = None

    def described(self, encoding: str | None, layer: str | None = None, crs: str | None = None) -> PackFile:
        """The same bytes, with what `region.yaml` says of how they are to be read.

        Raises:
            PackError: It cannot be read.
        """
        _ = self.parts  # read now: the twin must have the bytes that are hashed, not its own
        twin = copy.copy(self)
        twin.encoding, twin.layer, twin.crs = encoding, layer, crs
        return twin

    @property
    def name(self) -> str:
        """Its plain name, for messages."""
        return self.path.name

    @property
    def suffix(self) -> str:
        """Its ending in lower case, with the dot."""
        return self.path.suffix.lower()

    @functools.cached_property
    def parts(self) -> Mapping[str, bytes]:
        """Its bytes by plain name, with those of its siblings in formats of several files; empty when it is absent.

        Of a folder that is one data set (.gdb) the files in it, by name in the folder.

        Raises:
            PackError: It cannot be read.
        """
        return self._read()

    @property
    def data(self) -> bytes:
        """Its own bytes.

        Raises:
            PackError: It is absent or cannot be read.
        """
        self.require_present()
        if self.name not in self.parts:
            raise self._unreadable("IsADirectoryError")
        return self.parts[self.name]

    @functools.cached_property
    def digest(self) -> str:
        """Hash (16 hex digits) of names and bytes; of an absent file another one than of an empty file.

        Raises:
            PackError: It cannot be read.
        """
        lines = (f"{name} {hashlib.sha256(data).hexdigest()}\n" for name, data in self.parts.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]

    def require_present(self) -> None:
        """Refuse an absent file, naming the nearest file name beside it.

        Raises:
            PackError: There is no such file, or it cannot be read.
        """
        if self.name in self.parts or (self.parts and self.suffix in _FOLDERS):
            return
        folder = self.path.parent
        beside = [other.name for other in folder.iterdir()] if folder.is_dir() else []
        near = difflib.get_close_matches(self.name, beside, n=1)
        found = f"; the folder has {near[0]!r}" if near else ""
        hint = "Correct the path in region.yaml or add the file."
        raise PackError(f"no such file{found}", where=str(self.path), hint=hint)

    def _read(self) -> dict[str, bytes]:
        path = self.path
        try:
            if self.suffix in _FOLDERS and path.is_dir():
                return {part.name: part.read_bytes() for part in sorted(path.iterdir()) if part.is_file()}
            return {part.name: part.read_bytes() for part in self._siblings() if part.exists()}
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL
            raise self._unreadable(type(error).__name__) from None

    def _siblings(self) -> list[Path]:
        path = self.path
        if self.suffix not in _WITH_SIBLINGS or not path.parent.is_dir():
            return [path]
        # Not by `glob`: a name may hold its special characters.
        return sorted(other for other in path.parent.iterdir() if other.name.startswith(f"{path.stem}."))

    def _unreadable(self, why: str) -> PackError:
        hint = "Make it a file that this user can read, or correct region.yaml."
        return PackError(f"cannot be read ({why})", where=str(self.path), hint=hint)


class PackFiles:
    """The files below a pack's folder, by the name that `region.yaml` gives them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._opened: dict[str, PackFile] = {}

    def __getitem__(self, name: str) -> PackFile:
        return self._opened.setdefault(name, PackFile(self._root / name))

    def digest(self, names: Iterable[str]) -> str:
        """Hash (16 hex digits) of names and contents.

        Raises:
            PackError: A file cannot be read.
        """
        lines = (f"{name} {self[name].digest}\n" for name in names)
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]
