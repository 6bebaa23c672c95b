"""`backup.json`: what a backup holds, with the digest of every file. Written last: a folder without it is no backup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from gvio.errors import ConfigError, StoreError
from gvio.files import write_json
from gvio.sections import Frozen

MANIFEST = "backup.json"
SCHEMA_VERSION = 1
STORE, ARTIFACTS, DATABASES = "store", "artifacts", "databases"


class KeptFile(Frozen):
    """A file of a backup."""

    path: str = Field(description="relative to the backup's folder")
    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class KeptDatabase(Frozen):
    """A database as one file: a copy of an SQLite file, or an archive of pg_dump.

    `content` is the SHA-256 of the rows in a PostgreSQL archive; None for SQLite, whose file is its content.
    """

    name: str
    kind: Literal["sqlite", "postgresql"]
    source: str = Field(description="where it was, without a password")
    file: KeptFile
    content: str | None = None


class Backup(Frozen):
    """The document."""

    schema_version: int = SCHEMA_VERSION
    created: str = Field(description="ISO 8601, UTC")
    code: str = Field(description="version of gvio that made it")
    store_source: str
    store: tuple[KeptFile, ...]
    findings: tuple[str, ...] = Field((), description="what was damaged in the store when it was copied, a line each")
    artifacts_source: str | None = None
    artifacts: tuple[KeptFile, ...] = ()
    databases: tuple[KeptDatabase, ...] = ()

    @property
    def files(self) -> tuple[KeptFile, ...]:
        """Every file beside the document itself."""
        return (*self.store, *self.artifacts, *(one.file for one in self.databases))


def write_backup(folder: Path, backup: Backup) -> None:
    """Write the document into the backup's folder."""
    write_json(folder / MANIFEST, backup.model_dump(mode="json"))


def read_backup(folder: Path) -> Backup:
    """The document of a backup.

    Raises:
        ConfigError: The folder is no backup, or only begun.
        StoreError: The document cannot be read, or is of a newer gvio.
    """
    path = folder / MANIFEST
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        hint = "Name a folder that a backup completed."
        raise ConfigError(f"there is no {MANIFEST} in it", where=str(folder), hint=hint) from None
    except ValueError:
        raise StoreError("is no JSON", where=str(path), hint="Use another backup.") from None
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        what = f"has the schema version {version}, which this gvio does not know"
        raise StoreError(what, where=str(path), hint="Use the gvio that made it, or a newer one.")
    try:
        return Backup.model_validate(document)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))
        raise StoreError(f"its {field} cannot be read", where=str(path), hint="Use another backup.") from None
