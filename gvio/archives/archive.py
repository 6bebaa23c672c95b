"""What every place that product files come from can do: say what it holds, and bring files into a folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from gvio.archives.manifest import RawFile
from gvio.types import Month, Progress

Bounds = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Checksum:
    """A digest that the provider publishes; `algorithm` is a name `hashlib` knows."""

    algorithm: Literal["md5", "sha256"]
    value: str


@dataclasses.dataclass(frozen=True)
class RemoteFile:
    """One product file as its archive lists it.

    Attributes:
        name: The official name, under which it will lie here.
        month: The month of the composite.
        url: Where it lies; never holds a secret.
        size: Bytes of what will be downloaded; None where the archive does not say.
        checksum: The provider's digest of it; None where none is published.
        etag: The version at the archive, for archives whose names carry no production stamp.
    """

    name: str
    month: Month
    url: str
    size: int | None = None
    checksum: Checksum | None = None
    etag: str | None = None


@dataclasses.dataclass(frozen=True)
class Archive:
    """A place as a table of functions; made by one maker per provider, which binds address, credentials and region.

    Attributes:
        name: What messages call it.
        list_: First and last month → files of the region in those months, sorted by month and name. An absent month is
            simply not there.
        fetch: Files and a folder → what now lies there, each whole and verified. Files that fail do not stop the
            others: the first error is raised when all are through, so that a second call finds the rest done.
    """

    name: str
    list_: Callable[[Month, Month], list[RemoteFile]]
    fetch: Callable[[Sequence[RemoteFile], Path, Progress | None], list[RawFile]]
