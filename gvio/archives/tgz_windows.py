"""Windows out of a `.tgz` while it comes in: two gigabytes pass through, one megabyte stays.

At most one member lies unpacked in a temporary file, none in memory. Nothing gets its final name before the whole
archive has passed the checksums of gzip.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from gvio import raster
from gvio.archives.archive import Bounds
from gvio.archives.http_errors import starts_a_page
from gvio.archives.ranges import RangeReader
from gvio.errors import ConfigError, ProductError, StoreError

_CHUNK = 2**20
_AGAIN = "Run again; if it stays so, the archive's copy is damaged."


def keep_windows(stream: RangeReader, url: str, targets: Mapping[str, Path], bounds: Bounds) -> None:
    """Read a `.tgz` to its end and keep the windows of some of its members, as GeoTIFFs that name their source.

    Args:
        stream: The archive's bytes, from the first.
        url: Where they come from, without secrets.
        targets: Name of a member, without folder → where its window shall lie.
        bounds: West, south, east, north in WGS84 degrees.

    Raises:
        ConfigError: What comes is an HTML page.
        ProductError: Not a sound `.tgz`, a member is absent or no raster, or it does not touch the bounds.
        StoreError: The disk is full, or the folder cannot be written.
        UpstreamUnavailable: As the stream.
    """
    name = url.rpartition("/")[2]
    parts = {member: path.with_name(f".{path.name}.window") for member, path in targets.items()}
    try:
        with _understood(name), _writing(name):
            members = _unpack(stream, name, parts, bounds)
        absent = sorted(targets.keys() - members)
        if absent:
            what = f"does not hold {', '.join(absent)}; it holds {', '.join(sorted(members)) or 'nothing'}"
            raise ProductError(what, where=name, hint=_AGAIN)
        tags = {"SOURCE_URL": url, "SOURCE_SHA256": stream.sha256, "SOURCE_SIZE": str(stream.offset)}
        for member, part in parts.items():
            raster.copy_window(part, targets[member], bounds, tags)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _unpack(stream: RangeReader, name: str, parts: Mapping[str, Path], bounds: Bounds) -> set[str]:
    """Write the windows of the wanted members; all names that were seen. Both checksums of gzip are verified."""
    seen = set()
    source = io.BufferedReader(stream, _CHUNK)
    if starts_a_page(source.peek(512)):
        what = "is an HTML page, as archives send when a login has expired"
        raise ConfigError(what, where=name, hint="Renew the login, then run again.")
    with gzip.GzipFile(fileobj=source) as plain:
        # Not mode "r|gz": tarfile would neither verify gzip's checksum nor read to the end.
        with tarfile.open(fileobj=plain, mode="r|") as tar:
            for member in tar:
                inner = PurePosixPath(member.name).name
                seen.add(inner)
                content = tar.extractfile(member) if inner in parts else None
                if content is not None:
                    _keep(content, inner, parts[inner], bounds)
        while plain.read(_CHUNK):
            pass
    while source.read(_CHUNK):
        pass
    return seen


def _keep(content: IO[bytes], name: str, part: Path, bounds: Bounds) -> None:
    """Through a temporary file, since GDAL wants to seek; errors name the member."""
    whole = part.with_suffix(".member")
    try:
        with whole.open("wb") as file:
            shutil.copyfileobj(content, file, _CHUNK)
        raster.copy_window(whole, part, bounds)
    except ProductError as error:
        raise ProductError(error.what, where=name, hint=error.hint) from error
    finally:
        whole.unlink(missing_ok=True)


@contextlib.contextmanager
def _understood(name: str) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ProductError(f"is not a sound .tgz ({error})", where=name, hint=_AGAIN) from error


@contextlib.contextmanager
def _writing(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise
        what = f"its windows cannot be written ({error.strerror or type(error).__name__})"
        raise StoreError(what, where=name, hint="Free space, or use another --workspace.") from error
