"""Which entries of a cache on disk go: a file's time is the day of its last use."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

DAY_S = 86_400.0


def unused(entries: Iterable[Path], most: int, days: float, now_s: float) -> list[Path]:
    """Entries that nobody asked for in `days`, and the longest unused beyond the `most` last used ones."""
    newest_first = sorted(entries, key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
    return [p for i, p in enumerate(newest_first) if i >= most or now_s - p.stat().st_mtime > days * DAY_S]
