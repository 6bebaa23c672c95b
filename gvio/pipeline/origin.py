"""Where a run's input lies: folders are read as they are, `s3://` prefixes are first repeated in the workspace."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath

from gvio.config import RegionConfig
from gvio.errors import ConfigError, UpstreamUnavailable
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


def light_folder(
    config: RegionConfig, pack: Path, folder: Path, endpoint_url: str | None, progress: Progress | None = None
) -> Path:
    """The folder of the product files that `ntl.source` names; what lies under `s3://` is fetched into `folder/ntl`.

    Of a prefix only files with an official name of the product, of the region's first month or later, are fetched.

    Raises:
        ConfigError: The source is of a kind that cannot be read.
        PackError: Nothing lies under the prefix.
        StoreError: S3 cannot be read.
        UpstreamUnavailable: S3 does not answer, or holds no such product.
        RunHeld: Another run is fetching the files.
    """
    source = config.ntl.source
    if source == "official":
        hint = "Download the product files from their provider into a folder or under s3://, and name that there."
        raise ConfigError("ntl.source 'official' cannot be read by this version", where="region.yaml", hint=hint)
    if not is_remote(source):
        return pack / source
    from gvio.sources.products import PRODUCTS
    from gvio.store.mirror import mirror_prefix

    product = PRODUCTS[config.ntl.product]

    def is_wanted(name: str) -> bool:
        file = product.recognise(PurePosixPath(name).name)
        return file is not None and file.month >= config.start

    report = mirror_prefix(source.rstrip("/"), folder / "ntl", endpoint_url, progress, is_wanted)
    if not report.files:
        what = f"none of {report.listed} object(s) is a {config.ntl.product} product of {config.start} or later"
        hint = f"Put files there under their official names, such as {product.example}."
        raise UpstreamUnavailable(what, where=source, hint=hint)
    return folder / "ntl"
