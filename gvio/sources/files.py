"""Product files on disk: parts of a name, whether the first bytes agree with it, and the SHA-256 of all of them."""

from __future__ import annotations

import calendar
import contextlib
import dataclasses
import datetime as dt
import errno
import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

from gvio.errors import ProductError
from gvio.types import Month, Provenance

MAGIC = {
    "GeoTIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "HDF5": (b"\x89HDF\r\n\x1a\n",),
    "gzip archive": (b"\x1f\x8b",),
}

_PACKED = {"gzip": b"\x1f\x8b", "zip": b"PK\x03\x04", "tar": b"ustar", "xz": b"\xfd7zXZ", "bzip2": b"BZh"}

DOWNLOAD_AGAIN = "Download the file again and compare its size with the provider's."


@dataclasses.dataclass(frozen=True)
class ProductFile:
    """One file of a product, as its official name describes it.

    Attributes:
        path: Where it lies.
        month: The month of the composite.
        product: vnl-monthly | vnp46a3 | light-every-night.
        satellite: npp | j01.
        collection: "v10", "001", "002".
        processing: Configuration of the composite; part of the regime.
        stamp: Production stamp; sorts by age within a collection.
        tile: The provider's tile name, e.g. "75N060E", "h30v05", "global".
        layer: What the file holds: avg_rade9h, cf_cvg, avg_rade9, n_cf, "archive" or "granule".
    """

    path: Path
    month: Month
    product: str
    satellite: str
    collection: str
    processing: str
    stamp: str
    tile: str
    layer: str

    @property
    def vintage(self) -> tuple[str, str]:
        """Sorts the productions of one month: a newer collection beats any stamp."""
        return self.collection, self.stamp


@dataclasses.dataclass(frozen=True, eq=False)
class OpenedFile:
    """A product file that is open: whatever is read of it comes through `stream`, and nothing opens its path again."""

    file: ProductFile
    stream: io.BufferedReader


# Months that a provider published as a whole although the satellite saw only a part: Suomi NPP failed on 26 July 2022.
_CUT_SHORT = {("20220701", "20220726"): Month(2022, 7)}


def month_of_period(start: str, end: str) -> Month | None:
    """The month that `YYYYMMDD`..`YYYYMMDD` covers exactly (or is known to have been cut short to), else None."""
    if (start, end) in _CUT_SHORT:
        return _CUT_SHORT[start, end]
    try:
        first, last = (dt.datetime.strptime(text, "%Y%m%d").date() for text in (start, end))  # noqa: DTZ007
    except ValueError:
        return None
    whole = first.day == 1 and last == first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return Month(first.year, first.month) if whole else None


@contextlib.contextmanager
def opened(file: ProductFile, kind: str) -> Iterator[OpenedFile]:
    """Open a product file, and refuse it when its first bytes are not of its kind, before any library parses it.

    Args:
        file: The file.
        kind: A key of `MAGIC`.

    Raises:
        ProductError: Absent, empty, an HTML page (an expired login), or something else.
    """
    try:
        stream = file.path.open("rb")
    except OSError as error:
        raise _not_opened(file, error) from error
    with stream:
        try:
            head = stream.read(4096)
        except OSError as error:
            raise _not_opened(file, error) from error
        _check_magic(head, kind, file.path.name)
        yield OpenedFile(file, stream)


def provenance_of(opened: OpenedFile) -> Provenance:
    """Provenance with the SHA-256 of the bytes, read in a stream."""
    opened.stream.seek(0)
    digest = hashlib.file_digest(opened.stream, "sha256").hexdigest()
    file = opened.file
    return Provenance(
        file=file.path.name,
        sha256=digest,
        product=file.product,
        satellite=file.satellite,
        collection=file.collection,
        processing=file.processing,
        stamp=file.stamp,
    )


def _not_opened(file: ProductFile, error: OSError) -> ProductError:
    cures = {errno.EACCES: "Make it readable for this user.", errno.ENOENT: "It was there a moment ago: run again."}
    hint = cures.get(error.errno or 0, DOWNLOAD_AGAIN)
    return ProductError(f"cannot be opened ({error.strerror})", where=file.path.name, hint=hint)


def _check_magic(head: bytes, kind: str, name: str) -> None:
    if head.startswith(MAGIC[kind]):
        return
    if not head:
        raise ProductError("is empty (0 bytes)", where=name, hint=DOWNLOAD_AGAIN)
    page = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if page.startswith((b"<!doctype html", b"<html")):
        raise ProductError(
            f"is an HTML page, probably a login page: {_title(head)!r}",
            where=name,
            hint="Log in (or renew the token) at the provider and download the file again.",
        )
    packed = next((name for name, mark in _PACKED.items() if head.startswith(mark) or head[257:262] == mark), None)
    if packed is not None:
        what = f"is packed ({packed}), not a {kind} as its name says"
        raise ProductError(what, where=name, hint="Unpack it, and keep the official names of what is in it.")
    raise ProductError(f"is not a {kind}: it starts with {head[:8]!r}", where=name, hint=DOWNLOAD_AGAIN)


def _title(head: bytes) -> str:
    match = re.search(rb"<title[^>]*>(.*?)</title>", head, re.IGNORECASE | re.DOTALL)
    text = match[1] if match else b"(no title)"
    return " ".join(text.decode("utf-8", "replace").split())[:80]
