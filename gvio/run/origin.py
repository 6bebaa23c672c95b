"""Where a region pack lies: a folder is read as it is, an `s3://` prefix is first repeated in the workspace."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gvio.errors import ConfigError
from gvio.types import Progress

_S3 = "s3://"


def is_remote(location: str) -> bool:
    """Whether a pack or a source must be fetched before it can be read."""
    return location.startswith(_S3)


def pack_folder(pack: str, workspace: Path, endpoint_url: str | None, progress: Progress | None = None) -> Path:
    """The folder of a region pack; one under `s3://` is brought up to date in `<workspace>/.packs/`.

    Raises:
        ConfigError: An address of another kind.
        PackError: Nothing lies under the prefix.
        StoreError: S3 cannot be read.
        UpstreamUnavailable: S3 does not answer.
        RunHeld: Another run is fetching the pack.
    """
    location = pack.removeprefix("file://")
    if "://" not in location:
        return Path(location)
    if not is_remote(location):
        hint = "Give a folder or s3://bucket/prefix."
        raise ConfigError(f"a region pack cannot be read from {pack!r}", where="--region", hint=hint)
    from gvio.store.mirror import mirror_prefix  # boto3 costs 0.2 s: only for those who use it

    url = location.rstrip("/")
    name = hashlib.sha256(f"{endpoint_url or ''} {url}".encode()).hexdigest()[:16]
    folder = workspace / ".packs" / name
    mirror_prefix(url, folder, endpoint_url, progress)
    return folder
