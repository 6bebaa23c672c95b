"""What tells one version of an archive's file from another: ETag, size and checksum, as far as they are known."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Protocol


class Digest(Protocol):
    """What is read of a listed checksum."""

    @property
    def algorithm(self) -> str:
        """Name that `hashlib` knows."""
        ...

    @property
    def value(self) -> str:
        """Hexadecimal."""
        ...


class Listed(Protocol):
    """What is read of a file as its archive lists it (`gvio.archives.archive.RemoteFile`)."""

    @property
    def name(self) -> str:
        """Official name."""
        ...

    @property
    def url(self) -> str:
        """Where it lies."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes, if listed."""
        ...

    @property
    def checksum(self) -> Digest | None:
        """The provider's digest, if published."""
        ...

    @property
    def etag(self) -> str | None:
        """Version, if listed."""
        ...


@dataclasses.dataclass(frozen=True)
class Version:
    """Which version of a file an HTTP answer is of.

    Attributes:
        validator: What `If-Range` takes: a strong ETag with its quotation marks, else the Last-Modified date.
        etag: As the answer gave it.
        total: Bytes of the whole file, if the server said so.
    """

    validator: str | None = None
    etag: str | None = None
    total: int | None = None

    def may_be(self, other: Version) -> bool:
        """Whether nothing that both sides know says that they are two versions."""
        known = ((self.etag, other.etag), (self.total, other.total))
        return not any(a is not None and b is not None and a != b for a, b in known)


def differs(item: Listed, etag: str | None, size: int | None, checksum: str | None) -> bool:
    """Whether a listed file is another version than the one described; only what both sides know is compared.

    Args:
        item: As listed now.
        etag: Of the other version.
        size: Bytes that were listed for it.
        checksum: That was listed for it, as `checksum_text` writes it.
    """
    known = [(bare_etag(item.etag), bare_etag(etag)), (item.size, size)]
    now = checksum_text(item)
    if now is not None and checksum is not None and now.partition(":")[0] == checksum.partition(":")[0]:
        known.append((now, checksum))
    return any(a is not None and b is not None and a != b for a, b in known)


def checksum_text(item: Listed) -> str | None:
    """A listed checksum as "md5:…" or "sha256:…"."""
    return None if item.checksum is None else f"{item.checksum.algorithm}:{item.checksum.value.lower()}"


def vintage_tag(item: Listed) -> str:
    """Eight letters that name the version of a listed file."""
    version = bare_etag(item.etag) or checksum_text(item) or str(item.size)
    return hashlib.sha256(version.encode()).hexdigest()[:8]


def bare_etag(etag: str | None) -> str | None:
    """An ETag without the mark of a weak one and without quotation marks; None for an empty one."""
    return None if etag is None else etag.strip().removeprefix("W/").strip('"') or None
