"""Answers on disk: what is made of the same is worked out once.

An entry is named by the digest of all that the answer was made from, and of the source and libraries that give it. So
it is right or it is not found; it is never a pickle.
"""

from __future__ import annotations

import dataclasses
import os
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from gvio.content import content_digest
from gvio.files import write_bytes
from gvio.source import code_digest

T = TypeVar("T")
DAY_S = 86_400.0


def unused(entries: Iterable[Path], most: int, days: float, now_s: float) -> list[Path]:
    """Entries that nobody asked for in `days`, and the longest unused beyond the `most` last used ones."""
    newest_first = sorted(entries, key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
    return [p for i, p in enumerate(newest_first) if i >= most or now_s - p.stat().st_mtime > days * DAY_S]


@dataclasses.dataclass(frozen=True)
class Form(Generic[T]):
    """How an answer is written, and read; and the modules whose source gives it, with all that they reach."""

    encode: Callable[[T], bytes]
    decode: Callable[[bytes], T]
    code: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class KeptAnswers:
    """Answers that are worked out once.

    Attributes:
        folder: Where; made when the first one is kept. None: nothing is kept.
        most: Entries that a sweep leaves, the last used ones.
        unused_days: Days after which an entry that nobody asked for is swept.
    """

    folder: Path | None = None
    most: int = 120  # below a megabyte each; a monthly run asks for about forty
    unused_days: float = 366.0

    def __call__(self, known: object, what: str, form: Form[T], make: Callable[[], T]) -> T:
        """The answer that `make` gives.

        Args:
            known: All that it is made from: values that have a `content_digest`.
            what: Which answer about it.
            form: How it is kept.
            make: Works it out, from nothing but `known`.
        """
        if self.folder is None:
            return make()
        path = self.folder / content_digest(known, what, code_digest(*form.code))
        try:
            found = form.decode(path.read_bytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):  # absent or damaged: made anew
            found = make()
            write_bytes(path, form.encode(found))
        else:
            os.utime(path)  # the day of use, for the sweep
        return found

    def sweep(self, now_s: float | None = None) -> int:
        """Delete what nobody asked for in `unused_days`, and the longest unused beyond `most` entries.

        Args:
            now_s: Seconds since 1970; the clock's when None.

        Returns:
            How many entries went.
        """
        now = time.time() if now_s is None else now_s
        entries = [] if self.folder is None else [p for p in self.folder.glob("*") if p.is_file()]
        old = unused(entries, self.most, self.unused_days, now)
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


NOTHING_KEPT = KeptAnswers()
"""Everything is worked out."""
