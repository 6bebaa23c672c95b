"""A folder that repeats what lies under an S3 prefix: packs and product files are read from folders only.

The folder is exact: what is no longer upstream is removed, and a folder that holds other people's files is refused.
Files appear whole, under their final name, or not at all. Names that begin with a dot are no input and are left out.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gvio.errors import ConfigError, PackError, RunHeld, StoreError
from gvio.files import held, replacing, write_json
from gvio.store.keys import check_bucket, without_password
from gvio.store.s3_client import s3_client
from gvio.store.s3_errors import reading
from gvio.types import Progress

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

RECORD = ".mirror.json"  # which version of every file is there
_GIVEN = "the pack's or the light's address"
_THREADS = 8
_CHUNK = 2**20


@dataclasses.dataclass(frozen=True)
class MirrorReport:
    """What a mirror found and did; names are relative to the prefix and to the folder, sorted.

    Attributes:
        url: The prefix.
        listed: How many objects lie under it.
        files: Those that were wanted; all of them are in the folder now.
        fetched: Those that were absent or had changed.
        removed: Files that were in the folder and no longer belong there.
    """

    url: str
    listed: int
    files: tuple[str, ...]
    fetched: tuple[str, ...]
    removed: tuple[str, ...]


class _Object(NamedTuple):
    key: str
    size: int
    etag: str


def mirror_prefix(
    url: str,
    into: Path,
    endpoint_url: str | None = None,
    progress: Progress | None = None,
    keep: Callable[[str], bool] | None = None,
    lock_seconds: float = 60.0,
) -> MirrorReport:
    """Make `into` repeat the objects under `url`; fetches only what is absent or has another size or ETag.

    Args:
        url: `s3://bucket/prefix` or `s3://bucket`.
        into: A folder of its own; made when absent.
        endpoint_url: An S3-compatible server; None leaves boto3's own resolution.
        progress: Told after each object fetched.
        keep: Whether an object is wanted, by its name relative to the prefix; None wants all.
        lock_seconds: How long to wait for another process that fetches into the same folder.

    Raises:
        ConfigError: Not an S3 address, one with keys in it, or the folder holds files that no mirror put there.
        PackError: Nothing lies under the prefix, or a key would leave the folder.
        StoreError: No or wrong credentials, no bucket, or the folder cannot be written.
        UpstreamUnavailable: The server does not answer, or an object changes meanwhile.
        RunHeld: Another process fetches into the folder.
    """
    bucket, prefix = _address(url)
    with _writing(into), _held(into, url, lock_seconds):
        origin = f"{url} {without_password(endpoint_url or '')}".strip()
        known = _read_record(into, origin, url)
        client = s3_client(endpoint_url, url)
        listed = _listing(client, bucket, prefix, url)
        wanted = {name: found for name, found in listed.items() if keep is None or keep(name)}
        etags = {name: found.etag for name, found in wanted.items() if _is_current(into / name, found, known.get(name))}
        removed = _remove_others(into, wanted)
        save = partial(_write_record, into, origin)
        save(etags)  # before the first byte: what is about to change is not known to be current
        fetched = {name: found for name, found in wanted.items() if name not in etags}
        _fetch(partial(_download, client, bucket, into), fetched, etags, save, progress)
    return MirrorReport(url, len(listed), tuple(sorted(wanted)), tuple(sorted(fetched)), removed)


def list_prefix(url: str, endpoint_url: str | None = None) -> dict[str, tuple[int, str]]:
    """Size and ETag of what lies under an S3 prefix, by name relative to it; as `mirror_prefix` would fetch it.

    Raises:
        ConfigError: Not an S3 address.
        PackError: Nothing lies under the prefix, or a key would leave a folder.
        StoreError: No or wrong credentials, or no bucket.
        UpstreamUnavailable: The server does not answer.
    """
    bucket, prefix = _address(url)
    listed = _listing(s3_client(endpoint_url, url), bucket, prefix, url)
    return {name: (found.size, found.etag.strip('"')) for name, found in sorted(listed.items())}


def _address(url: str) -> tuple[str, str]:
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket:
        raise ConfigError(f"{without_password(url)!r} names no S3 prefix", hint="Write s3://bucket/prefix.")
    check_bucket(bucket, url)
    bare = prefix.strip("/")
    return bucket, f"{bare}/" if bare else ""


def _listing(client: S3Client, bucket: str, prefix: str, url: str) -> dict[str, _Object]:
    """Objects under the prefix by relative name, without folder markers and hidden files."""
    listed: dict[str, _Object] = {}
    with reading(url, _GIVEN):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                name = item["Key"][len(prefix) :]
                if name and not name.endswith("/") and not is_hidden(name, url):
                    listed[name] = _Object(item["Key"], item["Size"], item["ETag"])
    if not listed:
        raise PackError(f"no objects under {url}", hint="Check the address, and that the upload is complete.")
    return listed


def is_hidden(name: str, url: str) -> bool:
    """Whether a part of a relative key begins with a dot.

    Raises:
        PackError: The key is no path inside a folder.
    """
    parts = name.split("/")
    if any(part in {"", ".", ".."} or "\0" in part for part in parts):
        what = f"the key {name!r} is no path inside a folder"
        raise PackError(what, where=url, hint="Rename or remove the object: nothing was fetched.")
    return any(part.startswith(".") for part in parts)


def _is_current(path: Path, found: _Object, etag: str | None) -> bool:
    return etag == found.etag and path.is_file() and path.stat().st_size == found.size


def _remove_others(into: Path, wanted: Collection[str]) -> tuple[str, ...]:
    """Remove files, links and empty folders that do not belong; a link could lead out of the folder."""
    removed = []
    for folder, folders, names in os.walk(into, topdown=False):
        for path in (Path(folder, name) for name in (*names, *folders)):
            name = path.relative_to(into).as_posix()
            if path.is_dir() and not path.is_symlink():
                if not any(path.iterdir()):
                    path.rmdir()
            elif (name not in wanted or path.is_symlink()) and name != RECORD:
                path.unlink()
                removed.append(name)
    return tuple(sorted(removed))


def _fetch(
    download: Callable[[Path, _Object], None],
    fetched: Mapping[str, _Object],
    etags: dict[str, str],
    save: Callable[[Mapping[str, str]], None],
    progress: Progress | None,
) -> None:
    """Download side by side; the record is kept up, so that a run that is killed does not start over."""
    pool = ThreadPoolExecutor(_THREADS)
    try:
        futures = {pool.submit(download, Path(name), found): name for name, found in fetched.items()}
        for done, future in enumerate(as_completed(futures), start=1):
            future.result()
            etags[futures[future]] = fetched[futures[future]].etag
            save(etags)
            if progress is not None:
                progress("fetching from S3", done, len(fetched))
    finally:
        pool.shutdown(cancel_futures=True)


def _download(client: S3Client, bucket: str, into: Path, name: Path, found: _Object) -> None:
    with replacing(into / name) as temporary:
        with reading(f"s3://{bucket}/{found.key}", _GIVEN):
            body = client.get_object(Bucket=bucket, Key=found.key, IfMatch=found.etag)["Body"]
            with temporary.open("wb") as file:
                for chunk in body.iter_chunks(_CHUNK):
                    file.write(chunk)
        if temporary.stat().st_size != found.size:
            what = f"{temporary.stat().st_size} bytes came, {found.size} were listed"
            raise StoreError(what, where=f"s3://{bucket}/{found.key}", hint="Run again; see the server's log.")


def _read_record(into: Path, origin: str, url: str) -> dict[str, str]:
    """ETags by name, empty when the folder repeated another prefix or the record is damaged."""
    record = into / RECORD
    if not record.exists():
        if into.is_dir() and any(into.iterdir()):
            hint = f"Move them away: this folder shall repeat {url}, and anything else in it would be removed."
            raise ConfigError("holds files that were not fetched from S3", where=str(into), hint=hint)
        return {}
    try:
        document = json.loads(record.read_text(encoding="utf-8"))
        return dict(document["etags"]) if document["origin"] == origin else {}
    except (ValueError, KeyError, TypeError):
        return {}


def _write_record(into: Path, origin: str, etags: Mapping[str, str]) -> None:
    write_json(into / RECORD, {"origin": origin, "etags": dict(etags)})


def _held(into: Path, url: str, seconds: float) -> contextlib.AbstractContextManager[None]:
    return held(into.with_name(f".{into.name}.lock"), lambda: _taken(into, url), seconds, partial(_unwritable, into))


def _taken(into: Path, url: str) -> RunHeld:
    hint = "Wait for it to end, or use another --workspace."
    return RunHeld(f"another run is fetching {url}", where=str(into), hint=hint)


@contextlib.contextmanager
def _writing(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(into, error) from None


def _unwritable(into: Path, error: OSError) -> StoreError:
    what = f"cannot be written ({error.strerror or type(error).__name__})"
    return StoreError(what, where=str(into), hint="Free space, or use another --workspace.")
