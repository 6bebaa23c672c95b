"""PostgreSQL of a stack: where its programs are, whose it is, its cluster, and the databases of the other servers."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.backup.postgresql import find_program
from gvio.errors import ConfigError
from infra.stack.settings import Settings, write_private

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.rows import TupleRow

SUPERUSER = "gvio"
DATABASES = ("prefect", "mlflow", "mlflow_users")
_ROOT = 0
_UNPRIVILEGED = ("postgres", "nobody")


def server_user() -> str | None:
    """As whom PostgreSQL runs: it refuses to be root's. None: as whoever starts it.

    Raises:
        ConfigError: We are root, and there is no user without rights.
    """
    if os.geteuid() != _ROOT:
        return None
    for name in _UNPRIVILEGED:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    hint = "Make one (`useradd --system postgres`), or start the stack as another user."
    raise ConfigError("PostgreSQL refuses to run as root, and there is no user postgres", where="stack", hint=hint)


def make_cluster(settings: Settings) -> None:
    """Make the cluster where there is none: whole or not at all.

    Raises:
        ConfigError: `initdb` fails; its last line is told.
    """
    home, user = settings.folder / "postgres", server_user()
    if (home / "data" / "PG_VERSION").exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    _give(home, user)
    with tempfile.TemporaryDirectory(dir=home, prefix="new-") as text:
        new = Path(text)
        _give(new, user)
        word = new / "word"
        write_private(word, settings["POSTGRES_PASSWORD"] + "\n")
        _give(word, user)
        words = [
            "--auth=scram-sha-256",
            f"--pwfile={word}",
            f"--username={SUPERUSER}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        command = [find_program("initdb"), f"--pgdata={new / 'data'}", *words]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd="/", check=False, user=user, group=_group(user)
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no word"])[-1]
            hint = "Use a folder that the user postgres can reach, as /srv/gvio: make stack-up STACK=/srv/gvio."
            raise ConfigError(f"initdb failed ({said})", where=str(home), hint=hint)
        (new / "data").rename(home / "data")


def as_superuser(port: int, password: str) -> Connection[TupleRow]:
    """A connection to the cluster's own database; every statement stands for itself.

    Raises:
        psycopg.Error: The server refuses, or does not answer.
    """
    import psycopg  # a tenth of a second

    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user=SUPERUSER,
        dbname="postgres",
        password=password,
        autocommit=True,
        connect_timeout=5,
    )


def make_databases(settings: Settings) -> list[str]:
    """Roles with the passwords of the settings, and the databases that are absent; names of those that were made.

    Raises:
        psycopg.Error: The server refuses.
    """
    from psycopg import sql

    made = []
    with as_superuser(settings.port("POSTGRES_PORT"), settings["POSTGRES_PASSWORD"]) as opened:
        for role in ("prefect", "mlflow"):
            known = opened.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
            verb = sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
            password = sql.Literal(settings[f"{role.upper()}_DATABASE_PASSWORD"])
            opened.execute(sql.SQL("{} {} LOGIN PASSWORD {}").format(verb, sql.Identifier(role), password))
        for name in DATABASES:
            if opened.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                owner = sql.Identifier(name.partition("_")[0])
                opened.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), owner))
                made.append(name)
    return made


def renew_passwords(settings: Settings, users: Mapping[str, str]) -> None:
    """Let the passwords of `.env` be those of MLflow's users, also where their database comes from a backup.

    Args:
        settings: Of the stack.
        users: Password by name; users that do not exist are not made.

    Raises:
        psycopg.Error: The server refuses.
    """
    import psycopg
    from werkzeug.security import check_password_hash, generate_password_hash

    with psycopg.connect(settings.database("mlflow_users")) as opened:
        if opened.execute("SELECT to_regclass('public.users')").fetchone() == (None,):
            return  # MLflow has never started
        for name, password in users.items():
            row = opened.execute("SELECT password_hash FROM users WHERE username = %s", (name,)).fetchone()
            if row is not None and not check_password_hash(str(row[0]), password):
                new = generate_password_hash(password)
                opened.execute("UPDATE users SET password_hash = %s WHERE username = %s", (new, name))


def database_sizes(settings: Settings) -> dict[str, int]:
    """Bytes of each database on the disk.

    Raises:
        psycopg.Error: The server refuses.
    """
    with as_superuser(settings.port("POSTGRES_PORT"), settings["POSTGRES_PASSWORD"]) as opened:
        rows = opened.execute("SELECT datname, pg_database_size(datname) FROM pg_database WHERE NOT datistemplate")
        return {str(name): int(size) for name, size in rows.fetchall() if name in DATABASES}


def _give(path: Path, user: str | None) -> None:
    if user is not None:
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid
