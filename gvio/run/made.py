"""What an artifact was made from, and the key that follows: equal keys, equal artifacts."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from gvio.config import Frozen

T = TypeVar("T")


class Made(Frozen):
    """Inputs by name as digests, and the digest of the source (code and libraries) that made the artifact of them."""

    stage: str
    inputs: Mapping[str, str]
    source: str

    @functools.cached_property
    def key(self) -> str:
        """Hash (16 hex digits) of all of it."""
        text = json.dumps([self.stage, dict(self.inputs), self.source], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Head(Frozen):
    """The part of an artifact that is always read: what made it, and the digest of each of its files."""

    made: Made
    files: Mapping[str, str] = {}

    @property
    def key(self) -> str:
        """Key of the artifact."""
        return self.made.key


class Kept(Generic[T]):
    """A value that is here, or is read when it is first asked for and then kept."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = functools.cache(read)

    @classmethod
    def here(cls, value: T) -> Kept[T]:
        """A value that was just made."""
        return cls(lambda: value)

    def get(self) -> T:
        """The value.

        Raises:
            InputRefused: Its file is absent or damaged.
        """
        return self._read()
