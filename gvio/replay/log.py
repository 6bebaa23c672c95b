"""What a replay keeps of itself: what it was asked, which look it has begun, and a line for each look that has ended.

A line is written when its look has ended. A replay that was killed finds in `began.json` how the store was before the
look that it was in: so a look that had published already is still told as published.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from gvio.errors import ConfigError
from gvio.files import write_bytes, write_json
from gvio.publish.look import LookOutcome
from gvio.sections import Frozen

ASKED, BEGAN, LOOKS = "asked.json", "began.json", "looks.jsonl"
_HINT = "Give another --workspace and --store, or remove both folders to begin anew."


class Asked(Frozen):
    """What makes one replay another: its inputs as digests, and where it publishes."""

    region: str
    first: str
    last: str
    pack: str
    calendar: str
    params: str
    store: str
    source: str


class Began(Frozen):
    """How the store was before a look: the pointer's release, and every release that was there."""

    number: int
    release: str | None
    releases: tuple[str, ...]


class LookLine(Frozen):
    """A look that has ended.

    Attributes:
        number: Of the look.
        day: Its as-of day (YYYY-MM-DD).
        month: The month that it is for.
        outcome: As the store's last look says it.
        reason: Why, in one line; "" where the outcome says it.
        release: What `latest.json` named afterwards; None: nothing.
        release_month: The month of that release.
        awaited: What is late, each with the day since when.
        trained: How the challenger was trained; "" where the look trained nothing.
        version: Of the challenger in the registry; None likewise.
        decision: What became of it.
        begun_again: Whether the look was cut off once.
        lost: Whether the workspace was lost before it.
    """

    number: int
    day: str
    month: str
    outcome: LookOutcome
    reason: str
    release: str | None
    release_month: str | None
    awaited: tuple[tuple[str, str], ...] = ()
    trained: str = ""
    version: int | None = None
    decision: str = ""
    begun_again: bool = False
    lost: bool = False


class ReplayLog:
    """The log in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, asked: Asked) -> bool:
        """Note what is asked; True where a replay of the same has begun here before.

        Raises:
            ConfigError: Another replay lies here.
        """
        path = self._folder / ASKED
        if not path.is_file():
            write_json(path, asked.model_dump(mode="json"))
            return False
        try:
            there = Asked.model_validate_json(path.read_bytes())
        except ValidationError:
            there = None
        if there != asked:
            raise ConfigError(f"another replay lies here{_other(there, asked)}", where=str(self._folder), hint=_HINT)
        return True

    def forget(self) -> None:
        """Take back `begin`."""
        (self._folder / ASKED).unlink(missing_ok=True)

    def lines(self) -> list[LookLine]:
        """The looks that have ended, in order; a line that was cut off has not."""
        try:
            text = (self._folder / LOOKS).read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [LookLine.model_validate_json(line) for line in text.splitlines()]

    def add(self, line: LookLine) -> None:
        """Keep one more line; the file is replaced as a whole."""
        path = self._folder / LOOKS
        before = path.read_bytes() if path.is_file() else b""
        text = json.dumps(line.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        write_bytes(path, before + f"{text}\n".encode())

    def began(self, number: int) -> Began | None:
        """How the store was before a look that was begun and never ended; None: it was not begun."""
        try:
            found = Began.model_validate_json((self._folder / BEGAN).read_bytes())
        except (FileNotFoundError, ValidationError):
            return None
        return found if found.number == number else None

    def note(self, began: Began) -> None:
        """Note how the store is before a look."""
        write_json(self._folder / BEGAN, began.model_dump(mode="json"))


def _other(there: Asked | None, asked: Asked) -> str:
    if there is None:
        return ", or what is left of one"
    mine, theirs = asked.model_dump(), there.model_dump()
    names = [name for name in mine if mine[name] != theirs[name]]
    return f", of another {' and '.join(names)}"
