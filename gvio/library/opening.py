"""Opening a release for reading: the latest one, that of a day of the past, or one by its id."""

from __future__ import annotations

import datetime as dt
import os

from gvio.errors import ConfigError
from gvio.library.release import Release
from gvio.store.objects import open_to_read
from gvio.store.published import read_release
from gvio.store.served import read_release_on


def open_release(
    store: str | os.PathLike[str],
    region: str,
    as_of: str | dt.date | None = None,
    *,
    release: str | None = None,
    endpoint_url: str | None = None,
    anonymous: bool = False,
) -> Release:
    """Open a published release, every table compared with its published hash.

    Args:
        store: Folder, `file://` or `s3://bucket/prefix`. A bucket that anybody may read needs no credentials.
        region: Name of the region.
        as_of: Day (YYYY-MM-DD or a date, UTC): the release that readers got at its end. None: the latest.
        release: Id of a release, in place of a day.
        endpoint_url: Of an S3-compatible server; None: AWS, or `AWS_ENDPOINT_URL`.
        anonymous: Send no credentials, though the machine has some: a bucket of another account may refuse them.

    Raises:
        ConfigError: The address, the day or both are not what they should be.
        StoreError: Nothing is published, no such release, or the store cannot be read.
        DamagedStore: An object is absent or is not what was published.
    """
    opened = open_to_read(os.fspath(store), endpoint_url, anonymous=anonymous)
    if as_of is None:
        return Release(opened, read_release(opened, region, release))
    if release is not None:
        raise ConfigError("both a day and a release are named", where="open_release", hint="Name one of them.")
    return Release(opened, read_release_on(opened, region, _day(as_of), dt.datetime.now(dt.UTC).date()))


def _day(given: str | dt.date) -> dt.date:
    if isinstance(given, dt.datetime):
        return given.date()
    try:
        return given if isinstance(given, dt.date) else dt.date.fromisoformat(given)
    except ValueError:
        raise ConfigError(f"not a day: {given!r}", where="as_of", hint="Write YYYY-MM-DD.") from None
