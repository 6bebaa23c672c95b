"""Names of objects, and the hash that names their content. The same rules for a folder and for S3.

Rules are the stricter of both worlds, so that a release written to a folder can be copied to any bucket: no empty
segment, none that begins with a dot (S3 servers refuse `.` and `..`; folders keep temporary files there).
"""

from __future__ import annotations

import re
import shlex

from gvio.errors import ConfigError, StoreError
from gvio.files import sha256 as sha256  # what names an object's content

_SEGMENT = re.compile(r"^[A-Za-z0-9_=+@,()~-][A-Za-z0-9._=+@,()~ -]*$")
_USER = re.compile(r"://.*@")  # greedy: a secret may hold slashes
_LONGEST = 900  # S3 allows 1024 bytes including the prefix


def check_key(key: str, where: str) -> str:
    """Return `key` when it is a name that every store takes.

    Raises:
        StoreError: An empty, dotted or otherwise unportable segment, or longer than 900 characters.
    """
    if len(key) > _LONGEST or not all(_SEGMENT.match(part) for part in key.split("/")):
        raise StoreError(
            f"{key[:80]!r} is not a portable object key",
            where=where,
            hint="Use segments of letters, digits, '.', '_' and '-', separated by single slashes.",
        )
    return key


def check_prefix(prefix: str, where: str) -> str:
    """Return `prefix` without surrounding slashes when it is empty or a portable key.

    Raises:
        StoreError: As for `check_key`.
    """
    bare = prefix.strip("/")
    return check_key(bare, where) if bare else ""


def check_bucket(bucket: str, url: str) -> str:
    """Return `bucket` unless somebody wrote keys before it, which would stand in every message.

    Raises:
        ConfigError: The address holds a user name or password, which the message does not repeat.
    """
    if "@" in bucket or (":" in bucket and not bucket.startswith("arn:")):
        hint = "Write s3://bucket/prefix, and the keys as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        raise ConfigError("the address holds a user name or password", where=without_password(url), hint=hint)
    return bucket


def without_password(url: str) -> str:
    """The address without what stands before an `@` of its host."""
    return _USER.sub("://", url)


def digest_in(key: str) -> str:
    """The 12 hex digits of its content that the key of a grid or item ends in."""
    return key.rpartition("_")[2].partition(".")[0]


def repair_hint(url: str, key: str) -> str:
    """The command that cures a damaged object; `key` begins with the region's name. What is left to do, it says."""
    region = key.partition("/")[0]
    command = f"gvio repair --store {shlex.quote(url)} --region {shlex.quote(region)}"
    return f"Damaged or edited: run `{command}`, with --workspace DIR where the month was made, and do what it says."


def nothing_hint(url: str) -> str:
    """What to do where nothing is published."""
    command = f"gvio run --store {shlex.quote(url)}"
    return f"Check the store and the region's name, or publish: `{command}` with --region PACK."


def publish_again(url: str, month: str, as_of: str | None, first: str | None = None) -> str:
    """The command that publishes a month again, as of the day (YYYY-MM-DD) where that is known.

    `first`: also the grids from that month on, which no other release holds.
    """
    day = f" --as-of {as_of}" if as_of else ""
    months = f"--from {first} --to {month} --single-release" if first else f"--month {month}"
    command = f"gvio {'backfill' if first else 'run'} --store {shlex.quote(url)} {months}{day}"
    return f"run `{command}` with the --region, --workspace and --params that made it"
